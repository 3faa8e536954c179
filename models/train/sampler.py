"""Batched sampling with a KV cache, for evaluation and for the reward model's data."""

import torch

from llama import Llama
from vocabulary import EOS_ID, PAD_ID, decode, encode_prompt

MAX_NEW = 128
CHUNK = 64  # rows decoded together; few enough that their cache stays in the processor


@torch.inference_mode()
def sample(model: Llama, questions: list[str], temperature: float, seed: int = 0) -> list[str]:
    """One solution a question (greedy at temperature 0), without its EOS; a solution that hits
    MAX_NEW tokens is given as far as it came."""
    order = sorted(range(len(questions)), key=lambda i: len(questions[i]))
    generator = torch.Generator().manual_seed(seed)
    solutions = [""] * len(questions)
    for start in range(0, len(order), CHUNK):
        chunk = order[start : start + CHUNK]
        prompts = [encode_prompt(questions[i]) for i in chunk]
        for i, ids in zip(chunk, _sample_chunk(model, prompts, temperature, generator)):
            solutions[i] = decode(ids)
    return solutions


def _sample_chunk(model, prompts, temperature, generator):
    batch, width = len(prompts), max(map(len, prompts))
    shape = model.shape
    ids = torch.full((batch, width), PAD_ID)
    for row, prompt in enumerate(prompts):
        ids[row, : len(prompt)] = torch.tensor(prompt)
    ends = torch.tensor([len(p) for p in prompts])
    # A prompt's padding leaves rubbish in slots that the row's own new tokens then overwrite
    # before any position sees them.
    cache = torch.zeros(shape.layers, 2, batch, shape.heads, width + MAX_NEW, shape.head)
    states = model.cached(ids, torch.arange(width).expand(batch, -1), cache)
    last = states[torch.arange(batch), ends - 1]
    live, new = torch.arange(batch), [[] for _ in prompts]
    going = torch.ones(batch, dtype=torch.bool)
    for step in range(MAX_NEW):
        tokens = _choose(model.logits(last), temperature, generator)
        going &= tokens != EOS_ID
        for row, token in zip(live[going].tolist(), tokens[going].tolist()):
            new[row].append(token)
        if not going.any() or step == MAX_NEW - 1:
            break
        if going.float().mean() < 0.7:  # rows that ended ride along until they are many
            live, tokens, ends = live[going], tokens[going], ends[going]
            cache, going = cache[:, :, going], going[going]
        used = cache[..., : ends.max() + 1, :]
        last = model.cached(tokens[:, None], ends[:, None], used)[:, 0]
        ends = ends + 1
    return new


def _choose(logits, temperature, generator):
    if temperature == 0:
        return logits.argmax(-1)
    weights = (logits / temperature).softmax(-1)
    return torch.multinomial(weights, 1, generator=generator)[:, 0]
