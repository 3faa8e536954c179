"""Checkpoints: a training state to resume or evaluate from, and the Hugging Face folder."""

import json
import os
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from llama import CONTEXT, EPSILON, SHAPES, THETA, Llama, Shape
from vocabulary import BOS_ID, EOS_ID, PAD_ID, SIZE, save_tokenizer


def save_folder(model: Llama, folder: Path) -> None:
    """Writes config.json, model.safetensors (fp16) and the tokenizer."""
    reward = model.score is not None
    shape = model.shape
    config = {
        "architectures": ["LlamaForStepReward" if reward else "LlamaForCausalLM"],
        "model_type": "llama", "hidden_size": shape.hidden, "num_hidden_layers": shape.layers,
        "intermediate_size": shape.inner, "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.heads, "head_dim": shape.head, "hidden_act": "silu",
        "rms_norm_eps": EPSILON, "rope_theta": THETA, "max_position_embeddings": CONTEXT,
        "vocab_size": SIZE, "tie_word_embeddings": not reward, "attention_bias": False,
        "mlp_bias": False, "bos_token_id": BOS_ID, "eos_token_id": EOS_ID,
        "pad_token_id": PAD_ID, "torch_dtype": "float16",
    }
    save_tokenizer(folder)
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    tensors = {name: t.half().contiguous() for name, t in _named(model).items()}
    partial = folder / "model.safetensors.partial"
    save_file(tensors, partial, metadata={"format": "pt"})
    partial.chmod(0o644)
    os.replace(partial, folder / "model.safetensors")


def load_folder(folder: Path) -> Llama:
    """The model of a folder, in fp32, set to evaluate."""
    config = json.loads((folder / "config.json").read_text())
    shape = Shape(config["hidden_size"], config["num_hidden_layers"],
                  config["intermediate_size"], config["head_dim"])
    tensors = {k: v.float() for k, v in load_file(folder / "model.safetensors").items()}
    model = Llama(shape, reward="score.weight" in tensors)
    with torch.no_grad():
        for name, view in _named(model).items():
            view.copy_(tensors[name])
    return model.eval()


def new_reward_model(name: str, policy: Llama, top: Llama | None) -> Llama:
    """A reward model whose first layers are `policy`'s; its further layers and head are `top`'s,
    or begin by passing their input on. They are there because a policy's prediction of a token is
    ready after its last layer only: to compare it with the token that came takes more."""
    model = Llama(SHAPES[name], reward=True)
    layers = policy.shape.layers
    with torch.no_grad():
        model.out[layers:] = 0
        model.down[layers:] = 0
        if top is not None:
            model.load_state_dict(top.state_dict())
        model.embedding.copy_(policy.embedding)
        for stack in ("qkv", "out", "gate_up", "down"):
            getattr(model, stack)[:layers] = getattr(policy, stack)
        # The first further layer reads what the policy's head reads.
        model.norms[: 2 * layers + 1] = policy.norms
    return model


def _named(model: Llama) -> dict[str, torch.Tensor]:
    """Views of the stacked parameters under their Hugging Face names."""
    tensors = {"model.embed_tokens.weight": model.embedding.data}
    for i in range(model.shape.layers):
        layer = f"model.layers.{i}"
        tensors[f"{layer}.input_layernorm.weight"] = model.norms.data[2 * i]
        tensors[f"{layer}.post_attention_layernorm.weight"] = model.norms.data[2 * i + 1]
        for j, kind in enumerate("qkv"):
            tensors[f"{layer}.self_attn.{kind}_proj.weight"] = model.qkv.data[i, j]
        tensors[f"{layer}.self_attn.o_proj.weight"] = model.out.data[i]
        for j, kind in enumerate(("gate", "up")):
            tensors[f"{layer}.mlp.{kind}_proj.weight"] = model.gate_up.data[i, j]
        tensors[f"{layer}.mlp.down_proj.weight"] = model.down.data[i]
    tensors["model.norm.weight"] = model.norms.data[-1]
    if model.score is not None:
        tensors["score.weight"] = model.score.data
    return tensors
