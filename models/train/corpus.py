"""Training batches: problems drawn without end, never one that an evaluation split holds.

Rows of a batch have about the same length and are padded on the right: one problem a row, so no
problem sees another one's people.
"""

import json
from pathlib import Path
from random import Random

import torch

from problem import LEVELS, Problem, draw_problem
from vocabulary import EOS_ID, PAD_ID, encode, encode_prompt

DATA = Path(__file__).resolve().parent.parent / "data"
SPLITS = {"mini-500": 20_001, "calibration": 20_002}  # name: seed
A_LEVEL = {"mini-500": 100, "calibration": 120}


def draw_split(name: str) -> list[Problem]:
    """A split's problems, A_LEVEL a level; no signature twice, none of an earlier split's."""
    taken = set()
    for split, seed in SPLITS.items():
        rng, problems = Random(seed), []
        for level in LEVELS:
            wanted = len(problems) + A_LEVEL[split]
            while len(problems) < wanted:
                problem = draw_problem(rng, level)
                if problem.signature() not in taken:
                    taken.add(problem.signature())
                    problems.append(problem)
        if split == name:
            return problems
    raise ValueError(f"no split named {name}")


def held_out() -> set[tuple]:
    """Signatures that training must never draw."""
    return {problem.signature() for name in SPLITS for problem in draw_split(name)}


def write_splits() -> None:
    DATA.mkdir(parents=True, exist_ok=True)
    for name in SPLITS:
        rows = [
            {"id": f"{name}-{i:03d}", "problem": p.text(), "answer": str(p.answer),
             "level": p.level}
            for i, p in enumerate(draw_split(name))
        ]
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (DATA / f"{name}.jsonl").write_text(text, encoding="utf-8")


class Corpus:
    """An endless stream of fresh problems and of batches made of them."""

    def __init__(self, seed: int):
        self.rng, self.excluded = Random(seed), held_out()
        self.pools = {}  # level mix: batches not yet given

    def problem(self, level: int) -> Problem:
        while True:
            problem = draw_problem(self.rng, level)
            if problem.signature() not in self.excluded:
                return problem

    def batch(self, levels: tuple[int, ...], tokens: int):
        """ids [B, T] and mask [B, T], true where the token at t + 1 is the solution's (its
        terminating EOS too); B * T is about `tokens`; rows' levels are uniform over `levels`."""
        pool = self.pools.setdefault(levels, [])
        if not pool:
            documents = sorted(
                (_document(self.problem(self.rng.choice(levels))) for _ in range(2000)),
                key=lambda d: len(d[0]),
            )
            pool += slice_rows(documents, tokens, lambda d: len(d[0]))
            self.rng.shuffle(pool)
        return _tensors(pool.pop())


def _document(problem: Problem) -> tuple[list[int], int]:
    prompt = encode_prompt(problem.text())
    return [*prompt, *encode("\n\n".join(problem.steps())), EOS_ID], len(prompt)


def slice_rows(documents: list, tokens: int, length) -> list[list]:
    """Cuts documents, sorted by length(document), into batches of about `tokens`."""
    batches, start = [], 0
    while start < len(documents):
        end = start + 1
        while end < len(documents) and (end - start + 1) * length(documents[end]) <= tokens:
            end += 1
        batches.append(documents[start:end])
        start = end
    return batches


def _tensors(documents):
    width = max(len(ids) for ids, _ in documents)
    ids = torch.full((len(documents), width), PAD_ID)
    mask = torch.zeros((len(documents), width), dtype=torch.bool)
    for row, (document, prompt) in enumerate(documents):
        ids[row, : len(document)] = torch.tensor(document)
        mask[row, prompt - 1 : len(document) - 1] = True
    return ids, mask
