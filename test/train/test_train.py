"""Tests of the training recipe's generator, checker, tokenizer, splits and reward data.

Run with `python -m pytest test/train` or `python test/train/test_train.py`; neither training nor
PyTorch models are needed beyond an import.
"""

import json
import sys
import tempfile
from pathlib import Path
from random import Random

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "models" / "train"))

import corpus  # noqa: E402
import vocabulary  # noqa: E402
from checker import check, judge_fields, split_steps  # noqa: E402
from problem import LEVELS, SHAPES, Fact, Problem, Relation, draw_problem  # noqa: E402
from reward_data import document, planted  # noqa: E402

NED, BEN, IAN, ZOE = "Ned", "Ben", "Ian", "Zoe"
BASE = Fact(NED, 14)
CHAIN = (Relation(BEN, "*", 5, NED), Relation(IAN, "-", 19, BEN))
SIDE = Relation(ZOE, "/", 2, NED)
PROBLEM = Problem(1, "cards", (BASE, *CHAIN, SIDE), BASE, CHAIN, 51)
FIRST = "Ben has 14 * 5 = 70 cards."
SECOND = "Ian has 70 - 19 = 51 cards."
FINAL = "The answer is \\boxed{51}."


def naive_answer(problem: Problem) -> int:
    """Every count by repeated substitution over the told sentences, ignoring the chain."""
    counts, waiting = {}, list(problem.sentences)
    while waiting:
        sentence = waiting.pop(0)
        if isinstance(sentence, Fact):
            counts[sentence.person] = sentence.count
        elif sentence.reference not in counts:
            waiting.append(sentence)
        else:
            expression = f"{counts[sentence.reference]} {sentence.operator} {sentence.operand}"
            counts[sentence.person] = eval(expression)  # noqa: S307 (our own numbers)
    return counts[problem.asked]


def test_text_and_reference_solution():
    assert PROBLEM.text() == (
        "Ned has 14 cards. Ben has 5 times as many cards as Ned. Ian has 19 fewer cards than Ben. "
        "Zoe has half as many cards as Ned. How many cards does Ian have?"
    )
    assert PROBLEM.steps() == [FIRST, SECOND, FINAL]


def test_labels():
    cases = [
        ([FIRST, SECOND, FINAL], [1, 1, 1]),
        (["Zoe has 14 / 2 = 7 cards.", FIRST, SECOND, FINAL], [1, 1, 1, 1]),  # a detour is right
        (["Ben has 14 * 5 = 71 cards.", SECOND, FINAL], [0, 0, 0]),  # arithmetic
        (["Ben has 14 * 4 = 56 cards."], [0]),  # operand
        (["Ben has 14 + 5 = 19 cards."], [0]),  # relation
        (["Ben has 70 / 2 = 35 cards."], [0]),  # count not known
        ([SECOND, FINAL], [0, 0]),  # person referred to not known yet
        ([FIRST, FIRST], [1, 0]),  # restates what is known
        ([FIRST, "Ian has 70 - 19 = 51 coins."], [1, 0]),  # other things
        ([FIRST, SECOND, "The answer is \\boxed{70}."], [1, 1, 0]),
        ([FIRST, SECOND, FINAL, SECOND], [1, 1, 1, 0]),  # nothing may follow
        ([FIRST, "Ian has 70"], [1, 0]),  # cut short
        ([""], [0]),
    ]
    for steps, labels in cases:
        assert check(PROBLEM, steps).labels == labels, steps
    assert check(PROBLEM, ["nonsense", FINAL]).solved and not check(PROBLEM, [FIRST]).solved


def test_first_mistake():
    cases = [
        ([FIRST, SECOND, FINAL], None),
        ([SECOND], (0, 0)),
        ([FIRST, "Ian has 14 - 19 = 51 cards."], (1, 2)),
        ([FIRST, "Ian has 70 + 19 = 89 cards."], (1, 3)),
        ([FIRST, "Ian has 70 - 18 = 52 cards."], (1, 4)),
        ([FIRST, "Ian has 70 - 19 = 52 cards."], (1, 6)),
        ([FIRST, "Ian has 70 - 19 = 51 coins."], (1, 7)),
        ([FIRST, SECOND, "The answer is \\boxed{70}."], (2, 4)),
    ]
    for steps, wrong in cases:
        assert check(PROBLEM, steps).wrong == wrong, steps


def marks(steps: list[str]) -> list[dict[int, bool]]:
    return [{f.token: f.right for f in fields} for fields in judge_fields(PROBLEM, steps)]


def test_fields_are_judged_each_by_itself():
    wrong_first = "Ben has 14 + 4 = 19 cards."  # operator, operand and result wrong
    assert marks([wrong_first]) == [{0: True, 2: True, 3: False, 4: False, 6: False}]
    expected = {f.token: f.expected for f in judge_fields(PROBLEM, [wrong_first])[0]}
    assert expected == {0: None, 2: " 14", 3: " *", 4: " 5", 6: " 18"}
    after = [wrong_first, "Ian has 19 - 19 = 0 cards.", "The answer is \\boxed{0}."]
    assert all(all(fields.values()) for fields in marks(after)[1:])
    assert marks([SECOND, "nonsense"]) == [{0: False, 2: False, 3: True, 4: True, 6: True}, {}]
    rng = Random(4)
    for i in range(300):
        problem = draw_problem(rng, LEVELS[i % 5])
        steps = planted(problem, rng)
        # While nothing was wrong before, a step is right exactly when all its fields are.
        labels, before = check(problem, steps).labels, 1
        for label, fields in zip(labels, judge_fields(problem, steps)):
            assert not before or all(f.right for f in fields) == bool(label)
            before = label


def test_split_steps():
    assert split_steps(f"{FIRST}\n\n{FINAL}") == [FIRST, FINAL]
    assert split_steps(f"{FIRST}\n\n") == [FIRST]
    assert split_steps("") == []


def test_drawn_problems():
    rng = Random(7)
    for i in range(2000):
        level = LEVELS[i % 5]
        problem = draw_problem(rng, level)
        fewest, most, shuffled, distractors = SHAPES[level]
        assert fewest <= len(problem.chain) <= most
        assert len(problem.sentences) == 1 + len(problem.chain) + distractors
        assert problem.answer == naive_answer(problem)
        verdict = check(problem, problem.steps())
        assert verdict.solved and all(verdict.labels)
        assert shuffled or problem.sentences == (problem.base, *problem.chain)
        numbers = [int(w) for s in problem.steps() for w in s.split() if w.isdigit()]
        assert all(1 <= n <= 99 for n in numbers)


def test_tokenizer_round_trip_and_whole_tokens():
    from tokenizers import Tokenizer

    with tempfile.TemporaryDirectory() as folder:
        vocabulary.save_tokenizer(Path(folder))
        reference = Tokenizer.from_file(str(Path(folder) / "tokenizer.json"))
    rng = Random(8)
    texts = ["\n\n", "\\boxed{68}", "Héllo \n\n\n 日本 123\t\\boxed{100}!", "a\n\nb  c"]
    for i in range(200):
        problem = draw_problem(rng, LEVELS[i % 5])
        solution = "\n\n".join(problem.steps())
        assert len(vocabulary.encode(solution)) == 10 * len(problem.chain) + 6
        texts += [problem.text(), solution]
    for text in texts:
        ids = reference.encode(text).ids
        assert ids == vocabulary.encode(text)
        assert vocabulary.decode(ids) == text == reference.decode(ids)


def test_splits_are_disjoint_and_as_committed():
    splits = {name: corpus.draw_split(name) for name in corpus.SPLITS}
    signatures = [p.signature() for problems in splits.values() for p in problems]
    assert len(signatures) == len(set(signatures)) == 1100
    for name, problems in splits.items():
        lines = (corpus.DATA / f"{name}.jsonl").read_text().splitlines()
        rows = [json.loads(line) for line in lines]
        assert [(r["problem"], r["answer"], r["level"]) for r in rows] == [
            (p.text(), str(p.answer), p.level) for p in problems
        ]
        assert len({r["id"] for r in rows}) == len(rows)


def test_training_never_draws_a_held_out_problem():
    stream, excluded = corpus.Corpus(1), corpus.held_out()
    # Draws without the filter do collide, so that the filter is seen to work.
    rng = Random(1)
    assert any(draw_problem(rng, 1).signature() in excluded for _ in range(200_000))
    assert not any(stream.problem(1).signature() in excluded for _ in range(200_000))


def test_reward_documents_have_a_label_a_marker():
    rng, wrong = Random(9), 0
    for i in range(500):
        problem = draw_problem(rng, LEVELS[i % 5])
        path = document(problem, planted(problem, rng))
        ids, labels = path.ids, path.labels
        first = len(ids) if all(labels) else path.wrong
        markers = [at for at, token in enumerate(ids) if token == vocabulary.MARKER_ID]
        assert [int(at < first) for at in markers] == labels and path.prompt <= first
        assert ids.count(vocabulary.MARKER_ID) == len(labels)
        assert ids[-1] == vocabulary.MARKER_ID and ids.count(vocabulary.BOS_ID) == 1
        assert labels == sorted(labels, reverse=True)
        wrong += not all(labels)
    assert 150 < wrong < 400


if __name__ == "__main__":
    for name, test in list(globals().items()):
        if name.startswith("test_"):
            test()
            print("ok", name)
