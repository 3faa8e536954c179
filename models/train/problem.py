"""Word problems: a chain of relations between people, from a known count to the asked one.

Responsible for what a problem is and how one is drawn at a level; not for judging solutions
(checker.py). Every count is in 2..99, so every number of a problem and its solution is one token.
"""

from dataclasses import dataclass
from random import Random

NAMES = (
    "Ann Ben Cal Dan Eva Fay Gus Hal Ian Jon Kim Leo "
    "Max Ned Oli Pam Ray Sue Tom Uma Val Wes Yan Zoe"
).split()
ITEMS = "cards coins books stamps shells apples pens beads pebbles tickets buttons marbles".split()
OPERATORS = "+-*/"
LEVELS = (1, 2, 3, 4, 5)
SMALLEST, LARGEST = 2, 99

# level: (fewest relations, most relations, shuffled, distractors)
SHAPES = {
    1: (2, 3, False, 0),
    2: (4, 5, False, 0),
    3: (3, 4, True, 0),
    4: (5, 6, True, 2),
    5: (8, 9, True, 3),
}


@dataclass(frozen=True)
class Relation:
    """`person` has `reference`'s count changed by `operator` and `operand` (halving is `/ 2`)."""

    person: str
    operator: str
    operand: int
    reference: str

    def text(self, item: str) -> str:
        if self.operator == "+":
            return f"{self.person} has {self.operand} more {item} than {self.reference}."
        if self.operator == "-":
            return f"{self.person} has {self.operand} fewer {item} than {self.reference}."
        if self.operator == "*":
            return f"{self.person} has {self.operand} times as many {item} as {self.reference}."
        return f"{self.person} has half as many {item} as {self.reference}."


@dataclass(frozen=True)
class Fact:
    """`person` has `count`, said outright."""

    person: str
    count: int

    def text(self, item: str) -> str:
        return f"{self.person} has {self.count} {item}."


@dataclass(frozen=True)
class Problem:
    """One problem: its sentences as they are told, its chain as it is solved."""

    level: int
    item: str
    sentences: tuple  # of Fact and Relation, as told
    base: Fact
    chain: tuple  # of Relation, as solved; the last one's person is asked for
    answer: int

    @property
    def asked(self) -> str:
        return self.chain[-1].person

    def text(self) -> str:
        told = " ".join(sentence.text(self.item) for sentence in self.sentences)
        return f"{told} How many {self.item} does {self.asked} have?"

    def steps(self) -> list[str]:
        """The reference solution, a string a step, without delimiters."""
        count, steps = self.base.count, []
        for relation in self.chain:
            result = apply(relation.operator, count, relation.operand)
            steps.append(
                f"{relation.person} has {count} {relation.operator} {relation.operand}"
                f" = {result} {self.item}."
            )
            count = result
        steps.append(f"The answer is \\boxed{{{self.answer}}}.")
        return steps

    def signature(self) -> tuple:
        """Structure and numbers: equal for problems that differ only in names, items, the order
        of the telling or distractors, so that excluding signatures excludes near copies too."""
        return (self.base.count, *((r.operator, r.operand) for r in self.chain))


def apply(operator: str, count: int, operand: int) -> int | None:
    """The result, or None where a division leaves a remainder."""
    if operator == "+":
        return count + operand
    if operator == "-":
        return count - operand
    if operator == "*":
        return count * operand
    return count // operand if operand and count % operand == 0 else None


def _draw_operation(rng: Random, count: int) -> tuple[str, int]:
    """An operator and operand that keep the result in range; the four operators equally likely
    where they are possible."""
    possible = []
    if count + 2 <= LARGEST:
        possible.append("+")
    if count - 2 >= SMALLEST:
        possible.append("-")
    if count * 2 <= LARGEST:
        possible.append("*")
    if count % 2 == 0 and count // 2 >= SMALLEST:
        possible.append("/")
    operator = rng.choice(possible)
    if operator == "+":
        return operator, rng.randint(2, LARGEST - count)
    if operator == "-":
        return operator, rng.randint(2, count - SMALLEST)
    if operator == "*":
        return operator, rng.randint(2, min(9, LARGEST // count))
    return operator, 2


def draw_problem(rng: Random, level: int) -> Problem:
    """One random problem at `level`; the caller excludes signatures it must not see."""
    fewest, most, shuffled, distractors = SHAPES[level]
    length = rng.randint(fewest, most)
    people = rng.sample(NAMES, 1 + length + distractors)
    item = rng.choice(ITEMS)
    base = Fact(people[0], rng.randint(SMALLEST, LARGEST))
    counts = {base.person: base.count}

    def relate(person: str, reference: str) -> Relation:
        operator, operand = _draw_operation(rng, counts[reference])
        counts[person] = apply(operator, counts[reference], operand)
        return Relation(person, operator, operand, reference)

    chain = tuple(relate(people[i + 1], people[i]) for i in range(length))
    sentences = [base, *chain]
    for person in people[length + 1 :]:
        sentences.append(relate(person, rng.choice(list(counts))))
    if shuffled:
        rng.shuffle(sentences)
    return Problem(level, item, tuple(sentences), base, chain, counts[chain[-1].person])
