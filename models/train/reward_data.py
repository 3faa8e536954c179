"""What the reward model learns from: solutions sampled from policies and reference solutions with
one mistake planted, both labelled by the checker.

The text is the policy's prompt, then every step followed by the delimiter token. The delimiter
takes EOS's place after the last step, so a score is always read at a delimiter token.
"""

from dataclasses import dataclass
from random import Random

import torch

from checker import check
from corpus import slice_rows
from problem import OPERATORS, Problem, Relation, apply
from vocabulary import MARKER_ID, PAD_ID, encode, encode_prompt

@dataclass(frozen=True)
class Document:
    """A path as the reward model reads it."""

    ids: list[int]
    prompt: int  # tokens of the prompt
    labels: list[int]  # a label a marker
    wrong: int  # index in ids of the first wrong token; len(ids) when there is none


def document(problem: Problem, steps: list[str]) -> Document:
    ids = encode_prompt(problem.text())
    prompt, verdict, wrong = len(ids), check(problem, steps), None
    for i, step in enumerate(steps):
        if verdict.wrong and verdict.wrong[0] == i:
            wrong = len(ids) + verdict.wrong[1]
        ids += [*encode(step), MARKER_ID]
    return Document(ids, prompt, verdict.labels, len(ids) if wrong is None else wrong)


def batches(documents: list[Document], tokens: int, rng: Random):
    """Yields (ids [B, T], documents of its rows) once over `documents`."""
    for chunk in shuffled_slices(documents, tokens, rng):
        ids = torch.full((len(chunk), max(len(d.ids) for d in chunk)), PAD_ID)
        for row, path in enumerate(chunk):
            ids[row, : len(path.ids)] = torch.tensor(path.ids)
        yield ids, chunk


def shuffled_slices(documents, tokens, rng):
    slices = slice_rows(sorted(documents, key=lambda d: len(d.ids)), tokens, lambda d: len(d.ids))
    rng.shuffle(slices)
    return slices


def marker_places(chunk: list[Document]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """rows [M], columns [M] and labels [M] of a batch's markers."""
    rows, columns, labels = [], [], []
    for row, path in enumerate(chunk):
        places = [i for i, token in enumerate(path.ids) if token == MARKER_ID]
        assert len(places) == len(path.labels), "a marker without a label"
        rows += [row] * len(places)
        columns += places
        labels += path.labels
    return torch.tensor(rows), torch.tensor(columns), torch.tensor(labels).float()


def token_masks(ids: torch.Tensor, chunk: list[Document]) -> tuple[torch.Tensor, torch.Tensor]:
    """Of a batch [B, T]: which tokens are the solution's, and which of those are still right. A
    label a token says where a mistake is, which a label a step leaves to be found."""
    columns = torch.arange(ids.shape[1])
    bounds = torch.tensor([(d.prompt, len(d.ids), d.wrong) for d in chunk])[:, :, None]
    solution = (columns >= bounds[:, 0]) & (columns < bounds[:, 1])
    return solution, solution & (columns < bounds[:, 2])


def planted(problem: Problem, rng: Random) -> list[str]:
    """The reference solution with detours over distractors, and mostly one mistake, after which
    it goes on consistently."""
    plan = _with_detours(problem, rng)
    mistake = rng.randrange(len(plan) + 1) if rng.random() < 0.8 else None
    known, steps = {problem.base.person: problem.base.count}, []
    for i, relation in enumerate(plan):
        count = known.get(relation.reference, problem.base.count)
        operator, operand, person = relation.operator, relation.operand, relation.person
        result = apply(operator, count, operand)
        if i == mistake:
            kind = rng.randrange(5)
            if kind == 0:
                result = _near(result or count, rng)
            elif kind == 1:
                operand = _near(operand, rng)
                result = apply(operator, count, operand)
            elif kind == 2:
                count = rng.choice([*known.values(), _near(count, rng)])
                result = apply(operator, count, operand)
            elif kind == 3:
                operator = rng.choice(OPERATORS)
                result = apply(operator, count, operand)
            else:
                person, operator, operand = _another(problem, relation, rng)
                result = apply(operator, count, operand)
        if result is None or not 1 <= result <= 99:
            result = rng.randint(2, 99)
        known[person] = result
        steps.append(f"{person} has {count} {operator} {operand} = {result} {problem.item}.")
    answer = known.get(problem.asked, result)
    if mistake == len(plan):
        answer = rng.choice([*known.values(), _near(answer, rng)])
    steps.append(f"The answer is \\boxed{{{answer}}}.")
    return steps


def _with_detours(problem: Problem, rng: Random) -> list[Relation]:
    """The chain with some relations it does not need put in where they can be worked out."""
    plan = list(problem.chain)
    spare = [s for s in problem.sentences if isinstance(s, Relation) and s not in problem.chain]
    for relation in spare:
        people = [problem.base.person, *(r.person for r in plan)]
        if relation.reference in people and rng.random() < 0.4:
            earliest = people.index(relation.reference)
            plan.insert(rng.randint(earliest, len(plan)), relation)
    return plan


def _another(problem: Problem, relation: Relation, rng: Random) -> tuple[str, str, int]:
    """Somebody else's relation: its person alone, or its operation too."""
    others = [s for s in problem.sentences if isinstance(s, Relation) and s != relation]
    other = rng.choice(others)
    if rng.random() < 0.4:
        return other.person, relation.operator, relation.operand
    return other.person, other.operator, other.operand


def _near(value: int, rng: Random) -> int:
    """A wrong value in 1..99: close by mostly, or anywhere."""
    while True:
        close = value + rng.choice((-10, -2, -1, 1, 2, 10))
        wrong = close if rng.random() < 0.7 else rng.randint(1, 99)
        if wrong != value and 1 <= wrong <= 99:
            return wrong
