"""Trains the step reward model within a wall-clock budget:
python train_prm.py NAME SECONDS FOLDER --backbone POLICY --policies FOLDER...

Its first layers are the `--backbone` policy's (with `--freeze` they stay so); its further ones are
new or `--top`'s. Each round samples fresh problems from one of the `--policies`, adds solutions
with planted mistakes, labels all with the checker and takes one pass. One bit a step would teach
too little, so two more heads, thrown away in the end, learn whether each number, operator and
person is right by itself and which one would be; and the backbone goes on predicting right tokens.
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
from reward_data import (
    NOTHING,
    batches,
    document,
    field_places,
    marker_places,
    planted,
    right_tokens,
)
from sampler import sample

TEMPERATURES = (0.7, 1.0, 1.0, 1.3)
MIX = (1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 4, 5)  # levels as often as they weigh
SAMPLED, PLANTED = 192, 512  # solutions a round; planting costs no decoding


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


class Judge(torch.nn.Module):
    """The heads that are thrown away: is this token right, and which would be."""

    def __init__(self, model):
        super().__init__()
        self.right = torch.nn.Parameter(torch.zeros_like(model.score))  # [1, H]
        self.expected = torch.nn.Parameter(model.embedding.detach().clone())  # [V, H]

    def losses(self, states, chunk) -> tuple[torch.Tensor, torch.Tensor]:
        rows, columns, labels, expected = field_places(chunk)
        states = states[rows, columns]
        margins = F.linear(states, self.right).squeeze(-1)
        # Where the token is right, to repeat it would do; so only the wrong ones teach.
        wrong = (labels == 0) & (expected != NOTHING)
        named = F.linear(states[wrong], self.expected)
        return (F.binary_cross_entropy_with_logits(margins, labels),
                F.cross_entropy(named, expected[wrong], reduction="sum") / (len(named) + 1))


def judge_path(folder: Path) -> Path:
    """Beside the reward model, for a later `--top`; no part of it."""
    return folder.with_name(folder.name + "-judge.pt")


def losses_of(model, judge, layer, ids, chunk) -> torch.Tensor:
    """Losses of the reward over markers, of the judge over fields (two), and of the language
    model that the first `layer` layers are."""
    states, inner = model.tapped(ids, layer)
    rows, columns, labels = marker_places(chunk)
    reward = F.binary_cross_entropy_with_logits(model.margin(states[rows, columns]), labels)
    follows = right_tokens(ids, chunk)[:, 1:]
    language = F.cross_entropy(model.logits(inner[:, :-1][follows]), ids[:, 1:][follows])
    language = language.nan_to_num()  # of a batch without one right token
    return torch.stack((reward, *judge.losses(states, chunk), language))


def train(a) -> None:
    torch.manual_seed(a.seed)
    policy, folder, policies = load_folder(a.backbone), a.folder, a.policies
    model = new_reward_model(a.name, policy, load_folder(a.top) if a.top else None)
    layer = policy.shape.layers
    model.frozen = layer if a.freeze else 0
    judge = Judge(model)
    if a.top and judge_path(a.top).exists():
        judge.load_state_dict(torch.load(judge_path(a.top)))
    parameters = [*model.parameters(), *judge.parameters()]
    optimiser = Optimiser(parameters, a.matrix_rate, a.vector_rate, decay=0.0)
    corpus, rng = Corpus(a.seed + 100), Random(a.seed)
    weights = torch.tensor((1.0, 1.0, 0.5, 0.0 if a.freeze else 0.5))
    probe = [d for f in dict.fromkeys(policies)
             for d in sampled_documents(draw_split("calibration")[::4], f, 1.0, 0)]
    clock, step, seen, round_number, losses = Clock(a.seconds, 0.6), 0, 0, 0, []
    reported = time.monotonic()
    while clock.share < 1:
        problems = [corpus.problem(rng.choice(MIX)) for _ in range(SAMPLED)]
        policy, temperature = policies[round_number % len(policies)], rng.choice(TEMPERATURES)
        documents = sampled_documents(problems, policy, temperature, rng.getrandbits(32))
        for _ in range(PLANTED):
            problem = corpus.problem(rng.choice(MIX))
            documents.append(document(problem, planted(problem, rng)))
        round_number += 1
        for ids, chunk in batches(documents, a.tokens, rng):
            found = losses_of(model, judge, layer, ids, chunk)
            (weights @ found).backward()
            optimiser.step(clock.factor(step))
            step, seen = step + 1, seen + ids.numel()
            losses.append(found.detach())
        if time.monotonic() - reported > 100 or clock.share >= 1:
            save_folder(model, folder)
            torch.save(judge.state_dict(), judge_path(folder))
            line = {"step": step, "tokens": seen, "share": round(clock.share, 3),
                    "losses": [round(x, 4) for x in torch.stack(losses).mean(0).tolist()]}
            print(json.dumps(line | step_quality(load_folder(folder), probe)), flush=True)
            reported, losses = time.monotonic(), []


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=[n for n in SHAPES if n.startswith("prm")])
    parser.add_argument("seconds", type=float)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--backbone", type=Path, required=True)
    parser.add_argument("--freeze", action="store_true", help="train the further layers alone")
    parser.add_argument("--top", type=Path, help="reward model to take the further layers from")
    parser.add_argument("--policies", type=Path, nargs="+", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--tokens", type=int, default=2048)
    parser.add_argument("--matrix-rate", type=float, default=0.01)
    parser.add_argument("--vector-rate", type=float, default=2e-3)
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    train(chosen)
