"""JSON lines from anywhere: bounded, numbered, and with the place of what is wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import IO, Any, Generic, TypeVar

from siked.errors import DataError

LONGEST = 8 << 20
"""Bytes of a line; a longer one is bad."""
CHUNK = 64 << 10
"""Bytes read at a time: what of a pipe is there is read at once, and no more is held."""

T = TypeVar("T")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class Number(str):
    """A JSON number as it was written: ``1.10`` stays ``1.10``."""

    __slots__ = ()


class Rows(Generic[T]):
    """What the lines of a file hold.

    ``read`` makes a row of a JSON value, whose numbers are Python's, and raises ValueError with what is
    wrong. Bad lines are counted in ``bad`` where ``skip_bad`` is set; else the first one ends it.
    """

    def __init__(self, file: IO[bytes], read: Callable[[Any], T], skip_bad: bool = False) -> None:
        self.bad = 0
        self._file = file
        self._name = getattr(file, "name", "-")
        self._read = read
        self._skip_bad = skip_bad

    def batches(self) -> Iterator[list[T]]:
        """Yield as many rows at a time as one read brings.

        Raises :class:`DataError` at a bad line, once what stood before it has been yielded.
        """
        for lines in chunks(self._file):
            rows: list[T] = []
            for number, raw in lines:
                try:
                    rows.append(self._row(number, raw))
                except DataError:
                    if not self._skip_bad:
                        yield rows
                        raise
                    self.bad += 1
            yield rows

    def _row(self, number: int, raw: bytes) -> T:
        value = json_value(raw, self._name, number, exact=False)
        try:
            return self._read(value)
        except ValueError as error:
            raise DataError(self._name, number, str(error)) from None


def chunks(file: IO[bytes]) -> Iterator[list[tuple[int, bytes]]]:
    """Yield (line number from 1, line) of each read, blank lines left out.

    Of a line that is longer than :data:`LONGEST` only the beginning is kept, which is too long as well.
    """
    read = getattr(file, "read1", file.read)
    number, rest = 0, b""
    while data := read(CHUNK):
        *whole, rest = (rest + data).split(b"\n")
        if len(rest) > LONGEST + CHUNK:
            rest = rest[: LONGEST + 1]
        if whole:
            yield _numbered(whole, number)
            number += len(whole)
    if rest:
        yield _numbered([rest], number)


def json_object(raw: bytes, path: object, line: int | None) -> dict[str, Any]:
    """Parse one JSON object as :func:`json_value` does."""
    row = json_value(raw, path, line)
    if not isinstance(row, dict):
        raise DataError(path, line, "is not a JSON object")
    return row


def json_value(raw: bytes, path: object, line: int | None, *, exact: bool = True) -> Any:
    """Parse a line, or with ``line`` None a file of any size.

    ``NaN``, other encodings than UTF-8, damage and a line that is too long are a :class:`DataError`. So is
    half a character where ``exact`` is set, and numbers come as :class:`Number` then.
    """
    if line is not None and len(raw) > LONGEST:
        raise DataError(path, line, f"is longer than {LONGEST} bytes")
    numbers: dict[str, Any] = {"parse_int": Number, "parse_float": Number} if exact else {}
    try:
        text = raw.decode("utf-8-sig")
        value = json.loads(text, parse_constant=_no_constant, **numbers)
    except UnicodeDecodeError as error:
        raise DataError(path, line, f"is not UTF-8 (byte {error.start})") from error
    except json.JSONDecodeError as error:
        where = f"column {error.colno}" if line is not None else f"line {error.lineno}"
        raise DataError(path, line, f"is not JSON: {error.msg} ({where})") from error
    except (ValueError, RecursionError) as error:
        raise DataError(path, line, f"is not JSON: {error}") from error
    if exact and _SURROGATE.search(text) and _has_half_character(value):
        raise DataError(path, line, "holds half a character (an unpaired surrogate)")
    return value


def _numbered(lines: Iterable[bytes], before: int) -> list[tuple[int, bytes]]:
    return [(number, raw) for number, raw in enumerate(lines, start=before + 1) if raw.strip()]


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not allowed")


def _has_half_character(value: Any) -> bool:
    if isinstance(value, str):
        return any("\ud800" <= c <= "\udfff" for c in value)
    if isinstance(value, dict):
        return any(_has_half_character(part) for pair in value.items() for part in pair)
    return isinstance(value, list) and any(map(_has_half_character, value))
