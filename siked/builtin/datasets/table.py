"""A user's own problems from a table: CSV, Parquet, JSON, JSON lines, or any data set of the Hub."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from siked.builtin.datasets.sources import (
    PROBLEM_TYPES,
    Number,
    SourceDataset,
    json_list,
    json_object,
    number,
    parquet_rows,
    raw_lines,
)
from siked.errors import ConfigError, DataError, MissingExtra
from siked.records import Problem, SplitName

SUFFIXES = (".csv", ".tsv", ".parquet", ".json", ".jsonl")
LONGEST = 20_000
"""Characters at the end of a cell in which ``gold_pattern`` is looked for."""
SECONDS = 1.0
"""What looking for ``gold_pattern`` in one cell may take."""
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableOptions:
    """Where the rows are and what their columns mean."""

    path: str | None = field(
        default=None,
        metadata={"help": "A folder with train, dev and test files, or one file of training problems."},
    )
    data_dir: str | None = field(default=None, metadata={"help": "The same as path."})
    path_train: str | None = field(default=None, metadata={"help": "The training problems."})
    path_dev: str | None = field(default=None, metadata={"help": "The dev problems."})
    path_test: str | None = field(default=None, metadata={"help": "The test problems."})
    hub: str | None = field(
        default=None, metadata={"help": "A data set of the Hugging Face Hub, such as owner/name."}
    )
    hub_config: str | None = field(
        default=None, metadata={"help": "Its configuration, where it has several."}
    )
    revision: str | None = field(default=None, metadata={"help": "Its commit, branch or tag."})
    split_train: str = field(default="train", metadata={"help": "Its split of training problems."})
    split_dev: str = field(default="validation", metadata={"help": "Its split of dev problems."})
    split_test: str = field(default="test", metadata={"help": "Its split of test problems."})
    question: str | list[str] = field(
        default="question", metadata={"help": "Column of the question; several are joined by a space."}
    )
    gold: str = field(default="gold", metadata={"help": "Column of the gold answer."})
    gold_pattern: str | None = field(
        default=None,
        metadata={"help": "Regular expression; its last match in the column is the gold, or its group 1."},
    )
    id: str | None = field(default=None, metadata={"help": "Column of the id; by default rows are numbered."})
    family: str | None = field(default=None, metadata={"help": "Column of a label for tables."})
    delimiter: str | None = field(
        default=None, metadata={"help": "Between cells of CSV; a comma by default."}
    )
    skip_bad: bool = field(
        default=False,
        metadata={"help": "Count damaged rows and go on, instead of stopping at the first."},
    )


class Table(SourceDataset):
    """Problems as rows of a table, with columns of any name.

    A problem without a gold cannot be verified, which a note says. A column that is not there is answered
    with those that are.
    """

    name: ClassVar[str] = "table"
    tests: tuple[str, ...] = ()
    Options: ClassVar[type[TableOptions]] = TableOptions

    def __init__(self, options: TableOptions) -> None:
        super().__init__(options.skip_bad)
        self._options = options
        self._hub: Any = None
        files = (options.path, options.data_dir, options.path_train, options.path_dev, options.path_test)
        if bool(options.hub) == any(files):
            raise ConfigError("data set table needs files or a Hub data set: set path (or path_test), or hub")
        self._pattern = _compiled(options.gold_pattern)
        if options.hub or self._path("test") is not None:
            self.tests = (self.name,)

    def load(self, split: SplitName) -> Iterable[Problem]:
        """Load a split; nothing where there is none.

        Raises :class:`DataError` with file, row and reason at the first damaged row, unless ``skip_bad``
        is set, and for a column that is not there.
        """
        where: object = self._options.hub
        if self._options.hub is None:
            path = self._path(split)
            if path is None:
                return []
            where, rows = path, read(path, self._options.delimiter)
        else:
            found = self._hub_rows(split)
            if found is None:
                return []
            rows = enumerate(found, start=1)
        self._notes[split] = []
        seen: dict[str, int] = {}
        make = partial(self._problem, split, where, seen)
        problems = self._made(split, where, (partial(make, n, row) for n, row in self._mapped(where, rows)))
        without = sum(problem.gold is None for problem in problems)
        if without:
            self._note(split, f"{where}: {without} of {len(problems)} problems have no gold")
        return problems

    def _mapped(self, where: object, rows: Iterable[tuple[int, Row]]) -> Iterator[tuple[int, Row]]:
        """Yield the rows once the first one has all columns: a wrong name is no damage to skip."""
        wanted = {key: getattr(self._options, key) for key in ("question", "gold", "id", "family")}
        for at, (n, row) in enumerate(rows):
            if at == 0:
                for key, columns in wanted.items():
                    for column in [columns] if isinstance(columns, str) else columns or []:
                        if column not in row:
                            raise ConfigError(
                                f"{where}: no column {column!r}; there are: {', '.join(map(str, row))};"
                                f" name yours: --set dataset.{key}=COLUMN"
                            )
            yield n, row

    def _problem(self, split: SplitName, where: object, seen: dict[str, int], n: int, row: Row) -> Problem:
        options = self._options
        columns = [options.question] if isinstance(options.question, str) else options.question
        parts = [_text(row, column, where, n) for column in columns]
        if not all(parts):
            raise DataError(where, n, f"has no text in {' and '.join(map(repr, columns))}")
        identity = _text(row, options.id, where, n) if options.id is not None else f"row-{n}"
        if not identity:
            raise DataError(where, n, f"has no text in {options.id!r}")
        if identity in seen:
            raise DataError(where, n, f"the id {identity!r} stands in row {seen[identity]} already")
        seen[identity] = n
        return PROBLEM_TYPES[split](
            id=identity,
            question=" ".join(parts),
            gold=self._gold(_text(row, options.gold, where, n), where, n),
            dataset=self.name,
            family=_text(row, options.family, where, n) if options.family is not None else "",
        )

    def _gold(self, text: str, where: object, n: int) -> str | None:
        if self._pattern is None or not text:
            return text or None
        try:
            matches = list(self._pattern.finditer(text[-LONGEST:], timeout=SECONDS))
        except TimeoutError:
            raise DataError(where, n, f"gold_pattern took more than {SECONDS:g} s") from None
        if not matches:
            raise DataError(where, n, f"gold_pattern is not in {self._options.gold!r}")
        last = matches[-1]
        return (last.group(1) if last.re.groups else last.group()).strip() or None

    def _path(self, split: SplitName) -> Path | None:
        named = getattr(self._options, f"path_{split}")
        if named is not None:
            return Path(named).expanduser()
        whole = self._options.path or self._options.data_dir
        if whole is None:
            return None
        path = Path(whole).expanduser()
        if not path.is_dir():
            return path if split == "train" else None
        there = [p for name in PROBLEM_TYPES for p in _files(path, name)]
        if not there:
            raise DataError(path, None, f"has no train, dev or test file of {', '.join(SUFFIXES)}")
        files = _files(path, split)
        if len(files) > 1:
            raise DataError(path, None, f"has two {split} files: {files[0].name} and {files[1].name}")
        return files[0] if files else None

    def _hub_rows(self, split: SplitName) -> Any:
        """The rows of a split of the Hub's data set; None where it has no split of the usual name."""
        options = self._options
        if self._hub is None:
            self._hub = _from_hub(str(options.hub), options.hub_config, options.revision)
        name = getattr(options, f"split_{split}")
        if name in self._hub:
            return self._hub[name]
        if split == "train" or name != TableOptions.__dataclass_fields__[f"split_{split}"].default:
            raise ConfigError(
                f"{options.hub}: no split {name!r}; there are: {', '.join(self._hub)}; name yours:"
                f" --set dataset.split_{split}=SPLIT"
            )
        return None


def read(path: Path, delimiter: str | None = None) -> Iterator[tuple[int, Row]]:
    """Yield (line or row number, row) of a table file, by its suffix; raises :class:`DataError`."""
    kind = path.suffix.lower()
    if kind not in SUFFIXES:
        raise DataError(path, None, f"is none of {', '.join(SUFFIXES)}")
    if kind in (".csv", ".tsv"):
        yield from _csv_rows(path, delimiter or ("\t" if kind == ".tsv" else ","))
    elif kind == ".jsonl":
        for line, raw in raw_lines(path):
            yield line, json_object(raw, path, line)
    else:
        yield from enumerate(json_list(path) if kind == ".json" else parquet_rows(path), start=1)


def _csv_rows(path: Path, delimiter: str) -> Iterator[tuple[int, Row]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, delimiter=delimiter, strict=True)
            for row in reader:
                if None in row:
                    raise DataError(path, reader.line_num, "has more cells than the header")
                yield reader.line_num, row
    except OSError as error:
        raise DataError(path, None, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DataError(path, None, f"is not UTF-8 (byte {error.start})") from error
    except csv.Error as error:
        raise DataError(path, reader.line_num, f"is not CSV: {error}") from error
    except TypeError as error:
        raise ConfigError(f"delimiter: {error}") from None


def _files(folder: Path, split: str) -> list[Path]:
    return [p for p in (folder / f"{split}{suffix}" for suffix in SUFFIXES) if p.is_file()]


def _from_hub(name: str, config: str | None, revision: str | None) -> Any:
    try:
        import datasets
    except ImportError as error:
        raise MissingExtra("a data set of the Hugging Face Hub", "train") from error
    datasets.disable_progress_bars()
    try:
        return datasets.load_dataset(name, config, revision=revision)
    except Exception as error:  # the library raises errors of several others
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise DataError(name, None, f"cannot be loaded from the Hub: {reason}") from error


def _compiled(pattern: str | None) -> Any:
    if pattern is None:
        return None
    import regex

    try:
        return regex.compile(pattern)
    except regex.error as error:
        raise ConfigError(f"gold_pattern: {error}") from None


def _text(row: Row, column: str, where: object, n: int) -> str:
    """Return a cell as text, empty for nothing; a whole number loses its ``.0``."""
    value = row.get(column)
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, Number | str):
        return str(value).strip()
    if isinstance(value, float):
        return number(value, where, n)
    if isinstance(value, bool | list | dict):
        raise DataError(where, n, f"{column!r} is {type(value).__name__}, not text or a number")
    return str(value)
