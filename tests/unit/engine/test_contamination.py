"""Overlap between splits, by hand."""

import pytest

from siked.engine.contamination import WORDS, OverlapIndex, decontaminated, overlaps, word_runs
from siked.records import TestProblem, TrainProblem

PENS = "Ann has 3 pens. She buys 4 more pens in a shop near the old bridge of the town. How many has she?"
TRAIN = [
    TrainProblem(id="pens", question=PENS, gold="7", dataset="d"),
    TrainProblem(id="cups", question="Bo has 2 cups. How many cups has Bo?", gold="2", dataset="d"),
]


def test(question: str) -> TestProblem:
    return TestProblem(id="t", question=question, gold="1", dataset="d")


test.__test__ = False  # type: ignore[attr-defined]


def kinds(question: str) -> set[str]:
    return {kind for kind, found in OverlapIndex.by(TRAIN).holds(test(question)).items() if found}


def test_the_same_text_overlaps_in_every_way_whatever_its_dress() -> None:
    everything = {"same_text", "thirteen_words", "numbers_masked", "story_masked", "any"}
    assert kinds(PENS) == everything
    assert kinds(PENS.upper().replace(" has", "  has")) == everything


def test_other_numbers_are_a_twin() -> None:
    assert kinds("Bo has nine cups. How many cups has Bo?") == {"numbers_masked", "story_masked", "any"}


@pytest.mark.parametrize(
    ("gold", "twin"),
    [("7", True), ("1,080", True), ("9 (apples)", True), ("B", True), ("13; 12", True)]
    + [
        (gold, False) for gold in ("yes", "Tuesday", "13 March", "March 13", "2024-03-05", "Wednesday, May 3")
    ],
)
def test_other_numbers_are_another_problem_where_the_gold_is_a_word_or_a_date(gold: str, twin: bool) -> None:
    def problem(days: int) -> TestProblem:
        question = f"Today is the 3rd. Which day is it {days} days later?"
        return TestProblem(id=str(days), question=question, gold=gold, dataset="d")

    index = OverlapIndex.by([problem(10)])
    assert index.holds(problem(11))["numbers_masked"] == index.holds(problem(11))["any"] == twin
    assert index.holds(problem(10))["numbers_masked"]


def test_another_question_to_the_story_is_no_leak_but_the_story_is_known() -> None:
    assert kinds("Bo has 5 cups. Is Bo rich?") == {"story_masked"}


def test_thirteen_words_in_a_row_are_a_leak_and_twelve_are_not() -> None:
    words = PENS.split()
    assert "thirteen_words" in kinds("Carl says: " + " ".join(words[3 : 3 + WORDS]))
    assert kinds("Carl says: " + " ".join(words[3 : 2 + WORDS])) == set()
    assert len(word_runs(" ".join(map(str, range(20))))) == 20 - WORDS + 1


def test_counts_and_what_is_left_out() -> None:
    tests = [test(PENS), test("Bo has 9 cups. How many cups has Bo?"), test("Di has 1 hat. How many?")]
    (row,) = overlaps(OverlapIndex.by(TRAIN), [("d", tests)])
    assert row == {
        "set": "d",
        "problems": 3,
        "same_text": 1,
        "thirteen_words": 1,
        "numbers_masked": 2,
        "story_masked": 2,
        "any": 2,
    }
    assert [p.id for p in decontaminated(TRAIN, tests[1:])] == ["pens"]
