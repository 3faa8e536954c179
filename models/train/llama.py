"""A compact Llama: the forward pass for training and the cached one for sampling.

Weights of all layers are stacked in one parameter a kind, so that the optimiser works on whole
stacks; checkpoint.py writes them under their Hugging Face names. Rotary embedding and RMS norm
are as in Hugging Face's LlamaForCausalLM (halves rotated, fp32 statistics).
"""

import math
from dataclasses import dataclass
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vocabulary import SIZE, number_tokens, twin_tokens

EPSILON = 1e-5
THETA = 10000.0
CONTEXT = 512


@dataclass(frozen=True)
class Shape:
    hidden: int
    layers: int
    inner: int
    head: int = 32

    @property
    def heads(self) -> int:
        return self.hidden // self.head


SHAPES = {
    "policy-0.4m": Shape(hidden=96, layers=4, inner=256),
    "policy-2m": Shape(hidden=192, layers=6, inner=384),
    "prm-3m": Shape(hidden=192, layers=8, inner=384),
}


def rotary_table(head: int) -> tuple[Tensor, Tensor]:
    """cos and sin, [CONTEXT, head]."""
    rates = THETA ** (-torch.arange(0, head, 2) / head)
    angles = torch.outer(torch.arange(CONTEXT), rates)
    angles = torch.cat((angles, angles), dim=-1)
    return angles.cos(), angles.sin()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Applies the rotary embedding to x [..., head]."""
    first, second = x.chunk(2, dim=-1)
    return x * cos + torch.cat((-second, first), dim=-1) * sin


class HalfProduct(torch.autograd.Function):
    """x @ weight.T with bf16 factors and fp32 results, forward and backward: two and a half times
    as fast on processors with bf16 dot products, and exact enough to train with."""

    @staticmethod
    def forward(context, x, weight):
        """x [..., I], weight [O, I] -> [..., O]"""
        halves = x.flatten(0, -2).bfloat16(), weight.bfloat16()
        context.save_for_backward(*halves)
        return (halves[0] @ halves[1].T).float().view(*x.shape[:-1], -1)

    @staticmethod
    def backward(context, gradient):
        x, weight = context.saved_tensors
        half = gradient.flatten(0, -2).bfloat16()
        to_x = (half @ weight).float().view(*gradient.shape[:-1], -1)
        return to_x, (half.T @ x).float()


class Llama(nn.Module):
    """A policy (tied logits) or, with `reward`, a step reward model (one logit a position)."""

    def __init__(self, shape: Shape, reward: bool = False):
        super().__init__()
        h, n, i = shape.hidden, shape.layers, shape.inner
        self.shape = shape
        self.frozen = 0  # layers that are not trained
        self.embedding = nn.Parameter(_initial_embedding(h))  # [V, H]
        self.qkv = nn.Parameter(torch.randn(n, 3, h, h) / math.sqrt(h))  # [L, 3, H, H]
        self.out = nn.Parameter(torch.randn(n, h, h) / math.sqrt(h) / math.sqrt(2 * n))
        self.gate_up = nn.Parameter(torch.randn(n, 2, i, h) / math.sqrt(h))  # [L, 2, I, H]
        self.down = nn.Parameter(torch.randn(n, h, i) / math.sqrt(i) / math.sqrt(2 * n))
        self.norms = nn.Parameter(torch.ones(2 * n + 1, h))  # attention, mlp of each layer; final
        self.score = nn.Parameter(torch.zeros(1, h)) if reward else None
        cos, sin = rotary_table(shape.head)
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)

    def forward(self, ids: Tensor) -> Tensor:
        """ids [B, T] -> final normed states [B, T, H]. Rows are padded on the right, which
        causal attention never sees from the left."""
        return self._run(ids, self._causal(ids.shape[1]))

    def tapped(self, ids: Tensor, layer: int) -> tuple[Tensor, Tensor]:
        """Like forward; also the normed states that `layer` reads."""
        taps = {layer: None}
        states = self._run(ids, self._causal(ids.shape[1]), taps)
        return states, taps[layer]

    def _causal(self, length: int):
        cos, sin = self.cos[:length], self.sin[:length]

        def attend(layer, q, k, v):
            q, k = rotate(q, cos, sin), rotate(k, cos, sin)
            return F.scaled_dot_product_attention(q, k, v, is_causal=True)

        return attend

    def cached(self, ids: Tensor, positions: Tensor, cache: Tensor) -> Tensor:
        """Like forward for new tokens at positions [B, T], reading and writing
        cache [L, 2, B, heads, slots, head]; a slot is a position."""
        slots = cache.shape[4]
        cos, sin = self.cos[positions][:, None], self.sin[positions][:, None]  # [B, 1, T, head]
        seen = torch.arange(slots) <= positions[:, None, :, None]  # [B, 1, T, slots]
        index = positions[:, None, :, None].expand(-1, self.shape.heads, -1, self.shape.head)

        def attend(layer, q, k, v):
            cache[layer, 0].scatter_(2, index, rotate(k, cos, sin))
            cache[layer, 1].scatter_(2, index, v)
            q = rotate(q, cos, sin)
            return F.scaled_dot_product_attention(q, *cache[layer], attn_mask=seen)

        return self._run(ids, attend)

    def _run(self, ids, attend, taps=None):
        stacks = (self.qkv.flatten(1, 2), self.out, self.gate_up.flatten(1, 2), self.down)
        norms = self.norms.unbind(0)
        training = torch.is_grad_enabled()
        with torch.set_grad_enabled(training and not self.frozen):
            x = F.embedding(ids, self.embedding)
        for layer, weights in enumerate(zip(*(s.unbind(0) for s in stacks))):
            with torch.set_grad_enabled(training and layer >= self.frozen):
                y = F.rms_norm(x, (self.shape.hidden,), norms[2 * layer], EPSILON)
                if taps and layer in taps:
                    taps[layer] = y
                x = self._layer(x, y, weights, norms[2 * layer + 1], partial(attend, layer))
        return F.rms_norm(x, (self.shape.hidden,), norms[-1], EPSILON)

    def _layer(self, x, y, weights, norm, attend):
        """x and its normed y [B, T, H] -> [B, T, H]"""
        qkv, out, gate_up, down = weights
        linear = HalfProduct.apply if self.training else F.linear
        y = linear(y, qkv).unflatten(-1, (3, self.shape.heads, -1)).permute(2, 0, 3, 1, 4)
        y = attend(*y.unbind(0)).transpose(1, 2).flatten(-2)
        x = x + linear(y, out)
        y = F.rms_norm(x, (self.shape.hidden,), norm, EPSILON)
        gate, up = linear(y, gate_up).chunk(2, dim=-1)
        return x + linear(F.silu(gate) * up, down)

    def logits(self, states: Tensor) -> Tensor:
        """[..., H] -> [..., V]"""
        return F.linear(states, self.embedding)

    def margin(self, states: Tensor) -> Tensor:
        """[..., H] -> [...]: the logit of "the path so far is right"."""
        return F.linear(states, self.score).squeeze(-1)


def _initial_embedding(hidden: int) -> Tensor:
    """Random rows, except that number tokens begin as waves of their value and a word's two forms
    (with and without a leading space) begin equal. Training is free to move them."""
    scale = hidden**-0.5
    table = torch.randn(SIZE, hidden) * scale
    periods = torch.tensor([2.0, 3.0, 4.0, 5.0, 7.0, 10.0, 14.0, 20.0, 50.0, 100.0, 200.0])
    mix = torch.randn(2 * len(periods), hidden) * scale / math.sqrt(len(periods))
    for token, value in number_tokens():
        angles = 2 * math.pi * value / periods
        table[token] = torch.cat((angles.cos(), angles.sin())) @ mix + 0.1 * table[token]
    for spaced, plain in twin_tokens():
        table[spaced] = table[plain] + 0.1 * table[spaced]
    return table
