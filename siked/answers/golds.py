"""Reading a gold answer in its data set's dress: ``1,080``, ``9 (apples)``, ``17 (years); 12 (years)``."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from siked.answers import normalize
from siked.answers.expressions import VARIABLE
from siked.answers.numbers import Quantity, quantities
from siked.answers.values import Number, Pair, Several, Value, Word

Kind = Literal["number", "pair", "several", "word", "bad"]

_BAD = frozenset(
    (
        "",
        "nan",
        "inf",
        "-inf",
        "+inf",
        "infinity",
        "-infinity",
        "x",
        "none",
        "null",
        "?",
        "n/a",
        "unknown",
        "not found",
    )
)
_UNIT = re.compile(r"\s*\([^()]*\)\s*\.?\s*$")
_NEGATIVE_PAREN = re.compile(r"^-\s*\(([^()]+)\)$")
_TAIL = re.compile(r"^[A-Za-z%°'./ ^²³-]*\d?\s*\.?$")
_ORDINAL = re.compile(r"^\W*(?:the\s+)?\d+(?:st|nd|rd|th)\b", re.IGNORECASE)
_TUPLE = re.compile(r"[(\[{][^()]*,[^()]*[)\]}]")
_ARTICLE = re.compile(r"^(?:the|an?)\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Gold:
    """A gold answer as a value."""

    kind: Kind
    value: Value
    whole: bool = False
    """The gold is one whole number: nothing is rounded."""
    ordinal: bool = False
    """The gold is a place in an order (``6th``)."""

    @property
    def count(self) -> int:
        """How many values it has."""
        return len(self.value.parts) if isinstance(self.value, Several) else 1


@lru_cache(maxsize=4096)
def read_gold(text: str) -> Gold:
    """Read a gold: ``bad`` is one that nothing meets, ``word`` one that is no value."""
    shown = text.strip()[:2000]
    if shown.lower() in _BAD:
        return Gold("bad", Word(shown))
    pieces = [piece for piece in shown.split(";") if piece.strip()]
    if len(pieces) > 1:
        values = [_one(piece) for piece in pieces]
        if all(value is not None for value in values):
            return Gold("several", Several(tuple(value for value in values if value is not None)))
    value = _one(shown)
    if value is None:
        several = _enumerated(shown)
        return Gold("several", several) if several is not None else Gold("word", Word(shown))
    if isinstance(value, Pair):
        return Gold("pair", value)
    ordinal = _ORDINAL.search(shown) is not None
    return Gold("number", value, value.value.denominator == 1, ordinal)


def _plain(text: str) -> str:
    text = _UNIT.sub("", text) if re.search(r"\d\s*\S*\s*\(", text) else text
    shown = normalize.plain(text.strip()).strip()
    negative = _NEGATIVE_PAREN.match(shown)
    shown = f"-{negative[1].strip()}" if negative is not None else shown
    return _ARTICLE.sub("", shown)


def _one(text: str) -> Number | Pair | None:
    shown = _plain(text)
    found = quantities(shown)
    if len(found) != 1 or not _whole(shown, found[0]) or VARIABLE.search(shown):
        return None
    if _TUPLE.match(text.strip()):
        return None
    return found[0].value


def _whole(shown: str, one: Quantity) -> bool:
    """Is the quantity all there is, but for a unit behind it?"""
    if one.value is None or one.attached or shown[: one.start].strip():
        return False
    tail = shown[one.end :]
    if one.spelled:
        return not tail.strip(" .")
    return _TAIL.match(tail) is not None and len(tail) <= 40 and not re.match(r"\s*[+*^/=-]|\s*[xyn]\b", tail)


def _enumerated(text: str) -> Several | None:
    """``17, 12`` and ``17 and 12`` are several values."""
    shown = _plain(text).strip("()[] ")
    pieces = re.split(r"\s*,\s+|\s+and\s+|\s*,\s*(?=\d+\s*(?:,|$))", shown)
    if len(pieces) < 2:
        return None
    values = [_one(piece) for piece in pieces]
    if any(value is None for value in values):
        return None
    return Several(tuple(value for value in values if value is not None))


def as_percent(number: Number) -> Number:
    """``20%`` as 0.2."""
    places = number.places + 2 if number.places is not None else None
    return replace(number, value=number.value / 100, places=places, percent=False)
