"""What an answer can be: a number, a clock time or ratio, several of these, or a word. All exact."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

MAX_DIGITS = 400
"""Numbers with more digits than this are no answers: nobody wrote them on purpose."""


@dataclass(frozen=True, slots=True)
class Number:
    """An exact number and how it was written."""

    value: Fraction
    places: int | None = None
    """Decimals as written; None where the writing is exact (a fraction, a word)."""
    text: str = ""
    """As written, without dress (``840/13``, ``1 1/2``); empty where the plain decimal will do."""
    percent: bool = False
    other: Fraction | None = None
    """A second reading: ``3 dozen`` is 3 where dozens are counted, else 36."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A clock time or a ratio, ``a:b`` or ``a:b:c``, not reduced."""

    parts: tuple[Fraction, ...]
    half: str = ""
    """``am`` or ``pm`` where it was written."""
    text: str = ""
    """As written (``5:05``); empty where the parts joined by colons will do."""


@dataclass(frozen=True, slots=True)
class Several:
    """Several values in the order of the text."""

    parts: tuple[Number | Pair, ...]


@dataclass(frozen=True, slots=True)
class Word:
    """A word or a few."""

    word: str


Value = Number | Pair | Several | Word


def text_of(value: Value) -> str:
    """Return the canonical text of ``value``.

    A plain decimal, a fraction ``a/b``, a mixed number ``1 1/2``, ``N%``, a clock time or ratio
    ``a:b``, several values ``a; b``, or a word.

    >>> text_of(Number(Fraction(-5, 2), places=1))
    '-2.5'
    >>> text_of(Pair((Fraction(3), Fraction(0)), half="pm", text="3:00"))
    '3:00'
    """
    if isinstance(value, Number):
        return _number_text(value)
    if isinstance(value, Pair):
        return _pair_text(value)
    if isinstance(value, Several):
        return "; ".join(text_of(part) for part in value.parts)
    return value.word


def decimal_text(value: Fraction) -> str:
    """Return a fraction as a plain decimal where it has an end, else as ``a/b``.

    >>> decimal_text(Fraction(1, 8)), decimal_text(Fraction(1, 3)), decimal_text(Fraction(-12))
    ('0.125', '1/3', '-12')
    """
    top, bottom = value.numerator, value.denominator
    if bottom == 1:
        return str(top)
    places = _places(bottom)
    if places is None:
        return f"{top}/{bottom}"
    digits = str(abs(top) * 10**places // bottom).rjust(places + 1, "0")
    sign = "-" if top < 0 else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}"


def _places(bottom: int) -> int | None:
    """Decimals that 1/bottom needs; None where it has no end or too many digits."""
    twos = fives = 0
    while bottom % 2 == 0:
        bottom //= 2
        twos += 1
    while bottom % 5 == 0:
        bottom //= 5
        fives += 1
    places = max(twos, fives)
    return places if bottom == 1 and places <= MAX_DIGITS else None


def _number_text(number: Number) -> str:
    if number.percent:
        return f"{number.text or decimal_text(number.value)}%"
    return number.text or decimal_text(number.value)


def _pair_text(pair: Pair) -> str:
    return pair.text or ":".join(decimal_text(part) for part in pair.parts)
