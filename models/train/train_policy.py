"""Trains one policy within a wall-clock budget: python train_policy.py NAME SECONDS FOLDER.

Levels 1 and 2 alone for the first part of the budget, then 3 too, then all five (or `--mix` from
the start); only the solution's tokens count in the loss. Writes FOLDER every few minutes and at
the end, and one JSON line of progress a minute to standard output. `--until` stops early, not yet
annealed, for a later run with `--start`.
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

STAGES = ((0.15, (1, 2)), (0.45, (1, 2, 3)), (1.0, (1, 1, 2, 2, 3, 3, 3, 4, 4, 5)))
# share of the budget, levels as often as they weigh


def levels_at(share: float, stages: tuple) -> tuple[int, ...]:
    return next((levels for end, levels in stages if share < end), stages[-1][1])


def greedy_by_level(model: Llama, problems) -> list[float]:
    right, training = {}, model.training
    model.eval()
    for problem, solution in zip(problems, sample(model, [p.text() for p in problems], 0.0)):
        solved = check(problem, split_steps(solution)).solved
        right.setdefault(problem.level, []).append(solved)
    model.train(training)
    return [round(sum(r) / len(r), 3) for _, r in sorted(right.items())]


def train(arguments) -> None:
    torch.manual_seed(arguments.seed)
    name, folder, tokens = arguments.name, arguments.folder, arguments.tokens
    model = load_folder(arguments.start).train() if arguments.start else Llama(SHAPES[name])
    optimiser = Optimiser(model.parameters(), arguments.matrix_rate, arguments.vector_rate)
    corpus = Corpus(arguments.seed)
    stages = ((1.0, tuple(map(int, arguments.mix))),) if arguments.mix else STAGES
    probe = draw_split("calibration")[::6]  # 20 a level
    clock, step, seen, losses = Clock(arguments.seconds, arguments.fall), 0, 0, []
    reported = saved = time.monotonic()
    while clock.share < arguments.until:
        ids, mask = corpus.batch(levels_at(clock.share, stages), tokens)
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
    parser.add_argument("--start", type=Path, help="folder to continue from")
    parser.add_argument("--mix", help="levels, each as often as it is to weigh: 1123")
    parser.add_argument("--until", type=float, default=1.0, help="share of the budget to stop at")
    parser.add_argument("--fall", type=float, default=0.5, help="last share, over which rates fall")
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    train(chosen)
