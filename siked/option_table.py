"""What the options of a component are: type, default, limits and meaning, read from its ``Options``."""

from __future__ import annotations

import dataclasses
import types
import typing
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Literal, Union

LIMITS = {"gt": "above", "ge": "at least", "lt": "below", "le": "at most"}
"""Attributes of the limits of ``annotated_types`` by the words for them."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a component."""

    name: str
    type: str
    default: str
    """As it is written in YAML; ``required`` where there is none."""
    limits: str
    """Such as ``above 0``; empty where there are none but the type's."""
    help: str


def option_table(cls: type[Any]) -> list[Option]:
    """Return the options of a component's class, in the order of its ``Options``.

    Raises what its annotations raise where they name no type.
    """
    hints = typing.get_type_hints(cls.Options, include_extras=True)
    return [
        Option(
            name=field.name,
            type=type_text(hints[field.name]),
            default=_default(field),
            limits=limits_text(hints[field.name]),
            help=str(field.metadata.get("help", "")),
        )
        for field in dataclasses.fields(cls.Options)
        if field.init
    ]


def type_text(hint: Any) -> str:
    """Return a type as a reader writes it: ``number or not set``, ``one of a, b``."""
    origin, inside = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        return type_text(inside[0])
    if hint is None or hint is type(None):
        return "not set"
    if origin in (Union, types.UnionType):
        return " or ".join(type_text(part) for part in inside)
    if origin is Literal:
        return "one of " + ", ".join(map(str, inside))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return "one of " + ", ".join(str(member.value) for member in hint)
    if origin in (list, tuple, set, frozenset) or getattr(origin, "__name__", "") in ("Sequence", "Iterable"):
        parts = [part for part in inside if part is not Ellipsis]
        return f"list of {type_text(parts[0])}" if parts else "list"
    if origin is dict or getattr(origin, "__name__", "") == "Mapping":
        return "mapping"
    words = {str: "text", int: "whole number", float: "number", bool: "true or false", Any: "anything"}
    return words.get(hint, getattr(hint, "__name__", str(hint)))


def limits_text(hint: Any) -> str:
    """Return the limits of an ``Annotated`` type, of its parts too."""
    found: list[str] = []
    for part in getattr(hint, "__metadata__", ()):
        for name, word in LIMITS.items():
            value = getattr(part, name, None)
            if value is not None:
                found.append(f"{word} {value:g}" if isinstance(value, int | float) else f"{word} {value}")
    for part in typing.get_args(hint):
        inner = limits_text(part)
        if inner and inner not in found:
            found.append(inner)
    return ", ".join(found)


def _default(field: dataclasses.Field[Any]) -> str:
    if field.default is not dataclasses.MISSING:
        value = field.default
    elif field.default_factory is not dataclasses.MISSING:
        value = field.default_factory()
    else:
        return "required"
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        value = list(value)
    return str(value) if value != "" else '""'
