"""What the reward model learns from: solutions sampled from policies and reference solutions with
one mistake planted, both labelled by the checker.

The text is the policy's prompt, then every step followed by the delimiter token. The delimiter
takes EOS's place after the last step, so a score is always read at a delimiter token.
"""

from dataclasses import dataclass, replace
from random import Random

import torch

from checker import Field, check, judge_fields
from corpus import slice_rows
from problem import OPERATORS, Problem, Relation, apply
from vocabulary import MARKER_ID, PAD_ID, encode, encode_prompt
NOTHING = -100  # what cross_entropy ignores


@dataclass(frozen=True)
class Document:
    """A path as the reward model reads it."""

    ids: list[int]
    prompt: int  # tokens of the prompt
    labels: list[int]  # a label a marker
    wrong: int  # index in ids of the first wrong token; len(ids) when there is none
    fields: list[tuple[int, int, int]]  # (index in ids, label, id expected or NOTHING)


def document(problem: Problem, steps: list[str]) -> Document:
    ids = encode_prompt(problem.text())
    prompt, verdict, wrong, fields = len(ids), check(problem, steps), None, []
    for i, (step, judged) in enumerate(zip(steps, judge_fields(problem, steps))):
        if verdict.wrong and verdict.wrong[0] == i:
            wrong = len(ids) + verdict.wrong[1]
        fields += [(len(ids) + f.token, int(f.right), _expected(f)) for f in judged]
        ids += [*encode(step), MARKER_ID]
        if judged:
            fields.append((len(ids) - 1, int(all(f.right for f in judged)), NOTHING))
    wrong = len(ids) if wrong is None else wrong
    return Document(ids, prompt, verdict.labels, wrong, fields)


def _expected(field: Field) -> int:
    ids = encode(field.expected) if field.expected else []
    return ids[0] if len(ids) == 1 else NOTHING


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


def field_places(chunk: list[Document]) -> tuple[torch.Tensor, ...]:
    """rows [F], columns [F], labels [F] and expected ids [F] of a batch's judged tokens."""
    places = [(row, *field) for row, path in enumerate(chunk) for field in path.fields]
    rows, columns, labels, expected = torch.tensor(places).T
    return rows, columns, labels.float(), expected


def right_tokens(ids: torch.Tensor, chunk: list[Document]) -> torch.Tensor:
    """Of a batch [B, T]: which tokens are the solution's and come before its first mistake."""
    columns = torch.arange(ids.shape[1])
    bounds = torch.tensor([(d.prompt, d.wrong) for d in chunk])[:, :, None]
    return (columns >= bounds[:, 0]) & (columns < bounds[:, 1])


def planted(problem: Problem, rng: Random) -> list[str]:
    """The reference solution with detours over distractors and, mostly, mistakes; it goes on
    consistently after each. Some solutions hold none, some about one, some many."""
    rate = rng.choice((0.0, 0.03, 0.06, 0.1, 0.25, 0.35))  # mistakes a token that could be one
    known, steps = {problem.base.person: problem.base.count}, []

    def slips() -> bool:
        return rng.random() < rate

    for relation in _with_detours(problem, rng):
        if slips():
            relation = _another(problem, relation, rng)
        count = known.get(relation.reference, rng.choice(list(known.values())))
        if slips():
            count = rng.choice([*known.values(), _near(count, rng)])
        operator = rng.choice(OPERATORS) if slips() else relation.operator
        operand = _near(relation.operand, rng) if slips() else relation.operand
        result = apply(operator, count, operand)
        if result is None or not 1 <= result <= 99:
            result = rng.randint(2, 99)
        if slips():
            result = _near(result, rng)
        known[relation.person] = result
        steps.append(
            f"{relation.person} has {count} {operator} {operand} = {result} {problem.item}."
        )
    answer = known.get(problem.asked, result)
    if rng.random() < 2 * rate:
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


def _another(problem: Problem, relation: Relation, rng: Random) -> Relation:
    """Somebody else's relation, or its person with this one's operation."""
    other = rng.choice([s for s in problem.sentences if isinstance(s, Relation) and s != relation])
    return replace(relation, person=other.person) if rng.random() < 0.3 else other


def _near(value: int, rng: Random) -> int:
    """A wrong value in 1..99: close by mostly, or anywhere."""
    while True:
        close = value + rng.choice((-10, -2, -1, 1, 2, 10))
        wrong = close if rng.random() < 0.7 else rng.randint(1, 99)
        if wrong != value and 1 <= wrong <= 99:
            return wrong
