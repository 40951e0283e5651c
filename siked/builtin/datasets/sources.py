"""Where data sets come from: local files in upstream format, or the Hugging Face Hub at one revision."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from siked.errors import DataError, MissingExtra
from siked.records import DevProblem, Problem, SplitName, TestProblem, TrainProblem
from siked.text.jsonlines import Number as Number
from siked.text.jsonlines import chunks, json_value
from siked.text.jsonlines import json_object as json_object

PROBLEM_TYPES: Mapping[SplitName, type[Problem]] = {
    "train": TrainProblem,
    "dev": DevProblem,
    "test": TestProblem,
}

_ZERO_WIDTH = str.maketrans("", "", "\u200b\u200c\u200d\u2060\ufeff")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceOptions:
    """Where a public data set is read from."""

    data_dir: str | None = field(
        default=None,
        metadata={"help": "Folder with the upstream files; without it they come from the Hugging Face Hub."},
    )
    cache_dir: str | None = field(
        default=None, metadata={"help": "Folder of the Hugging Face cache; the usual one by default."}
    )

    skip_bad: bool = field(
        default=False,
        metadata={"help": "Count damaged problems and go on, instead of stopping there."},
    )


@dataclass(frozen=True, slots=True)
class HubSource:
    """A data set repository on the Hub, pinned to a commit."""

    repo: str
    revision: str


class SourceDataset:
    """What a data set tells about the problems it has loaded, split by split."""

    def __init__(self, skip_bad: bool) -> None:
        self._skip_bad = skip_bad
        self._notes: dict[str, list[str]] = {}
        self._skipped: dict[str, int] = {}

    @property
    def notes(self) -> list[str]:
        """Lines that a user should see."""
        return [note for notes in self._notes.values() for note in notes]

    @property
    def skipped(self) -> int:
        """Damaged problems that were left out."""
        return sum(self._skipped.values())

    def _note(self, split: str, note: str) -> None:
        self._notes.setdefault(split, []).append(note)

    def _size(self, split: str, found: int, upstream: int) -> None:
        """Say so where a file has another number of problems than upstream's."""
        if found != upstream:
            self._note(split, f"{split}: {found} problems, upstream has {upstream}")

    def _made(self, split: str, path: object, makers: Iterable[Callable[[], Problem]]) -> list[Problem]:
        """Make the problems of a split; a damaged one raises :class:`DataError` or is counted."""
        problems: list[Problem] = []
        self._skipped[split] = 0
        first = ""
        for make in makers:
            try:
                problems.append(make())
            except DataError as error:
                if not self._skip_bad:
                    raise
                self._skipped[split] += 1
                where = f"line {error.line}: " if error.line is not None else ""
                first = first or f"{where}{error.reason}"
        if self._skipped[split]:
            self._note(split, f"{path}: {self._skipped[split]} damaged problems left out (first: {first})")
        return problems


def clean(text: str) -> str:
    """Return ``text`` with white space folded to single spaces and zero-width characters removed."""
    return " ".join(text.translate(_ZERO_WIDTH).split())


def number(value: object, path: object, line: int | None) -> str:
    """Return an upstream number as text, a whole one without ``.0``; :class:`DataError` otherwise."""
    try:
        parsed = float(str(value))
    except ValueError:
        parsed = math.nan
    if not math.isfinite(parsed):
        raise DataError(path, line, f"{value!r} is no number")
    return str(int(parsed)) if parsed.is_integer() else repr(parsed)


def local_file(data_dir: str, candidates: Sequence[str]) -> Path:
    """Return the first of ``candidates`` (relative paths) that is in ``data_dir``.

    ``data_dir`` may also be the file itself. Raises :class:`DataError` naming what was looked for.
    """
    folder = Path(data_dir).expanduser()
    if folder.is_file() and folder.name in {Path(name).name for name in candidates}:
        return folder
    for name in candidates:
        if (folder / name).is_file():
            return folder / name
    if not folder.exists():
        raise DataError(data_dir, None, "is not there")
    raise DataError(data_dir, None, f"has none of {', '.join(candidates)}")


def hub_file(source: HubSource, filename: str, cache_dir: str | None) -> Path:
    """Return the local copy of a file on the Hub, fetched unless the cache has it.

    Raises :class:`MissingExtra` without ``huggingface_hub`` and :class:`DataError` where the file
    is neither cached nor reachable.
    """
    try:
        from huggingface_hub import hf_hub_download
    except ImportError as error:
        raise MissingExtra(f"the data set {source.repo} from the Hugging Face Hub", "train") from error
    try:
        path = hf_hub_download(
            source.repo, filename, repo_type="dataset", revision=source.revision, cache_dir=cache_dir
        )
    except Exception as error:  # the Hub client raises errors of several libraries
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise DataError(
            f"{source.repo}/{filename}",
            None,
            f"cannot be fetched from the Hub ({reason}); name a folder with the files: --data-dir",
        ) from error
    return Path(path)


def raw_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield (line number, line) of a file, blank lines left out."""
    try:
        with path.open("rb") as file:
            for lines in chunks(file):
                yield from lines
    except OSError as error:
        raise DataError(path, None, f"cannot be read: {error.strerror}") from error


def json_list(path: Path) -> list[Mapping[str, Any]]:
    """Read a file that holds one JSON list of objects."""
    try:
        rows = json_value(path.read_bytes(), path, None)
    except OSError as error:
        raise DataError(path, None, f"cannot be read: {error.strerror}") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise DataError(path, None, "is not a JSON list of objects")
    return rows


def parquet_rows(path: Path) -> list[Mapping[str, Any]]:
    """Read a Parquet file whole."""
    try:
        parquet = importlib.import_module("pyarrow.parquet")  # it has no types
    except ImportError as error:
        raise MissingExtra("reading Parquet files from the Hugging Face Hub", "train") from error
    try:
        rows: list[Mapping[str, Any]] = parquet.read_table(path).to_pylist()
    except (OSError, ValueError) as error:
        raise DataError(path, None, f"is not a Parquet file: {error}") from error
    return rows


def text_field(row: Mapping[str, Any], key: str, path: object, line: int | None) -> str:
    """Return a field that must hold text."""
    value = row.get(key)
    if not isinstance(value, str) or isinstance(value, Number) or not value.strip():
        there = f"; its keys: {', '.join(map(str, row))}" if key not in row else ""
        raise DataError(path, line, f"has no text in {key!r}{there}")
    return value
