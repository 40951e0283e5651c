"""How an answer becomes text, inside the process that ran the program.

Loaded by path inside the confined server: standard library only, nothing from siked. All names it
uses are bound before a program runs, so that a program which patches builtins only harms itself.
"""

from __future__ import annotations

import datetime
import types
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

LONGEST = 1024
"""Characters of an answer; a longer one is an error."""
OUTPUT = 1 << 20
"""Characters of printed output; a program that prints more is ended."""
_BITS = 3600
"""An int of more bits has more than 1,024 digits."""
_DEEPEST = 20


class NoAnswer(Exception):
    """The value is no answer; the message says why."""


class TooLong(Exception):
    """The text of the answer would be longer than :data:`LONGEST`."""


def _number(value: Any, text: str) -> str:
    if text.lower().strip("+-()") in ("nan", "inf", "infinity", "snan"):
        raise NoAnswer(f"the answer is {text}")
    return text


def _int(value: Any) -> str:
    if int.bit_length(value) > _BITS:
        raise TooLong
    return int.__repr__(value)


def _float(value: Any) -> str:
    return _number(value, float.__repr__(value))


def _complex(value: Any) -> str:
    if value != value or abs(value.real) == float("inf") or abs(value.imag) == float("inf"):
        raise NoAnswer("the answer is not finite")
    return complex.__repr__(value)


def _fraction(value: Any) -> str:
    numerator, denominator = _int(value.numerator), _int(value.denominator)
    return numerator if denominator == "1" else f"{numerator}/{denominator}"


def _decimal(value: Any) -> str:
    return _number(value, Decimal.__str__(value))


def _string(value: Any) -> str:
    if len(value) > 4 * LONGEST:
        raise TooLong
    text = str.strip(str.__str__(value))
    return _number(value, text) if len(text) < 12 else text


_SCALARS: dict[type, Callable[[Any], str]] = {
    bool: repr,
    int: _int,
    float: _float,
    complex: _complex,
    str: _string,
    Fraction: _fraction,
    Decimal: _decimal,
    datetime.datetime: str,
    datetime.date: str,
    datetime.time: str,
    datetime.timedelta: str,
}
_BASES = (bool, int, float, complex, str, Fraction, Decimal)
_SETS = (set, frozenset)
_SEQUENCES: tuple[type, ...] = (list, tuple, deque, range, type({}.values()), type({}.keys()))
_ITERATORS: tuple[type, ...] = (
    map,
    filter,
    zip,
    enumerate,
    reversed,
    types.GeneratorType,
    type(reversed([])),
)


class Writer:
    """Turns values into text. ``symbolic`` is sympy's module where it is loaded."""

    def __init__(self, symbolic: types.ModuleType | None = None) -> None:
        self._basic: type | None = getattr(symbolic, "Basic", None)
        self._print: Callable[[Any], str] = getattr(symbolic, "sstr", str)
        self._tuples = (symbolic.Tuple, symbolic.FiniteSet) if symbolic else ()
        self._matrices = (symbolic.MatrixBase,) if symbolic else ()
        self._several = self._tuples + self._matrices
        self._endless = tuple(
            getattr(symbolic.S, name) for name in ("NaN", "Infinity", "NegativeInfinity", "ComplexInfinity")
        ) if symbolic else ()  # fmt: skip

    def text(self, value: Any) -> str:
        """Return ``value`` as the text of an answer.

        Numbers as Python prints them, fractions as ``a/b``, a container of one element as that
        element, several joined with ``; ``. Raises :class:`NoAnswer` or :class:`TooLong`.
        """
        parts: list[str] = []
        length = 0
        for part in self._parts(value, 0):
            length += len(part) + 2
            if length > LONGEST + 2:
                raise TooLong
            parts.append(part)
        text = "; ".join(parts)
        if not text:
            raise NoAnswer("the answer is empty")
        return text

    def _parts(self, value: Any, depth: int) -> Iterator[str]:
        if depth > _DEEPEST:
            raise NoAnswer("the answer is nested too deeply")
        scalar = self._scalar(value)
        if scalar is not None:
            yield scalar
            return
        for item in self._items(value):
            yield from self._parts(item, depth + 1)

    def _scalar(self, value: Any) -> str | None:
        writer = _SCALARS.get(type(value))
        if writer is None:
            writer = next((_SCALARS[base] for base in _BASES if isinstance(value, base)), None)
        if writer is not None:
            return writer(value)
        if self._basic is None or not isinstance(value, self._basic) or isinstance(value, self._several):
            return None
        return self._symbolic(value)

    def _symbolic(self, value: Any) -> str:
        if value.has(*self._endless):
            raise NoAnswer(f"the answer is {value}")
        text = self._print(value)
        if len(text) > LONGEST:
            raise TooLong
        return text

    def _items(self, value: Any) -> Iterable[Any]:
        items: Any = value
        if isinstance(value, _SETS):
            return sorted(items, key=self._order)
        if isinstance(value, _SEQUENCES + _ITERATORS):
            return items  # type: ignore[no-any-return]
        if isinstance(value, Mapping):
            return value.values()
        if isinstance(value, self._tuples):
            return items.args  # type: ignore[no-any-return]
        if isinstance(value, self._matrices):
            return items.flat()  # type: ignore[no-any-return]
        raise NoAnswer(f"the answer is a {type(value).__name__}")

    def _order(self, value: Any) -> tuple[int, float, str]:
        # A set has no order of its own: numbers by value, then everything else by its text.
        text = "; ".join(self._parts(value, 0))
        try:
            return (0, float(value), text)
        except (TypeError, ValueError, OverflowError):
            return (1, 0.0, text)
