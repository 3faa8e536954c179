"""Measures checkpoints on a split: python evaluate.py SPLIT --prm FOLDER --policies FOLDER...

Prints one JSON line a policy: accuracy a level and over all for greedy, any-of-8, majority@8 and
reward-model best-of-8 (by the last and by the smallest score), and the reward model's step
accuracy and area under the curve on the same samples.
"""

import argparse
import json
from collections import Counter
from pathlib import Path
from random import Random

import torch

from checker import check, split_steps
from checkpoint import load_folder
from corpus import SPLITS, draw_split
from reward_data import batches, document, marker_places
from sampler import sample
from train_prm import area_under_curve

PATHS = 8
TEMPERATURE = 0.7


@torch.inference_mode()
def score(prm, documents) -> list[list[float]]:
    """Margins of each document's markers, in the documents' order."""
    margins = {}
    for ids, chunk in batches(documents, 16384, Random(0)):
        rows, columns, _ = marker_places(chunk)
        found = prm.margin(prm(ids)[rows, columns]).tolist()
        for row, margin in zip(rows.tolist(), found):
            margins.setdefault(id(chunk[row]), []).append(margin)
    return [margins.get(id(d), []) for d in documents]


def majority(answers: list) -> object:
    """The most frequent answer; of equally frequent ones the first given."""
    counts = Counter(a for a in answers if a is not None)
    return counts.most_common(1)[0][0] if counts else None


def best(verdicts: list, values: list):
    """The path of the greatest value; one without an answer only where none has one."""
    return max(zip(verdicts, values), key=lambda pair: (pair[0].answer is not None, pair[1]))[0]


def measure(policy, prm, problems) -> dict:
    questions = [p.text() for p in problems]
    greedy = sample(policy, questions, 0.0)
    rounds = [sample(policy, questions, TEMPERATURE, seed) for seed in range(1, PATHS + 1)]
    found = {"greedy": [check(p, split_steps(s)).solved for p, s in zip(problems, greedy)]}
    steps = [[split_steps(r[i]) for r in rounds] for i in range(len(problems))]
    verdicts = [[check(p, s) for s in row] for p, row in zip(problems, steps)]
    documents = [document(p, s) for p, row in zip(problems, steps) for s in row]
    margins = score(prm, documents)
    found["any@8"] = [any(v.solved for v in row) for row in verdicts]
    found["majority@8"] = [
        majority([v.answer for v in row]) == p.answer for p, row in zip(problems, verdicts)
    ]
    for name, aggregate in (("last", lambda m: m[-1]), ("min", min)):
        values = [aggregate(m) if m else float("-inf") for m in margins]
        found[f"prm-best@8-{name}"] = [
            best(row, values[i * PATHS :]).solved for i, row in enumerate(verdicts)
        ]
    return {"accuracy": by_level(problems, found), "steps": quality(documents, margins)}


def by_level(problems, found: dict) -> dict:
    """Percentages: all, then levels 1 to 5."""
    table = {}
    for name, right in found.items():
        groups = {0: right}
        for problem, solved in zip(problems, right):
            groups.setdefault(problem.level, []).append(solved)
        table[name] = [round(100 * sum(g) / len(g), 1) for _, g in sorted(groups.items())]
    return table


def quality(documents, margins) -> dict:
    flat = torch.tensor([m for row in margins for m in row])
    right = torch.tensor([label > 0 for d in documents for label in d.labels])
    return {
        "count": len(flat), "right": round(right.float().mean().item(), 4),
        "accuracy": round(((flat > 0) == right).float().mean().item(), 4),
        "auc": round(area_under_curve(flat, right), 4),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("split", choices=SPLITS)
    parser.add_argument("--prm", type=Path, required=True)
    parser.add_argument("--policies", type=Path, nargs="+", required=True)
    parser.add_argument("--every", type=int, default=1, help="take every so manieth problem")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    reward = load_folder(arguments.prm)
    problems = draw_split(arguments.split)[:: arguments.every]
    for folder in arguments.policies:
        result = measure(load_folder(folder), reward, problems)
        line = {"policy": folder.name, "prm": arguments.prm.name, "split": arguments.split,
                "problems": len(problems)}
        print(json.dumps(line | result), flush=True)
