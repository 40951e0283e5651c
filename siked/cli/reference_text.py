"""How reference pages write what the code says: docstrings, fields, types, limits and defaults."""

from __future__ import annotations

import ast
import dataclasses
import enum
import inspect
import itertools
import re
import textwrap
import types
import typing
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import annotated_types

_ROLE = re.compile(r":(?:class|func|meth|mod|attr|data):`~?([^`]+)`")
HOMES = {"siked.contracts": "contracts.md", "siked.records": "records.md", "siked.errors": "errors.md"}
"""Module to the page that describes what is in it."""
_SIGNS = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤"}


def markdown(text: str) -> str:
    """Return a docstring as Markdown: roles become links or code, double backticks single ones."""
    text = inspect.cleandoc(text).replace("\\*", "*")
    return _ROLE.sub(_linked, text.replace("``", "`"))


def _linked(found: re.Match[str]) -> str:
    module, _, name = found[1].rpartition(".")
    page = HOMES.get(module)
    if page is None:
        return f"`{found[1]}`"
    return f"[`{name}`]({page})" if page == "errors.md" else f"[`{name}`]({page}#{name.lower()})"


def one_line(text: str) -> str:
    """Return the first paragraph of a docstring as one line of Markdown that fits into a table."""
    return cell(markdown(text.strip()).split("\n\n")[0])


def cell(text: str) -> str:
    """Return text that can stand in a cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table."""
    lines = [head, ["---"] * len(head), *rows]
    return [f"| {' | '.join(line)} |" for line in lines]


def said(record: type) -> dict[str, str]:
    """Return what the docstrings below the fields or members of a class's own say."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(record))).body
    assert isinstance(tree, ast.ClassDef)
    found: dict[str, str] = {}
    for field, below in itertools.pairwise(tree.body):
        match field, below:
            case (
                (ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)])),
                ast.Expr(value=ast.Constant(value=str() as text)),
            ):
                found[name] = markdown(text).replace("\n", " ")
    return found


def fields_list(record: type) -> list[str]:
    """Return a list of the fields of a dataclass, each with its type, default and meaning."""
    meanings: dict[str, str] = {}
    for base in reversed(record.__mro__):
        if dataclasses.is_dataclass(base):
            meanings.update(said(base))
    lines = []
    for field in dataclasses.fields(record):
        default = _default_of(field)
        shown = f" = {default!r}" if default is not dataclasses.MISSING else ""
        text = f"  \n  {meanings[field.name]}" if field.name in meanings else ""
        lines.append(f"- `{field.name}: {field.type}{shown}`{text}")
    return lines


def keys_list(record: type) -> list[str]:
    """Return a list of the keys of a TypedDict, each with its type and meaning."""
    meanings = said(record)
    hints = record.__annotations__
    kinds = {name: getattr(hint, "__forward_arg__", hint) for name, hint in hints.items()}
    return [
        f"- `{name}: {kind}`" + (f"  \n  {meanings[name]}" if name in meanings else "")
        for name, kind in kinds.items()
    ]


def _default_of(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


def shown(default: object) -> str:
    """Return a default as it is written in YAML."""
    if default is None:
        return "not set"
    if default == "":
        return "empty"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f"`{cell(str(default))}`"


def kind_and_limits(hint: Any, metadata: Iterable[Any] = ()) -> tuple[str, str]:
    """Return how a reader would call a type, and what its values may be."""
    marks = list(metadata)
    while typing.get_origin(hint) is typing.Annotated:
        hint, *more = typing.get_args(hint)
        marks += more
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        parts = [part for part in typing.get_args(hint) if part is not type(None)]
        both = [kind_and_limits(part) for part in parts]
        kinds = " or ".join(dict.fromkeys(kind for kind, _ in both))
        return kinds, _joined([*(limit for _, limit in both), *map(_limit, marks)])
    if typing.get_origin(hint) is Literal:
        choices = ", ".join(f"`{choice}`" for choice in typing.get_args(hint))
        return "text", _joined([choices, *map(_limit, marks)])
    return _kind(hint), _joined([*_members(hint), *map(_limit, marks)])


def _kind(hint: Any) -> str:
    origin = typing.get_origin(hint)
    if origin in (list, tuple):
        return f"list of {kind_and_limits(typing.get_args(hint)[0])[0]}"
    if origin is dict or hint is dict:
        return "mapping"
    names: dict[Any, str] = {str: "text", int: "integer", float: "number", bool: "`true` or `false`"}
    return names.get(hint, "any value" if hint is Any else "section")


def _members(hint: Any) -> list[str]:
    if typing.get_origin(hint) in (list, tuple):
        return [kind_and_limits(typing.get_args(hint)[0])[1]]
    return []


def _limit(mark: Any) -> str:
    if isinstance(mark, annotated_types.MinLen):
        return f"at least {mark.min_length}"
    return ", ".join(f"{sign} {getattr(mark, name)}" for name, sign in _SIGNS.items() if hasattr(mark, name))


def _joined(parts: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(part for part in parts if part))


def members(record: type[enum.Enum]) -> list[str]:
    """Return a list of an enumeration's values, each with its meaning."""
    meanings = said(record)
    return [
        f"- `{member.value}`" + (f"  \n  {meanings[member.name]}" if member.name in meanings else "")
        for member in record
    ]
