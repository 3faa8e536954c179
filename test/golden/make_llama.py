"""Makes test/golden/llama: a tiny random Llama checkpoint and the logits Hugging Face gives for it.

Run: python test/golden/make_llama.py   (torch, transformers, safetensors)
Grouped queries, a head size that is not hidden / heads, a hidden size with an odd factor, an untied
head and uneven norm weights, so that no mix-up of axes or of folded weights can go unseen. The
checkpoint also holds `score.weight`, the head of the same backbone as a step reward model.
"""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM

FOLDER = Path(__file__).parent / "llama"
PROMPT_LENGTHS = (1, 7, 16, 17, 45)  # 16 slots make a page


def byte_alphabet() -> list[str]:
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    spare = iter(range(256, 512))
    return [chr(value) if value in plain else chr(next(spare)) for value in range(256)]


def save_tokenizer(size: int) -> None:
    """Bytes as tokens, and two special ones."""
    specials = ["<|bos|>", "<|eos|>"]
    vocabulary = {text: i for i, text in enumerate([*specials, *byte_alphabet()])}
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
    tokenizer = {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [
            {"id": i, "content": text, "single_word": False, "lstrip": False, "rstrip": False,
             "normalized": False, "special": True} for i, text in enumerate(specials)],
        "normalizer": None, "pre_tokenizer": level, "post_processor": None, "decoder": level,
        "model": {"type": "BPE", "dropout": None, "unk_token": None,
                  "continuing_subword_prefix": None, "end_of_word_suffix": None, "fuse_unk": False,
                  "byte_fallback": False, "vocab": vocabulary, "merges": []},
    }
    config = {"bos_token": specials[0], "eos_token": specials[1], "tokenizer_class": "PreTrainedTokenizerFast",
              "chat_template": "{{ bos_token }}{% for m in messages %}{{ m['content'] }}{% endfor %}"}
    assert len(vocabulary) <= size
    for name, value in (("tokenizer.json", tokenizer), ("tokenizer_config.json", config)):
        (FOLDER / name).write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n")


def main() -> None:
    torch.manual_seed(5)
    config = LlamaConfig(
        architectures=["LlamaForCausalLM"], hidden_size=48, num_hidden_layers=2,
        intermediate_size=80, num_attention_heads=4, num_key_value_heads=2, head_dim=16,
        vocab_size=272, max_position_embeddings=256, rms_norm_eps=1e-5, rope_theta=10000.0,
        tie_word_embeddings=False, bos_token_id=0, eos_token_id=1, attn_implementation="eager",
    )
    model = LlamaForCausalLM(config).eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.dim() == 1:
                weight.uniform_(0.5, 1.5)
            else:
                weight.normal_(std=weight.shape[1] ** -0.5)
        score = torch.randn(1, config.hidden_size)
        prompts, golden = [], {}
        for i, length in enumerate(PROMPT_LENGTHS):
            ids = torch.randint(0, config.vocab_size, (1, length))
            states = model.model(ids).last_hidden_state[0]
            prompts.append(ids[0].tolist())
            golden[f"logits.{i}"] = model.lm_head(states)  # [T, V]
            golden[f"scores.{i}"] = states @ score.T  # [T, 1]
    FOLDER.mkdir(exist_ok=True)
    config.save_pretrained(FOLDER)
    save_tokenizer(config.vocab_size)
    tensors = {k: v.contiguous() for k, v in model.state_dict().items()}
    save_file({**tensors, "score.weight": score}, FOLDER / "model.safetensors", {"format": "pt"})
    save_file({k: v.contiguous() for k, v in golden.items()}, FOLDER / "golden.safetensors")
    (FOLDER / "prompts.json").write_text(json.dumps(prompts) + "\n")


main()
