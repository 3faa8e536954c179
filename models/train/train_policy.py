"""Trains one policy within a wall-clock budget: python train_policy.py NAME SECONDS FOLDER.

Levels 1 and 2 alone for the first part of the budget, then all five; every step is about 4,096
tokens; only the solution's tokens count in the loss. Writes FOLDER every few minutes and at the
end, and one JSON line of progress a minute to standard output.
"""

import argparse
import json
import time
from pathlib import Path

import torch
import torch.nn.functional as F

from checker import check, split_steps
from checkpoint import load_folder, save_folder
from corpus import Corpus, draw_split
from llama import SHAPES, Llama
from optimiser import Clock, Optimiser
from sampler import sample

STAGES = ((0.15, (1, 2)), (0.45, (1, 2, 3)), (1.0, (1, 2, 3, 4, 5)))  # share of budget, levels


def levels_at(share: float) -> tuple[int, ...]:
    return next((levels for end, levels in STAGES if share < end), STAGES[-1][1])


def greedy_by_level(model: Llama, problems) -> list[float]:
    right = {}
    for problem, solution in zip(problems, sample(model, [p.text() for p in problems], 0.0)):
        solved = check(problem, split_steps(solution)).solved
        right.setdefault(problem.level, []).append(solved)
    return [round(sum(r) / len(r), 3) for _, r in sorted(right.items())]


def train(name: str, seconds: float, folder: Path, seed: int, tokens: int, rates: tuple) -> None:
    torch.manual_seed(seed)
    model = Llama(SHAPES[name])
    optimiser, corpus = Optimiser(model, *rates), Corpus(seed)
    probe = draw_split("calibration")[::6]  # 20 a level
    clock, step, seen, losses = Clock(seconds), 0, 0, []
    reported = saved = time.monotonic()
    while clock.share < 1:
        ids, mask = corpus.batch(levels_at(clock.share), tokens)
        states = model(ids)[:, :-1][mask[:, :-1]]
        loss = F.cross_entropy(model.logits(states), ids[:, 1:][mask[:, :-1]])
        loss.backward()
        optimiser.step(clock.factor(step))
        step, seen = step + 1, seen + ids.numel()
        losses.append(loss.detach())
        if time.monotonic() - reported > 60:
            report(step, seen, clock, losses)
            reported = time.monotonic()
            if reported - saved > 180:
                save_folder(model, folder)
                print(json.dumps({"greedy": greedy_by_level(model, probe)}), flush=True)
                saved = time.monotonic()
    report(step, seen, clock, losses or [torch.zeros(())])
    save_folder(model, folder)
    print(json.dumps({"greedy": greedy_by_level(load_folder(folder), probe)}), flush=True)


def report(step, seen, clock, losses) -> None:
    line = {"step": step, "tokens": seen, "share": round(clock.share, 3),
            "loss": round(torch.stack(losses).mean().item(), 4)}
    print(json.dumps(line), flush=True)
    losses.clear()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=[n for n in SHAPES if n.startswith("policy")])
    parser.add_argument("seconds", type=float)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--tokens", type=int, default=4096)
    parser.add_argument("--matrix-rate", type=float, default=0.02)
    parser.add_argument("--vector-rate", type=float, default=3e-3)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    train(arguments.name, arguments.seconds, arguments.folder, arguments.seed, arguments.tokens,
          (arguments.matrix_rate, arguments.vector_rate))
