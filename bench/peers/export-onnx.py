"""SmolLM2 as transformers.js loads it: onnx/model.onnx (fp32) and onnx/model_quantized.onnx (int8).

    python3 export-onnx.py FILE.gguf FOLDER

Hugging Face dequantises the GGUF file's weights. The graph is that of published exports:
GroupQueryAttention with rotary positions, packed projections, the head on the last positions alone.
The quantised one has DynamicQuantizeMatMul, int8 weights by column, as ONNX Runtime's own quantiser
makes it.
"""
import json
import os
import sys

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from transformers import AutoModelForCausalLM

MICROSOFT = "com.microsoft"


class Graph:
    def __init__(self, is_quantized: bool) -> None:
        self.is_quantized = is_quantized
        self.nodes, self.weights = [], []

    def add(self, op: str, inputs: list, outputs: list, domain: str = "", **attributes) -> str:
        name = f"{op}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, outputs, name=name, domain=domain, **attributes))
        return outputs[0]

    def constant(self, name: str, values: np.ndarray) -> str:
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def linear(self, x: str, name: str, weight: np.ndarray) -> str:  # weight [out, in]
        matrix = weight.T
        if not self.is_quantized:
            return self.add("MatMul", [x, self.constant(f"{name}.weight", matrix)], [name])
        scale = np.maximum(np.abs(matrix).max(axis=0), 1e-8) / 127
        rounded = np.clip(np.round(matrix / scale), -127, 127).astype(np.int8)
        inputs = [x, self.constant(f"{name}.weight", rounded)]
        inputs += [self.constant(f"{name}.scale", scale.astype(np.float32))]
        return self.add("DynamicQuantizeMatMul", inputs, [name], MICROSOFT)

    def norm(self, x: str, skip: str | None, name: str, weight: np.ndarray, epsilon: float) -> tuple:
        gamma = self.constant(f"{name}.weight", weight)
        if skip is None:
            op = "SimplifiedLayerNormalization"
            return self.add(op, [x, gamma], [name], axis=-1, epsilon=epsilon, stash_type=1), x
        outputs = [name, "", "", f"{name}.sum"]
        op = "SkipSimplifiedLayerNormalization"
        self.add(op, [x, skip, gamma], outputs, MICROSOFT, epsilon=epsilon)
        return name, f"{name}.sum"


def build(model, is_quantized: bool) -> onnx.ModelProto:
    config = model.config
    graph = Graph(is_quantized)
    state = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    heads, kv_heads = config.num_attention_heads, config.num_key_value_heads
    dim = config.hidden_size // heads
    angles = np.outer(np.arange(1024), model.model.rotary_emb.inv_freq.numpy())
    cosine = graph.constant("cos_cache", np.cos(angles).astype(np.float32))
    sine = graph.constant("sin_cache", np.sin(angles).astype(np.float32))
    axis, one = (graph.constant(f"one_{i}", np.array([1], np.int64)) for i in range(2))
    total = graph.add("ReduceSum", ["attention_mask", axis], ["mask_sum"], keepdims=0)
    last = graph.add("Sub", [total, one], ["mask_last"])
    lengths = graph.add("Cast", [last], ["seqlens_k"], to=TensorProto.INT32)
    shape = graph.add("Shape", ["attention_mask"], ["mask_shape"])
    index = graph.constant("index_1", np.array(1, np.int64))
    width = graph.add("Gather", [shape, index], ["mask_width"])
    width = graph.add("Cast", [width], ["total_length"], to=TensorProto.INT32)

    table = graph.constant("embedding", state["model.embed_tokens.weight"])
    x = graph.add("Gather", [table, "input_ids"], ["embedded"])
    delta = None
    caches_in, caches_out = [], []
    for layer in range(config.num_hidden_layers):
        own, at = (lambda name: state[f"model.layers.{layer}.{name}.weight"]), f"layer{layer}"
        h, x = graph.norm(x, delta, f"{at}.norm1", own("input_layernorm"), config.rms_norm_eps)
        packed = np.concatenate([own(f"self_attn.{part}_proj") for part in "qkv"])
        qkv = graph.linear(h, f"{at}.qkv", packed)
        past = [f"past_key_values.{layer}.{kind}" for kind in ("key", "value")]
        present = [f"present.{layer}.{kind}" for kind in ("key", "value")]
        inputs = [qkv, "", "", *past, lengths, width, cosine, sine]
        attributes = {"num_heads": heads, "kv_num_heads": kv_heads, "do_rotary": 1}
        out = [f"{at}.attention", *present]
        graph.add("GroupQueryAttention", inputs, out, MICROSOFT, **attributes)
        delta = graph.linear(out[0], f"{at}.o", own("self_attn.o_proj"))
        norm2 = own("post_attention_layernorm")
        h, x = graph.norm(x, delta, f"{at}.norm2", norm2, config.rms_norm_eps)
        gate = graph.linear(h, f"{at}.gate", own("mlp.gate_proj"))
        up = graph.linear(h, f"{at}.up", own("mlp.up_proj"))
        sigmoid = graph.add("Sigmoid", [gate], [f"{at}.sigmoid"])
        silu = graph.add("Mul", [gate, sigmoid], [f"{at}.silu"])
        product = graph.add("Mul", [silu, up], [f"{at}.product"])
        delta = graph.linear(product, f"{at}.down", own("mlp.down_proj"))
        cache = ["batch_size", kv_heads, "past", dim]
        caches_in += [helper.make_tensor_value_info(name, TensorProto.FLOAT, cache) for name in past]
        cache = ["batch_size", kv_heads, "total", dim]
        caches_out += [helper.make_tensor_value_info(name, TensorProto.FLOAT, cache) for name in present]
    h, _ = graph.norm(x, delta, "norm", state["model.norm.weight"], config.rms_norm_eps)
    kept = graph.add("Neg", ["num_logits_to_keep"], ["kept_from"])
    kept = graph.add("Reshape", [kept, one], ["kept_starts"])
    end = graph.constant("kept_ends", np.array([2**31 - 1], np.int64))
    h = graph.add("Slice", [h, kept, end, axis], ["kept"])
    logits = graph.linear(h, "logits", state["model.embed_tokens.weight"])

    ids = [
        helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch_size", "length"]),
        helper.make_tensor_value_info("attention_mask", TensorProto.INT64, ["batch_size", "total"]),
        helper.make_tensor_value_info("num_logits_to_keep", TensorProto.INT64, []),
    ]
    outputs = [helper.make_tensor_value_info(logits, TensorProto.FLOAT, ["batch_size", "kept", config.vocab_size])]
    body = helper.make_graph(graph.nodes, "smollm2", ids + caches_in, outputs + caches_out, graph.weights)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid(MICROSOFT, 1)]
    return helper.make_model(body, opset_imports=opsets, ir_version=9)


def main(source: str, folder: str) -> None:
    name = os.path.basename(source)
    load = AutoModelForCausalLM.from_pretrained
    model = load(os.path.dirname(source), gguf_file=name, dtype=torch.float32).eval()
    os.makedirs(os.path.join(folder, "onnx"), exist_ok=True)
    for file, is_quantized in (("model.onnx", False), ("model_quantized.onnx", True)):
        onnx.save(build(model, is_quantized), os.path.join(folder, "onnx", file))
    with open(os.path.join(folder, "config.json"), "w") as file:
        json.dump(model.config.to_dict(), file, default=str)


main(*sys.argv[1:])
