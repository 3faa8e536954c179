"""Trains the step reward model within a wall-clock budget:
python train_prm.py NAME SECONDS FOLDER --start POLICY_FOLDER --policies FOLDER...

It begins as the `--start` policy's backbone. Each round samples fresh problems from one of the
`--policies`, adds solutions with planted mistakes, labels all with the checker and takes one pass.
One bit a step would teach too little, so a second head, thrown away in the end, learns whether each
number, operator and person is right by itself, and the backbone goes on predicting right tokens.
"""

import argparse
import json
import time
from pathlib import Path
from random import Random

import torch
import torch.nn.functional as F

from checker import split_steps
from checkpoint import load_folder, new_reward_model, save_folder
from corpus import Corpus, draw_split
from llama import SHAPES
from optimiser import Clock, Optimiser
from problem import LEVELS
from reward_data import batches, document, field_places, marker_places, planted, right_tokens
from sampler import sample

TEMPERATURES = (0.7, 1.0, 1.0, 1.3)
LANGUAGE_WEIGHT = 0.5
SAMPLED, PLANTED = 96, 512  # solutions a round; planting costs no decoding


def sampled_documents(problems, folder: Path, temperature: float, seed: int):
    solutions = sample(load_folder(folder), [p.text() for p in problems], temperature, seed)
    return [document(p, split_steps(s)) for p, s in zip(problems, solutions) if s]


@torch.inference_mode()
def step_quality(model, documents) -> dict:
    """Accuracy at margin 0 and area under the ROC curve, over all markers."""
    margins, labels = [], []
    for ids, chunk in batches(documents, 16384, Random(0)):
        rows, columns, marks = marker_places(chunk)
        margins.append(model.margin(model(ids)[rows, columns]))
        labels.append(marks)
    margins, labels = torch.cat(margins), torch.cat(labels)
    return {
        "steps": len(labels), "right": round(labels.mean().item(), 4),
        "accuracy": round(((margins > 0) == (labels > 0)).float().mean().item(), 4),
        "auc": round(area_under_curve(margins, labels > 0), 4),
    }


def area_under_curve(margins: torch.Tensor, right: torch.Tensor) -> float:
    """The chance that a right step outscores a wrong one, by ranks (ties in margin are rare
    enough in fp32 to rank arbitrarily)."""
    ranks = margins.argsort().argsort().double() + 1
    positive, negative = right.sum().item(), (~right).sum().item()
    return (ranks[right].sum().item() - positive * (positive + 1) / 2) / (positive * negative)


def losses_of(model, judge, ids, chunk) -> tuple[torch.Tensor, ...]:
    """The reward loss over markers, the judge's over fields, and the language loss."""
    states = model(ids)
    rows, columns, labels = marker_places(chunk)
    reward = F.binary_cross_entropy_with_logits(model.margin(states[rows, columns]), labels)
    rows, columns, labels = field_places(chunk)
    judged = F.linear(states[rows, columns], judge).squeeze(-1)
    field = F.binary_cross_entropy_with_logits(judged, labels)
    follows = right_tokens(ids, chunk)[:, 1:]
    language = F.cross_entropy(model.logits(states[:, :-1][follows]), ids[:, 1:][follows])
    return reward, field, language


def train(name, seconds, folder, start, policies, seed, tokens, rates) -> None:
    torch.manual_seed(seed)
    model = new_reward_model(name, load_folder(start))
    judge = torch.nn.Parameter(torch.zeros_like(model.score))
    parameters = [*model.parameters(), judge]
    optimiser, corpus, rng = Optimiser(parameters, *rates), Corpus(seed + 100), Random(seed)
    probe = [d for f in dict.fromkeys(policies)
             for d in sampled_documents(draw_split("calibration")[::4], f, 1.0, 0)]
    clock, step, seen, round_number, losses = Clock(seconds), 0, 0, 0, []
    reported = time.monotonic()
    while clock.share < 1:
        problems = [corpus.problem(rng.choice(LEVELS)) for _ in range(SAMPLED)]
        policy, temperature = policies[round_number % len(policies)], rng.choice(TEMPERATURES)
        documents = sampled_documents(problems, policy, temperature, rng.getrandbits(32))
        for _ in range(PLANTED):
            problem = corpus.problem(rng.choice(LEVELS))
            documents.append(document(problem, planted(problem, rng)))
        round_number += 1
        for ids, chunk in batches(documents, tokens, rng):
            reward, field, language = losses_of(model, judge, ids, chunk)
            (reward + field + LANGUAGE_WEIGHT * language).backward()
            optimiser.step(clock.factor(step))
            step, seen = step + 1, seen + ids.numel()
            losses.append(torch.stack((reward, field, language)).detach())
        if time.monotonic() - reported > 120 or clock.share >= 1:
            save_folder(model, folder)
            line = {"step": step, "tokens": seen, "share": round(clock.share, 3),
                    "losses": [round(x, 4) for x in torch.stack(losses).mean(0).tolist()]}
            print(json.dumps(line | step_quality(load_folder(folder), probe)), flush=True)
            reported, losses = time.monotonic(), []


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=[n for n in SHAPES if n.startswith("prm")])
    parser.add_argument("seconds", type=float)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--start", type=Path, required=True)
    parser.add_argument("--policies", type=Path, nargs="+", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--tokens", type=int, default=3072)
    parser.add_argument("--matrix-rate", type=float, default=0.01)
    parser.add_argument("--vector-rate", type=float, default=2e-3)
    a = parser.parse_args()
    torch.set_num_threads(a.threads)
    train(a.name, a.seconds, a.folder, a.start, a.policies, a.seed, a.tokens,
          (a.matrix_rate, a.vector_rate))
