"""Exact labels for the steps of a solution to a generated problem.

A step is right when it restates one relation of the problem, about a person not yet worked out,
with the known count of the person it refers to, and the arithmetic holds. The last step is right
when it states the reference answer. A step's label is prefix-correct: 1 while no step so far has
been wrong, 0 from the first wrong step on.
"""

import re
from dataclasses import dataclass

from problem import Fact, Problem, apply

DELIMITER = "\n\n"
_STEP = re.compile(r"(\w+) has (\d+) ([-+*/]) (\d+) = (\d+) (\w+)\.")
_FINAL = re.compile(r"The answer is \\boxed\{(\d+)\}\.")


@dataclass(frozen=True)
class Verdict:
    """`labels[i]` is 1 when steps 0..i are all right; `answer` is what the last step states."""

    labels: list[int]
    answer: int | None
    solved: bool


def split_steps(solution: str) -> list[str]:
    """Steps without delimiters; a trailing delimiter makes no empty step."""
    steps = solution.split(DELIMITER)
    return steps[:-1] if steps[-1] == "" else steps


def check(problem: Problem, steps: list[str]) -> Verdict:
    known = {s.person: s.count for s in problem.sentences if isinstance(s, Fact)}
    relations = {s.person: s for s in problem.sentences if not isinstance(s, Fact)}
    labels, right, answer = [], True, None
    for step in steps:
        final = _FINAL.fullmatch(step)
        if answer is not None:
            right = False  # nothing may follow the answer
        elif final:
            answer = int(final[1])
            right = right and answer == problem.answer
        else:
            right = right and _is_right(step, problem.item, relations, known)
        labels.append(int(right))
    # `solved` is about the answer alone, as an evaluation sees it: a wrong path may reach it.
    return Verdict(labels, answer, answer == problem.answer)


def _is_right(step: str, item: str, relations: dict, known: dict) -> bool:
    """Judges one relation step and, when it is right, adds its result to `known`."""
    match = _STEP.fullmatch(step)
    if not match:
        return False
    person, count, operator, operand, result, named = match.groups()
    relation = relations.get(person)
    if relation is None or person in known or named != item:
        return False
    if (operator, int(operand)) != (relation.operator, relation.operand):
        return False
    if known.get(relation.reference) != int(count):
        return False
    if apply(operator, int(count), int(operand)) != int(result):
        return False
    known[person] = int(result)
    return True
