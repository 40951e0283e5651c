"""The verifier ``letters``: what counts as a conclusion, and what a hostile text may cost."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from siked.records import Answer, Status, TrainProblem, Verdict
from siked.testing.suites import VerifierContract

pytest.importorskip("siked_choice", reason="pip install -e plugins/siked-choice")

from siked_choice.form import choices_of, question_of
from siked_choice.verifier import Letters

BEES = "What do bees make?\n(A) silk\n(B) honey\n(C) wax paper\n(D) vitamin A"

RIGHT = """
B|(B)|b|B.|B)|[B]|"B"|Final Answer: (B)|Final Answer: B|Final answer: **B**
Final Answer: (b)|Final Answer: [B]
The answer is B.|The answer is (B) honey.|The answer is: B) honey|The correct answer is honey|Answer: B: honey
Therefore, option B is correct.|So it must be B.|Thus B.|B is correct|I choose B|They make honey.|honey|Honey.
The best choice is therefore (B).|Hence, the answer is option (B): honey.|A is wrong; B is right.
(A) is out, (C) is out, (D) is out. That leaves B.|Final Answer: not (A) but (B)|Final Answer: (B), not (A)
Final Answer: (B) because (A) is made by worms|Final Answer: (B) rather than (A)
So the answer is not A. It is B.
\\boxed{B}|\\boxed{\\text{B}}|<answer>B</answer>|#### B|It is honey, so the answer is B. I hope this helps!
Final Answer: B<|im_end|>Question: another one? Final Answer: A|It could be A. Final Answer: (B)
Final Answer: A. No, wait. Final Answer: B
"""
OTHER = """
A|Final Answer: (A)|Final Answer: vitamin A|It could be B. Final Answer: (C)
B is out, so (A)|The answer is silk.
"""
NONE = """
|Final Answer:|none of these|Final Answer: none|Final Answer: (E)|A bee makes things.|I think A bee is nice.
Final Answer: A or B|Final Answer: (A) and (B)|Final Answer: A, B|Final Answer: A/B|Final Answer: (B) silk
Final Answer: not (B)|The answer isn't B.|The answer is not B.|B is wrong.|neither A nor B
Final Answer: silk or honey
(A) silk: no. (B) honey: yes.|(B) honey: what bees make
"""


def cases(block: str) -> list[str]:
    lines = block.strip("\n").replace("\n", "|").replace("<|im_end|>", "<im_end>")
    return [case.replace("<im_end>", "<|im_end|>") for case in lines.split("|")]


def judged(text: str, gold: str | None = "B", question: str = BEES) -> Verdict:
    problem = TrainProblem(id="p", question=question, gold=gold, dataset="d")
    (verdict,) = Letters(Letters.Options()).verify(problem, [Answer(text)])
    return verdict


class TestLetters(VerifierContract):
    @pytest.fixture
    def verifier(self) -> Letters:
        return Letters(Letters.Options())


@pytest.mark.parametrize("text", cases(RIGHT))
def test_a_conclusion_is_read(text: str) -> None:
    verdict = judged(text)
    assert (verdict.status, verdict.answer) == (Status.CORRECT, "B"), verdict.rule


@pytest.mark.parametrize("text", cases(OTHER))
def test_another_choice_is_wrong(text: str) -> None:
    verdict = judged(text)
    assert verdict.status is Status.WRONG
    assert verdict.answer in ("A", "C", "D")


@pytest.mark.parametrize("text", cases(NONE))
def test_what_chooses_nothing_is_wrong_and_has_no_answer(text: str) -> None:
    verdict = judged(text)
    assert (verdict.status, verdict.answer) == (Status.WRONG, None), verdict.rule


@pytest.mark.parametrize(
    "text",
    cases(
        "yes|Yes.|**Yes**|Final Answer: yes|Final Answer: Yes, it does.|Final Answer: True"
        "|The answer is true.|So the statement is true.|Yes, a carp lives there.|It is correct."
        "|That is not false.|Therefore, yes.|So the answer is yes, since no fish flies."
        "|Final Answer: No. Wait. Final Answer: yes"
    ),
)
def test_yes_in_many_words(text: str) -> None:
    assert judged(text, "yes", "Is it?").status is Status.CORRECT
    assert judged(text, "true", "Is it?").status is Status.CORRECT
    assert judged(text, "no", "Is it?").status is Status.WRONG


@pytest.mark.parametrize(
    "text",
    cases(
        "no|No.|Final Answer: no|No, it does not.|The statement is false|It isn't true.|That is not correct."
        "|So no.|Final Answer: No, not yes|Final Answer: False"
    ),
)
def test_no_in_many_words(text: str) -> None:
    assert judged(text, "no", "Is it?").status is Status.CORRECT
    assert judged(text, "yes", "Is it?").status is Status.WRONG


@pytest.mark.parametrize(
    "text", cases("|maybe|There is no answer.|Final Answer: yes and no|Final Answer: yes/no|yes or no")
)
def test_neither_yes_nor_no(text: str) -> None:
    assert judged(text, "yes", "Is it?").answer is None
    assert judged(text, "no", "Is it?").answer is None


def test_yes_and_no_can_be_choices() -> None:
    question = question_of("Do bees sing?", {"A": "yes", "B": "no"})
    assert judged("Final Answer: no", "B", question).status is Status.CORRECT
    assert judged("Final Answer: A", "B", question).status is Status.WRONG


def test_other_golds_are_compared_by_value_and_none_is_unverified() -> None:
    assert judged("Final Answer: 1,080", "1080", "How many?").status is Status.CORRECT
    assert judged("Final Answer: B", None).status is Status.UNVERIFIED


def test_a_question_gives_its_choices_back() -> None:
    choices = {"A": "a red hen", "B": "U.S. (north)", "C": "5 m"}
    assert choices_of(question_of("See:\n(A) is what?", choices)) == choices
    assert choices_of("Is it?") == {}


HOSTILE: dict[str, Callable[[int], str]] = {
    "letters": lambda n: "(A) " * n,
    "nots": lambda n: "Final Answer: " + "not " * n,
    "brackets": lambda n: "(" * n,
    "markers": lambda n: "Final Answer: (A) or " * n,
    "clauses": lambda n: "The answer is " + "A, " * n,
    "sentences": lambda n: "I hope this helps. " * n,
    "spaces": lambda n: "Final Answer:" + " " * n + "B",
    "words": lambda n: "yes no " * n,
    "because": lambda n: "so because since " * n,
}


def steps(text: str, gold: str) -> int:
    """How many lines of Python run to judge a text: no clock, so that a busy machine plays no part."""
    count = 0

    def trace(frame: object, event: str, arg: object) -> object:
        nonlocal count
        count += event == "line"
        return trace

    sys.settrace(trace)  # type: ignore[arg-type]
    try:
        judged(text, gold)
    finally:
        sys.settrace(None)
    return count


@pytest.mark.parametrize("gold", ["B", "yes"])
@pytest.mark.parametrize("name", HOSTILE)
def test_work_grows_no_faster_than_the_text(name: str, gold: str) -> None:
    make = HOSTILE[name]
    judged(make(10), gold)
    short, long = (steps(make(n), gold) for n in (2_000, 8_000))
    assert long <= 4.5 * short + 500
