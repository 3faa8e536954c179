"""Makes test/golden/architectures: a tiny random checkpoint of each architecture, with the logits and
the greedy tokens that Hugging Face gives for it. The tokenizer is the one of test/golden/llama.

Run: python test/golden/make_architectures.py   (torch, transformers, safetensors)
Weights are rounded to the type that they are stored in before anything is computed from them.
"""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import (LlamaConfig, LlamaForCausalLM, MistralConfig, MistralForCausalLM, Qwen2Config,
                          Qwen2ForCausalLM, Qwen3Config, Qwen3ForCausalLM)

FOLDER = Path(__file__).parent / "architectures"
PROMPT_LENGTHS = (1, 37)  # 16 slots make a page
SHAPE = dict(
    hidden_size=48, num_hidden_layers=2, intermediate_size=48, num_attention_heads=4, num_key_value_heads=2,
    head_dim=16, vocab_size=272, max_position_embeddings=256, rms_norm_eps=1e-5, bos_token_id=0,
    eos_token_id=1, attn_implementation="eager")
LLAMA3 = dict(rope_type="llama3", rope_theta=10000.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
              original_max_position_embeddings=64)
LINEAR = dict(rope_type="linear", rope_theta=10000.0, factor=4.0)
PLAIN = dict(rope_type="default", rope_theta=1e6)
CASES = {
    "llama-linear": (LlamaForCausalLM, LlamaConfig(rope_parameters=LINEAR, **SHAPE), torch.float16),
    "llama-llama3": (LlamaForCausalLM, LlamaConfig(rope_parameters=LLAMA3, tie_word_embeddings=True, **SHAPE),
                     torch.bfloat16),
    "mistral": (MistralForCausalLM, MistralConfig(sliding_window=80, rope_parameters=PLAIN, **SHAPE),
                torch.bfloat16),
    "qwen2": (Qwen2ForCausalLM, Qwen2Config(
        tie_word_embeddings=True, rope_parameters=PLAIN,
        **{k: v for k, v in SHAPE.items() if k != "head_dim"} | dict(num_attention_heads=3, num_key_value_heads=1),
    ), torch.bfloat16),
    "qwen3": (Qwen3ForCausalLM, Qwen3Config(rope_parameters=PLAIN, **SHAPE), torch.bfloat16),
}


def randomise(model: torch.nn.Module, dtype: torch.dtype) -> None:
    for name, weight in model.named_parameters():
        if name.endswith("bias"):
            weight.normal_()
        elif weight.dim() == 1:
            weight.uniform_(0.5, 1.5)
        else:
            weight.normal_(std=weight.shape[1] ** -0.5)
        weight.copy_(weight.to(dtype).float())


def save_tensors(folder: Path, model: torch.nn.Module, dtype: torch.dtype, shards: int) -> None:
    tensors = {k: v.to(dtype).contiguous() for k, v in model.state_dict().items()}
    if model.config.tie_word_embeddings:
        del tensors["lm_head.weight"]
    if shards == 1:
        save_file(tensors, folder / "model.safetensors", {"format": "pt"})
        return
    names = sorted(tensors)
    index = {}
    for shard in range(shards):
        file = f"model-{shard + 1:05}-of-{shards:05}.safetensors"
        part = {name: tensors[name] for name in names[shard::shards]}
        save_file(part, folder / file, {"format": "pt"})
        index |= {name: file for name in part}
    size = sum(v.numel() * v.element_size() for v in tensors.values())
    (folder / "model.safetensors.index.json").write_text(
        json.dumps({"metadata": {"total_size": size}, "weight_map": index}, indent=1) + "\n")


def greedy(model: torch.nn.Module, ids: list[int], length: int) -> list[int]:
    while len(ids) < length:
        ids = [*ids, int(model(torch.tensor([ids])).logits[0, -1].argmax())]
    return ids


def main() -> None:
    torch.manual_seed(11)
    for name, (kind, config, dtype) in CASES.items():
        folder = FOLDER / name
        folder.mkdir(parents=True, exist_ok=True)
        config.architectures = [kind.__name__]
        model = kind(config).eval()
        with torch.no_grad():
            randomise(model, dtype)
            golden, prompts = {}, []
            for i, length in enumerate(PROMPT_LENGTHS):
                ids = torch.randint(0, config.vocab_size, (1, length))
                prompts.append(ids[0].tolist())
                golden[f"logits.{i}"] = model(ids).logits[0].contiguous()  # [T, V]
            window = getattr(config, "sliding_window", None)
            tokens = greedy(model, prompts[1][:5], min(69, window or 69))
        config.save_pretrained(folder)
        save_tensors(folder, model, dtype, shards=2 if name == "mistral" else 1)
        save_file(golden, folder / "golden.safetensors")
        facts = {"prompts": prompts, "greedy": {"prompt": tokens[:5], "tokens": tokens[5:]}}
        (folder / "golden.json").write_text(json.dumps(facts) + "\n")


main()
