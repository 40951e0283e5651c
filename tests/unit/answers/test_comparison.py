"""The comparison half of the policy, as a table, and golds in their data sets' dress."""

from __future__ import annotations

from fractions import Fraction

import pytest

from siked.answers import (
    How,
    Number,
    Pair,
    Several,
    Where,
    Why,
    Word,
    equal,
    extract,
    judge,
    read_gold,
    text_of,
)
from siked.records import Answer


def how(gold: str, answer: str) -> str:
    return judge(gold, Answer(answer, form="value")).rule.partition("/")[2]


@pytest.mark.parametrize(
    ("gold", "answer", "wanted"),
    [
        ("18", "18", How.EXACT),
        ("18", "18.0000001", How.EXACT),
        ("18", "18.00001", How.DIFFERENT),
        ("18", "17.99", How.DIFFERENT),
        ("22090603.0", "22090604", How.DIFFERENT),
        ("0.3", "0.30000000000000004", How.EXACT),
        ("1000000.5", "1000000.6", How.EXACT),
        ("10/3", "3.33", How.ROUNDED),
        ("10/3", "3.3", How.DIFFERENT),
        ("3.33", "10/3", How.ROUNDED),
        ("3.333", "3.33", How.ROUNDED),
        ("3.33", "3.34", How.DIFFERENT),
        ("0.125", "0.13", How.ROUNDED),
        ("0.125", "0.12", How.ROUNDED),
        ("0.125", "0.14", How.DIFFERENT),
        ("0.5", "0.50", How.EXACT),
        ("20", "20%", How.EXACT),
        ("0.2", "20%", How.PERCENT),
        ("1/3", "33.33%", How.PERCENT),
        ("1", "100%", How.DIFFERENT),
        ("20%", "20", How.EXACT),
        ("20%", "0.2", How.PERCENT),
        ("20%", "1/5", How.PERCENT),
        ("20%", "2", How.DIFFERENT),
        ("6th", "6", How.EXACT),
        ("6", "6th", How.EXACT),
        ("5:6", "5:6", How.RATIO),
        ("5:6", "10:12", How.DIFFERENT),
        ("3:30 p.m.", "3:30", How.CLOCK),
        ("3:30 p.m.", "3:30 a.m.", How.DIFFERENT),
        ("3:30 p.m.", "15:30", How.CLOCK),
        ("12:30 a.m.", "0:30", How.CLOCK),
        ("9:03:36 a.m.", "9:03:36", How.CLOCK),
        ("9:03:36 a.m.", "9:03", How.DIFFERENT),
        ("3:00", "3", How.CLOCK),
        ("3", "3:00", How.CLOCK),
        ("3", "3:01", How.DIFFERENT),
        ("17; 12", "17; 12", How.SEVERAL),
        ("17; 12", "12; 17", How.DIFFERENT),
        ("17; 12", "17; 12; 9", How.DIFFERENT),
        ("1/3; 2/3", "0.33; 0.67", How.SEVERAL),
        ("Yes", "yes", How.WORD),
        ("Yes", "True", How.WORD),
        ("They are equal", "equal", How.WORD),
        ("February 3rd", "February 3", How.WORD),
        ("Rug B", "Rug A", How.DIFFERENT),
        ("x^2+1", "x^2 + 1", How.WORD),
        ("x^2+1", "x^2 - 1", How.DIFFERENT),
    ],
)
def test_comparison(gold: str, answer: str, wanted: How) -> None:
    assert how(gold, answer) == wanted


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("1,080", "number", Fraction(1080)),
        ("109,200,000", "number", Fraction(109_200_000)),
        ("145.0", "number", Fraction(145)),
        ("9 (apples)", "number", Fraction(9)),
        ("14  (seats)", "number", Fraction(14)),
        ("0.72 (dollars)", "number", Fraction(18, 25)),
        ("128 (sq. ft)", "number", Fraction(128)),
        ("3 (km/hour)", "number", Fraction(3)),
        ("-7", "number", Fraction(-7)),
        ("$18", "number", Fraction(18)),
        ("5/2", "number", Fraction(5, 2)),
        ("-(1/3)", "number", Fraction(-1, 3)),
        ("6th", "number", Fraction(6)),
        ("The 60th caller.", "number", Fraction(60)),
        ("twelve", "number", Fraction(12)),
        ("\\frac{1}{2}", "number", Fraction(1, 2)),
    ],
)
def test_golds_that_are_numbers(text: str, kind: str, value: Fraction) -> None:
    gold = read_gold(text)
    assert gold.kind == kind
    assert isinstance(gold.value, Number)
    assert gold.value.value == value


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("5:6", "pair"),
        ("3:30 p.m.", "pair"),
        ("9:03:36 a.m.", "pair"),
        ("17 (years old); 12 (years old)", "several"),
        ("30 (girls); 15 (boys)", "several"),
        ("11; 12; 13", "several"),
        ("(1, 2)", "several"),
        ("(1,2)", "several"),
        ("Yes", "word"),
        ("Rug B", "word"),
        ("Vendor 2", "word"),
        ("February 3rd", "word"),
        ("11:55 p.m. on 24 December 2014.", "word"),
        ("2\\sqrt{3}", "word"),
        ("2x + 1", "word"),
        ("nan", "bad"),
        ("x", "bad"),
        ("", "bad"),
        ("  ", "bad"),
    ],
)
def test_other_golds(text: str, kind: str) -> None:
    assert read_gold(text).kind == kind


def test_values_of_golds() -> None:
    assert isinstance(read_gold("5:45").value, Pair)
    several = read_gold("3.5 (dollars); 1.8 (dollars)").value
    assert isinstance(several, Several)
    assert text_of(several) == "3.5; 1.8"
    assert isinstance(read_gold("Yes").value, Word)


def test_the_two_halves_can_be_used_apart() -> None:
    found = extract(Answer("Half of 14.50 is 7.25. The answer is $7.25."))
    assert (found.text, found.rule) == ("7.25", Where.ANSWER_IS)
    assert equal("7.25", found) is How.EXACT
    assert equal("29/4", found) is How.EXACT
    assert equal("7.24", found) is How.DIFFERENT
    nothing = extract(Answer("I do not know."))
    assert (nothing.value, nothing.rule) == (None, Why.REFUSAL)
    assert equal("0", nothing) is How.DIFFERENT


def test_no_gold_is_no_verdict() -> None:
    judged = judge(None, Answer("The answer is 5."))
    assert (judged.correct, judged.found.text, judged.rule) == (None, "5", "no-gold")
