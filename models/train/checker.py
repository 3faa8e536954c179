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
    """`labels[i]` is 1 when steps 0..i are all right; `answer` is what the last step states;
    `wrong` is where the first mistake is: (step, token within the step)."""

    labels: list[int]
    answer: int | None
    solved: bool
    wrong: tuple[int, int] | None


def split_steps(solution: str) -> list[str]:
    """Steps without delimiters; a trailing delimiter makes no empty step."""
    steps = solution.split(DELIMITER)
    return steps[:-1] if steps[-1] == "" else steps


def check(problem: Problem, steps: list[str]) -> Verdict:
    known = {s.person: s.count for s in problem.sentences if isinstance(s, Fact)}
    relations = {s.person: s for s in problem.sentences if not isinstance(s, Fact)}
    labels, wrong, answer = [], None, None
    for i, step in enumerate(steps):
        final = _FINAL.fullmatch(step)
        if answer is not None:
            token = 0  # nothing may follow the answer
        elif final:
            answer = int(final[1])
            token = None if answer == problem.answer else 4
        else:
            token = _wrong_token(step, problem.item, relations, known)
        if wrong is None and token is not None:
            wrong = (i, token)
        labels.append(int(wrong is None))
    # `solved` is about the answer alone, as an evaluation sees it: a wrong path may reach it.
    return Verdict(labels, answer, answer == problem.answer, wrong)


def _wrong_token(step: str, item: str, relations: dict, known: dict) -> int | None:
    """Which token of a relation step is its first mistake (0 where the form is wrong); None when
    it is right, and then its result is added to `known`."""
    match = _STEP.fullmatch(step)
    if not match:
        return 0
    person, count, operator, operand, result, named = match.groups()
    relation = relations.get(person)
    if relation is None or person in known or relation.reference not in known:
        return 0
    if known[relation.reference] != int(count):
        return 2
    if operator != relation.operator:
        return 3
    if int(operand) != relation.operand:
        return 4
    if apply(operator, int(count), int(operand)) != int(result):
        return 6
    if named != item:
        return 7
    known[person] = int(result)
    return None


def field_labels(problem: Problem, steps: list[str]) -> list[dict[int, int]]:
    """For each step, token within the step -> 1 where that token agrees with the problem and with
    the counts stated so far, right or wrong. Unlike `check`, a mistake spoils only its own token,
    so a text with many mistakes says much. Tokens of a malformed step have no label."""
    stated = {s.person: s.count for s in problem.sentences if isinstance(s, Fact)}
    relations = {s.person: s for s in problem.sentences if not isinstance(s, Fact)}
    labels = []
    for step in steps:
        match, final = _STEP.fullmatch(step), _FINAL.fullmatch(step)
        if final:
            labels.append({4: int(stated.get(problem.asked) == int(final[1]))})
            continue
        if not match:
            labels.append({})
            continue
        person, count, operator, operand, result, _ = match.groups()
        relation = relations.get(person)
        fields = {6: int(apply(operator, int(count), int(operand)) == int(result))}
        fits = relation is not None and person not in stated and relation.reference in stated
        fields[0] = int(fits)
        if relation is not None:
            fields[3] = int(operator == relation.operator)
            fields[4] = int(int(operand) == relation.operand)
            if relation.reference in stated:
                fields[2] = int(int(count) == stated[relation.reference])
        stated[person] = int(result)
        labels.append(fields)
    return labels
