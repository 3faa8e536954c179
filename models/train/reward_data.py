"""What the reward model learns from: solutions sampled from policies and reference solutions with
one mistake planted, both labelled by the checker.

The text is the policy's prompt, then every step followed by the delimiter token. The delimiter
takes EOS's place after the last step, so a score is always read at a delimiter token.
"""

from random import Random

import torch

from checker import check
from corpus import slice_rows
from problem import OPERATORS, Problem, Relation, apply
from vocabulary import MARKER_ID, PAD_ID, encode, encode_prompt

Document = tuple[list[int], list[int]]  # ids, and a label a marker


def document(problem: Problem, steps: list[str]) -> Document:
    """The ids the reward model reads for a path, and its exact labels."""
    ids = encode_prompt(problem.text())
    for step in steps:
        ids += [*encode(step), MARKER_ID]
    return ids, check(problem, steps).labels


def batches(documents: list[Document], tokens: int, rng: Random):
    """Yields (ids [B, T], rows [M], columns [M], labels [M]) once over `documents`; M markers."""
    slices = slice_rows(sorted(documents, key=lambda d: len(d[0])), tokens)
    rng.shuffle(slices)
    for chunk in slices:
        width = max(len(ids) for ids, _ in chunk)
        batch, rows, columns, labels = torch.full((len(chunk), width), PAD_ID), [], [], []
        for row, (ids, marks) in enumerate(chunk):
            batch[row, : len(ids)] = torch.tensor(ids)
            places = [i for i, token in enumerate(ids) if token == MARKER_ID]
            # Text a policy wrote may hold a delimiter within a label's step only if the splitter
            # disagrees with the tokenizer; then labels and markers could not be paired.
            assert len(places) == len(marks), "a marker without a label"
            rows += [row] * len(places)
            columns += places
            labels += marks
        yield batch, torch.tensor(rows), torch.tensor(columns), torch.tensor(labels).float()


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
        wrong = value + rng.choice((-10, -2, -1, 1, 2, 10)) if rng.random() < 0.7 else rng.randint(1, 99)
        if wrong != value and 1 <= wrong <= 99:
            return wrong
