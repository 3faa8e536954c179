"""Makes GGUF files of three checkpoints of test/golden/architectures, as llama.cpp's converter lays them
out: its names, its order of query and key rows, its factors of rotary frequencies.

Run: python test/golden/make_gguf_models.py, after make_architectures.py   (gguf, torch, safetensors)
"""

import json
import math
from pathlib import Path

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Type
from safetensors.torch import load_file

GOLDEN = Path(__file__).parent
LAYER = {
    "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm", "post_attention_layernorm": "ffn_norm", "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
}
OTHER = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight",
         "lm_head.weight": "output.weight"}
MODELS = {"llama": "llama-llama3", "qwen2": "qwen2", "qwen3": "qwen3"}


def gguf_name(name: str) -> str:
    if name in OTHER:
        return OTHER[name]
    _, _, index, *rest = name.split(".")
    return f"blk.{index}.{LAYER['.'.join(rest[:-1])]}.{rest[-1]}"


def permuted(weight: np.ndarray, heads: int) -> np.ndarray:
    halves = weight.reshape(heads, 2, weight.shape[0] // heads // 2, *weight.shape[1:])
    return halves.swapaxes(1, 2).reshape(weight.shape)


def rope_factors(rope: dict, head_dim: int) -> np.ndarray:
    low = rope["original_max_position_embeddings"] / rope["low_freq_factor"]
    high = rope["original_max_position_embeddings"] / rope["high_freq_factor"]
    factors = []
    for i in range(0, head_dim, 2):
        wave = 2 * math.pi * rope["rope_theta"] ** (i / head_dim)
        smooth = (rope["original_max_position_embeddings"] / wave - rope["low_freq_factor"]) / (
            rope["high_freq_factor"] - rope["low_freq_factor"])
        middle = 1 / ((1 - smooth) / rope["factor"] + smooth)
        factors.append(1 if wave < high else rope["factor"] if wave > low else middle)
    return np.array(factors, dtype=np.float32)


def add_tokenizer(writer: gguf.GGUFWriter, size: int) -> None:
    tokenizer = json.loads((GOLDEN / "llama" / "tokenizer.json").read_text())
    vocabulary = tokenizer["model"]["vocab"]
    tokens = sorted(vocabulary, key=vocabulary.get)
    merges = ["t h", "th e", "i n"]
    tokens += [pair.replace(" ", "") for pair in merges]
    types = [3, 3] + [1] * (len(tokens) - 2) + [5] * (size - len(tokens))
    tokens += [f"[PAD{i}]" for i in range(len(tokens), size)]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges(merges)
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(1)
    writer.add_chat_template("{{ bos_token }}{% for m in messages %}{{ m['content'] }}{% endfor %}")


def main() -> None:
    for kind, source in MODELS.items():
        folder = GOLDEN / "architectures" / source
        config = json.loads((folder / "config.json").read_text())
        heads, kv_heads = config["num_attention_heads"], config["num_key_value_heads"]
        head_dim = config.get("head_dim") or config["hidden_size"] // heads
        writer = gguf.GGUFWriter(GOLDEN / "gguf" / f"{kind}.gguf", kind)
        writer.add_license("mit")
        writer.add_block_count(config["num_hidden_layers"])
        writer.add_context_length(config["max_position_embeddings"])
        writer.add_embedding_length(config["hidden_size"])
        writer.add_feed_forward_length(config["intermediate_size"])
        writer.add_head_count(heads)
        writer.add_head_count_kv(kv_heads)
        writer.add_key_length(head_dim)
        writer.add_value_length(head_dim)
        writer.add_rope_freq_base(config["rope_parameters"]["rope_theta"])
        writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
        add_tokenizer(writer, config["vocab_size"])
        if kind == "llama":
            writer.add_tensor("rope_freqs.weight", rope_factors(config["rope_parameters"], head_dim))
        for name, tensor in load_file(folder / "model.safetensors").items():
            weight = tensor.float().numpy()
            if kind == "llama" and ".q_proj." in name:
                weight = permuted(weight, heads)
            if kind == "llama" and ".k_proj." in name:
                weight = permuted(weight, kv_heads)
            if weight.ndim == 1:
                writer.add_tensor(gguf_name(name), weight)
            else:
                writer.add_tensor(gguf_name(name), gguf.quants.quantize(weight, Type.BF16), raw_dtype=Type.BF16)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()


main()
