"""Whether what a component returned has the types that the contracts name.

Standard library only: a worker under another interpreter checks with it too.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import types
import typing
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, ClassVar, Literal, Union

Fits = Callable[[Any], bool]


def described(value: object, longest: int = 60) -> str:
    """Return a value for a line of an error: its type, and what it says where that is short."""
    try:
        text = repr(value)
    except Exception:
        text = ""
    if value is None or isinstance(value, bool):
        return text
    name = type(value).__name__
    line = " ".join(text.split())
    return f"{name} {line}" if 0 < len(line) <= longest and not line.startswith("<") else f"a {name}"


def misfit(record: Any) -> str:
    """Return which field of a record has not the type it is declared with, or nothing.

    ``record`` is an instance of a dataclass of :mod:`siked.records`.
    """
    cls: Any = type(record)
    for name, fits, hint in _fields(cls):
        value = getattr(record, name)
        if not fits(value):
            return f"{type(record).__name__}.{name} is {described(value)}; it is {hint}"
    return ""


def wrong(value: Any, *expected: type) -> str:
    """Return what is wrong with one record that has to be of one of the classes, or nothing."""
    if not isinstance(value, expected):
        return f"{described(value)}; it is {' or '.join(cls.__name__ for cls in expected)}"
    return misfit(value)


def several(value: Any, what: str) -> tuple[list[Any], str]:
    """Return ``value`` as a list and nothing, or an empty list and what is wrong with it."""
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        return [], f"{described(value)}; it is a sequence of {what}"
    return list(value), ""


@functools.cache
def _fields(cls: Any) -> tuple[tuple[str, Fits, str], ...]:
    hints = typing.get_type_hints(cls)
    shown = {field.name: str(field.type) for field in dataclasses.fields(cls)}
    return tuple((name, _fitting(hints[name]), text) for name, text in shown.items())


def _fitting(hint: Any) -> Fits:
    origin, inside = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any or origin is ClassVar:
        return lambda value: True
    if hint is None or hint is type(None):
        return lambda value: value is None
    if origin in (Union, types.UnionType):
        return _any([_fitting(part) for part in inside])
    if origin is Literal:
        return lambda value: any(value == part and type(value) is type(part) for part in inside)
    if hint is float:
        return lambda value: isinstance(value, int | float) and not isinstance(value, bool)
    if hint is int:
        return lambda value: isinstance(value, int) and not isinstance(value, bool)
    if origin is tuple and len(inside) == 2 and inside[1] is Ellipsis:
        return _all(tuple, _fitting(inside[0]))
    if origin is tuple:
        return _each([_fitting(part) for part in inside])
    if origin is frozenset:
        return _all(frozenset, _fitting(inside[0]))
    kind = origin or hint
    return lambda value: isinstance(value, kind)


def _any(parts: list[Fits]) -> Fits:
    return lambda value: any(fits(value) for fits in parts)


def _all(kind: type[Collection[Any]], fits: Fits) -> Fits:
    return lambda value: isinstance(value, kind) and all(map(fits, value))


def _each(parts: list[Fits]) -> Fits:
    def fits(value: Any) -> bool:
        return (
            isinstance(value, tuple)
            and len(value) == len(parts)
            and all(one(part) for one, part in zip(parts, value, strict=True))
        )

    return fits


def number(value: float, least: float) -> bool:
    """Whether a number is finite and at least ``least``."""
    return math.isfinite(value) and value >= least
