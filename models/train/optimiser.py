"""Muon for the stacked matrices, AdamW for the rest, and a learning rate driven by the clock.

Muon (Jordan et al., 2024): momentum, then the update's singular values pushed towards 1 by five
Newton-Schulz iterations with the published quintic coefficients.
"""

import time

import torch
from torch import Tensor


class Optimiser:
    """Steps every parameter of a Llama; matrices are the parameters of three or more axes."""

    def __init__(self, parameters, matrix_rate: float, vector_rate: float, decay=0.01):
        parameters = list(parameters)
        self.matrices = [p for p in parameters if p.ndim >= 3]
        self.momenta = [torch.zeros_like(p) for p in self.matrices]
        self.matrix_rate, self.decay = matrix_rate, decay
        vectors = [p for p in parameters if p.ndim < 3]
        self.adam = torch.optim.AdamW(
            vectors, lr=vector_rate, betas=(0.9, 0.98), weight_decay=0.0, fused=True
        )
        self.vector_rate = vector_rate

    @torch.no_grad()
    def step(self, factor: float) -> None:
        """One update at `factor` times the peak rates; clears the gradients."""
        for group in self.adam.param_groups:
            group["lr"] = self.vector_rate * factor
        self.adam.step()
        self.adam.zero_grad(set_to_none=True)
        rate = self.matrix_rate * factor
        for matrix, momentum in zip(self.matrices, self.momenta):
            gradient = matrix.grad
            momentum.lerp_(gradient, 0.05)
            update = orthogonalise(gradient.lerp(momentum, 0.95))
            rows, columns = matrix.shape[-2:]
            matrix.mul_(1 - rate * self.decay)
            matrix.add_(update, alpha=-rate * max(1.0, rows / columns) ** 0.5)
            matrix.grad = None


def orthogonalise(stack: Tensor, iterations: int = 5) -> Tensor:
    """[..., R, C] -> the same shape, each matrix's singular values brought near 1, in bf16."""
    shape = stack.shape
    x = stack.flatten(0, -3).bfloat16()
    tall = shape[-2] > shape[-1]
    if tall:
        x = x.mT
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    a, b, c = 3.4445, -4.7750, 2.0315
    for _ in range(iterations):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return (x.mT if tall else x).float().reshape(shape)


class Clock:
    """Elapsed share of a wall-clock budget, and the rate that goes with it: a short rise, a level
    stretch, then a straight fall to zero over the last part, so that a run always ends annealed."""

    def __init__(self, seconds: float, fall: float = 0.5):
        self.start, self.seconds, self.fall = time.monotonic(), seconds, fall

    @property
    def share(self) -> float:
        return (time.monotonic() - self.start) / self.seconds

    def factor(self, step: int) -> float:
        return min(1.0, (step + 1) / 50, max(0.0, (1 - self.share) / self.fall))
