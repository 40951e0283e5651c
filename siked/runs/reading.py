"""Reading what a run folder holds beside its journal; the folder may come from anywhere."""

from __future__ import annotations

import fcntl
import json
import os
import types
import typing
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from siked.errors import UsageError
from siked.files import check_file, read_text
from siked.summaries import Summary
from siked.text.terminal import one_line

TRACEBACK = "SIKED_TRACEBACK"
"""Environment variable that, where it is set, lets errors of reading a run through as they are."""
_MISFITS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
LARGEST = 1e15
"""A number in a summary at most, either way."""


def read_summary(folder: Path) -> Summary:
    """Return what stands in the summary.json of a run.

    Raises :class:`UsageError` where the run is not finished, and where the file is none of siked's.
    """
    path = folder / "summary.json"
    if not path.exists():
        raise UsageError(f"{folder}: not finished; type: siked resume {folder}")
    values = read_json(path)
    try:
        _check(values, Summary, "summary")
        _check_numbers(values)
    except (ValueError, RecursionError) as error:
        raise _torn(path, one_line(str(error))) from None
    summary: Summary = values
    if not summary.get("iterations"):
        raise _torn(path, "it has no iterations")
    return summary


def read_json(path: Path) -> Any:
    """Return the JSON of a file; raises :class:`UsageError` where it is damaged or long."""
    try:
        return json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise _torn(path, str(error)) from None


def is_worked_on(folder: Path) -> bool:
    """Whether a process holds the lock of a run."""
    check_file(folder / "lock")
    try:
        descriptor = os.open(folder / "lock", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


@contextmanager
def shown(folder: Path) -> Iterator[None]:
    """Read a run to show it: what does not fit together there ends in a :class:`UsageError`, as nobody
    knows who wrote it."""
    try:
        yield
    except _MISFITS as error:
        if os.environ.get(TRACEBACK):
            raise
        raise UsageError(
            f"{folder}: what is written there does not fit together"
            f" ({type(error).__name__}: {one_line(str(error))}); with {TRACEBACK}=1 it is told where"
        ) from error


def _torn(path: Path, why: str) -> UsageError:
    return UsageError(
        f"{path} is damaged, or no file of siked's ({why}); write it anew: siked resume {path.parent}"
    )


def _check(value: Any, hint: Any, where: str) -> None:
    """Raise ValueError where a value is not of a type made of TypedDicts, lists, dicts and plain types."""
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if typing.is_typeddict(hint):
        _check(value, dict, where)
        # A key that is missing may be one that an older siked did not write.
        for key, part in typing.get_type_hints(hint, include_extras=True).items():
            optional = typing.get_origin(part) is typing.NotRequired
            if key in value:
                _check(value[key], typing.get_args(part)[0] if optional else part, f"{where}.{key}")
    elif origin is types.UnionType:
        if value is not None:  # the only unions there are
            _check(value, next(part for part in parts if part is not type(None)), where)
    elif origin is list:
        _check(value, list, where)
        for at, one in enumerate(value):
            _check(one, parts[0], f"{where}.{at}")
    elif origin is dict:
        _check(value, dict, where)
        for key, one in value.items():
            _check(one, parts[1], f"{where}.{key}")
    elif hint is not Any and not _is(value, hint):
        raise ValueError(f"{where} is no {hint.__name__}")


def _is(value: Any, kind: Any) -> bool:
    if kind is float:
        return type(value) in (int, float)
    return type(value) is kind


def _check_numbers(value: Any) -> None:
    """Raise ValueError for a number that no measurement gives: formatting it would fail or take long."""
    if isinstance(value, dict):
        for one in value.values():
            _check_numbers(one)
    elif isinstance(value, list):
        for one in value:
            _check_numbers(one)
    elif isinstance(value, int | float) and not abs(value) <= LARGEST:
        raise ValueError("a number is out of all bounds")
