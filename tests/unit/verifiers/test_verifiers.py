"""The verifiers that need no process of their own."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from siked.answers import RULES
from siked.builtin.verifiers.agreement import Agreement, AgreementOptions
from siked.builtin.verifiers.choice import Choice, ChoiceOptions
from siked.builtin.verifiers.exact import Exact, ExactOptions
from siked.builtin.verifiers.numeric import Numeric
from siked.builtin.verifiers.verdicts import guarded
from siked.contracts import Verifier
from siked.errors import ConfigError
from siked.records import Answer, Problem, Status, TestProblem, Verdict
from siked.registry import load_registry

NAMES = ("agreement", "choice", "exact", "numeric", "symbolic")


def problem(gold: str | None, question: str = "") -> Problem:
    return TestProblem(id="p", question=question, gold=gold, dataset="d")


def judged(verifier: Verifier, gold: str | None, *texts: str, question: str = "") -> list[Verdict]:
    answers = [Answer(text) for text in texts]
    verdicts = list(verifier.verify(problem(gold, question), answers))
    assert len(verdicts) == len(texts)
    assert all(verdict.rule in RULES for verdict in verdicts)
    return verdicts


def statuses(verdicts: list[Verdict]) -> list[str]:
    return [verdict.status.value for verdict in verdicts]


def test_all_are_offered_and_keep_the_contract() -> None:
    registry = load_registry()
    assert set(NAMES) <= set(registry.names("verifier"))
    for name in NAMES:
        cls = registry.find("verifier", name).load()
        assert cls.name == name
        assert cls.version
        assert dataclasses.is_dataclass(cls.Options)
        if name == "symbolic":
            continue
        verifier = registry.make("verifier", name)
        assert isinstance(verifier, Verifier)
        assert list(verifier.verify(problem("5"), [])) == []


def test_options_have_help() -> None:
    for options in (AgreementOptions, ChoiceOptions, ExactOptions):
        for field in dataclasses.fields(options):
            assert field.metadata["help"].endswith(".")


@pytest.mark.parametrize("name", ["numeric", "exact", "choice"])
def test_without_a_gold_all_are_unverified(name: str) -> None:
    verifier = load_registry().make("verifier", name)
    (verdict,) = judged(verifier, None, "The answer is B.")
    assert (verdict.status, verdict.rule) == (Status.UNVERIFIED, "no-gold")


def test_numeric() -> None:
    verifier = Numeric(Numeric.Options())
    verdicts = judged(
        verifier, "1,080", "The answer is $1080.", "#### 1081", "No idea.", "Final Answer: 1,080.0"
    )
    assert statuses(verdicts) == ["correct", "wrong", "wrong", "correct"]
    assert [verdict.answer for verdict in verdicts] == ["1080", "1081", None, "1080"]
    assert [verdict.rule for verdict in verdicts] == [
        "answer-is/exact",
        "hashes/different",
        "refusal",
        "final-answer/exact",
    ]


def test_numeric_takes_the_bare_answer_of_a_program() -> None:
    verifier = Numeric(Numeric.Options())
    (verdict,) = verifier.verify(problem("10/3"), [Answer("3.3333333333333335", form="value")])
    assert (verdict.status, verdict.rule) == (Status.CORRECT, "value/exact")


def test_what_breaks_is_unverified_never_wrong() -> None:
    def broken(gold: str | None, answer: Answer) -> Any:
        raise RecursionError

    verdict = guarded("5", Answer("5"), broken)
    assert (verdict.status, verdict.rule) == (Status.UNVERIFIED, "crash")


def test_exact() -> None:
    verifier = Exact(Exact.Options())
    verdicts = judged(
        verifier,
        "New York",
        "The answer is New   York.",
        "Final Answer: **new york**",
        "\\boxed{New York}",
        "The answer is York.",
        "",
        "New York",
    )
    assert statuses(verdicts) == ["correct", "correct", "correct", "wrong", "wrong", "correct"]
    strict = Exact(ExactOptions(ignore_case=False, ignore_dress=False))
    assert statuses(judged(strict, "New York", "Final Answer: new york", "Final Answer: New York")) == [
        "wrong",
        "correct",
    ]
    assert judged(verifier, "18", "The answer is 18.0")[0].status is Status.WRONG


QUESTION = "What is 3 * 4? (A) 7 (B) 12 (C) 1 (D) 34"


def test_choice_by_its_letter() -> None:
    verifier = Choice(Choice.Options())
    verdicts = judged(
        verifier,
        "B",
        "The answer is B.",
        "The answer is (B) 12.",
        "\\boxed{\\text{(B)}}",
        "So option B is right.",
        "Answer: b)",
        "The answer is C.",
        "The answer is A or B.",
        "The answer is a bit unclear.",
        "Final Answer: choice B",
    )
    assert statuses(verdicts) == [*["correct"] * 5, "wrong", "wrong", "wrong", "correct"]
    assert [verdict.answer for verdict in verdicts][:6] == ["B", "B", "B", "B", "B", "C"]
    assert verdicts[6].rule == "alternatives"


def test_choice_by_what_stands_behind_the_letter() -> None:
    verifier = Choice(Choice.Options())
    verdicts = judged(
        verifier, "(B)", "The answer is 12.", "3 * 4 = 12", "The answer is 13.", question=QUESTION
    )
    assert statuses(verdicts) == ["correct", "correct", "wrong"]
    assert verdicts[0].answer == "B"


def test_choice_of_words() -> None:
    verifier = Choice(Choice.Options())
    verdicts = judged(
        verifier, "Yes", "The answer is yes.", "No, he cannot.", "Yes, she can.", "The answer is no."
    )
    assert statuses(verdicts) == ["correct", "wrong", "correct", "wrong"]


def test_choice_takes_letters_only() -> None:
    with pytest.raises(ConfigError):
        ChoiceOptions(letters="A1")


@pytest.mark.parametrize(
    "text", ["The answer isn't B.", "The answer cannot be B.", "The answer wasn\u2019t (B)"]
)
def test_what_an_answer_is_not_is_no_answer(text: str) -> None:
    choices = "Which?\n(A) red\n(B) blue\n(C) green"
    for verifier, gold in ((Choice(ChoiceOptions()), "B"), (Exact(ExactOptions()), "B")):
        (verdict,) = judged(verifier, gold, text, question=choices)
        assert (verdict.status, verdict.answer, verdict.rule) == (Status.WRONG, None, "negated")
    (verdict,) = judged(Choice(ChoiceOptions()), "C", f"{text} So the answer is C.", question=choices)
    assert verdict.status is Status.CORRECT


def test_agreement_of_most() -> None:
    verifier = Agreement(Agreement.Options())
    verdicts = judged(
        verifier,
        "99",
        "The answer is 10.",
        "Final Answer: 10.0",
        "#### ten",
        "The answer is 11.",
        "I do not know.",
    )
    assert statuses(verdicts) == ["correct", "correct", "correct", "wrong", "wrong"]
    assert verdicts[0].rule == "agreed-60"
    assert verdicts[3].rule == "outvoted-60"


def test_agreement_needs_a_majority() -> None:
    verifier = Agreement(Agreement.Options())
    for texts in (
        ["#### 1", "#### 2"],
        ["#### 1", "#### 1", "#### 2", "#### 2"],
        ["#### 1", "#### 1", "#### 2", "#### 3"],
    ):
        verdicts = judged(verifier, None, *texts)
        assert {(verdict.status, verdict.rule) for verdict in verdicts} == {
            (Status.UNVERIFIED, "no-majority")
        }, texts
    assert judged(verifier, None, "#### 1")[0].rule == "few"
    assert judged(verifier, None, "unknown", "unknown")[0].rule == "few"
    assert judged(Agreement(AgreementOptions(share=0.4)), None, "#### 1", "#### 1", "#### 2", "#### 3")[
        0
    ].rule == ("agreed-50")


def test_agreement_across_kinds_of_rationale() -> None:
    prose = [Answer("#### 5"), Answer("#### 5"), Answer("#### 5")]
    programs = [Answer("7", form="value"), Answer("5.0", form="value")]
    verifier = Agreement(Agreement.Options())
    alone = verifier.verify(problem(None), [*prose, programs[0]])
    assert {verdict.rule for verdict in alone} == {"no-majority"}
    both = verifier.verify(problem(None), [*prose, *programs])
    assert [verdict.status.value for verdict in both] == ["correct", "correct", "correct", "wrong", "correct"]
    one_is_enough = Agreement(AgreementOptions(forms=1)).verify(problem(None), [*prose, programs[0]])
    assert one_is_enough[0].rule == "agreed-70"


def test_agreement_of_words() -> None:
    verifier = Agreement(Agreement.Options())
    verdicts = judged(verifier, None, "The answer is Yes.", "The answer is yes", "The answer is No.")
    assert statuses(verdicts) == ["correct", "correct", "wrong"]


@pytest.mark.parametrize("options", [{"share": 1.0}, {"share": -0.1}, {"votes": 0}, {"forms": 0}])
def test_agreement_options(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        AgreementOptions(**options)
