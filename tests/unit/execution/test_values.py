"""Answers become text the way the documentation says."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction
from typing import Any

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from siked.execution.values import NoAnswer, TooLong, Writer

WRITER = Writer(sympy)
X = sympy.Symbol("x")


class Coin(IntEnum):
    DIME = 10


class Loud(str):
    def __str__(self) -> str:
        return "forged"

    strip = __str__  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (42, "42"),
        (-3.5, "-3.5"),
        (1e22, "1e+22"),
        (True, "True"),
        (2 + 1j, "(2+1j)"),
        (" Tom ", "Tom"),
        (Fraction(3, 4), "3/4"),
        (Fraction(8, 2), "4"),
        (Decimal("2.50"), "2.50"),
        (date(2024, 2, 29), "2024-02-29"),
        (timedelta(hours=26), "1 day, 2:00:00"),
        (Coin.DIME, "10"),
        (Loud("5"), "5"),
        ([7], "7"),
        ([[7]], "7"),
        ([1, Fraction(1, 2), "x"], "1; 1/2; x"),
        ((1, (2, 3)), "1; 2; 3"),
        ({3, 1, 2}, "1; 2; 3"),
        ({"b", "a"}, "a; b"),
        ({"x": 4}, "4"),
        (OrderedDict(a=1, b=2), "1; 2"),
        (range(3), "0; 1; 2"),
        (deque([1]), "1"),
        ({"a": 5}.values(), "5"),
        (map(str, [1, 2]), "1; 2"),
        (sympy.Integer(6), "6"),
        (sympy.Rational(6, 4), "3/2"),
        (sympy.sqrt(8), "2*sqrt(2)"),
        (X + 1, "x + 1"),
        ([sympy.Integer(2), sympy.Integer(3)], "2; 3"),
        ({X: sympy.Rational(1, 3)}, "1/3"),
        (sympy.FiniteSet(1, 2), "1; 2"),
        (sympy.Tuple(1, 2), "1; 2"),
        (sympy.Matrix([[5]]), "5"),
        (sympy.true, "True"),
    ],
)
def test_text_of_a_value(value: Any, text: str) -> None:
    assert WRITER.text(value) == text


@pytest.mark.parametrize(
    "value",
    [
        float("nan"), float("inf"), -float("inf"), "nan", "-inf", [1, float("nan")], Decimal("NaN"),
        Decimal("-Infinity"), complex("nan"), sympy.nan, sympy.oo, sympy.zoo, X * sympy.oo, [], "", "  ", {},
        [None], object(), print, ..., b"x", {"a": {}},
    ],
)  # fmt: skip
def test_what_is_no_answer(value: Any) -> None:
    with pytest.raises(NoAnswer):
        WRITER.text(value)


def test_a_list_in_itself_is_no_answer() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(NoAnswer):
        WRITER.text(endless)


@pytest.mark.parametrize(
    "make",
    [
        lambda: 10**1024,
        lambda: 10**100_000,
        lambda: "x" * 1025,
        lambda: list(range(1000)),
        lambda: range(10**12),
        lambda: Fraction(1, 10**2000),
        lambda: (1 for _ in iter(int, 1)),
    ],
)
def test_what_is_too_long(make: Callable[[], Any]) -> None:
    value = make()
    with pytest.raises(TooLong):
        WRITER.text(value)


def test_the_longest_answer() -> None:
    assert len(WRITER.text(10**1023)) == 1024
    assert len(WRITER.text("x" * 1024)) == 1024


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.fractions())
def test_numbers_read_back(value: Any) -> None:
    text = WRITER.text(value)
    assert (Fraction(text) if "/" in text or not isinstance(value, float) else float(text)) == value
