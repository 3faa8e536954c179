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


@dataclass(frozen=True)
class Field:
    """One token of a step judged by itself: is it right, and (where one can say) the right text."""

    token: int
    right: bool
    expected: str | None


def judge_fields(problem: Problem, steps: list[str]) -> list[list[Field]]:
    """Each step's fields, judged by the problem and the counts stated so far, right or wrong.
    Unlike `check`, a mistake spoils its own token only, so a text with many says much. A malformed
    step has no fields."""
    stated = {s.person: s.count for s in problem.sentences if isinstance(s, Fact)}
    relations = {s.person: s for s in problem.sentences if not isinstance(s, Fact)}
    judged = []
    for step in steps:
        match, final, fields = _STEP.fullmatch(step), _FINAL.fullmatch(step), []

        def judge(token: int, written: str, expected, space: str = " ") -> None:
            text = None if expected is None else f"{space}{expected}"
            fields.append(Field(token, written == str(expected), text))

        judged.append(fields)
        if final:
            judge(4, final[1], stated.get(problem.asked), space="")
        if not match:
            continue
        person, count, operator, operand, result, _ = match.groups()
        relation = relations.get(person)
        possible = relation and person not in stated and relation.reference in stated
        fields.append(Field(0, bool(possible), None))
        if relation:
            judge(2, count, stated.get(relation.reference))
            judge(3, operator, relation.operator)
            judge(4, operand, relation.operand)
        judge(6, result, apply(operator, int(count), int(operand)))
        stated[person] = int(result)
    return judged
