"""A user's own problems, from JSON lines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import ClassVar

from siked.builtin.datasets.sources import PROBLEM_TYPES, SourceDataset, json_object, raw_lines, text_field
from siked.errors import ConfigError, DataError
from siked.records import Problem, SplitName


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonlOptions:
    """Which files hold the problems."""

    path: str | None = field(
        default=None,
        metadata={
            "help": "A folder with train.jsonl, dev.jsonl, test.jsonl, or one file of training problems."
        },
    )
    data_dir: str | None = field(default=None, metadata={"help": "The same as path."})
    path_train: str | None = field(default=None, metadata={"help": "The training problems."})
    path_dev: str | None = field(
        default=None,
        metadata={"help": "The dev problems; without them training problems are set aside."},
    )
    path_test: str | None = field(default=None, metadata={"help": "The test problems."})
    skip_bad: bool = field(
        default=False,
        metadata={"help": "Count damaged lines and go on, instead of stopping at the first."},
    )


class Jsonl(SourceDataset):
    """Problems as lines ``{"question": ..., "gold": ..., "id": ...}``; other keys do not count.

    ``gold`` is text or a number and may be missing or null: such a problem can't be verified, which
    a note says. Without ``id`` a problem is named by its line (``line-3``).
    """

    name: ClassVar[str] = "jsonl"
    tests: tuple[str, ...] = ()
    Options: ClassVar[type[JsonlOptions]] = JsonlOptions

    def __init__(self, options: JsonlOptions) -> None:
        super().__init__(options.skip_bad)
        self._options = options
        self._no_gold: dict[str, int] = {}
        self._whole = options.path or options.data_dir
        if not any((self._whole, options.path_train, options.path_dev, options.path_test)):
            raise ConfigError("data set jsonl needs a file: set path (or path_train, path_dev, path_test)")
        if self._path("test") is not None:
            self.tests = (self.name,)

    @property
    def without_gold(self) -> int:
        """Problems without a gold in what was loaded."""
        return sum(self._no_gold.values())

    def load(self, split: SplitName) -> Iterable[Problem]:
        """Load a split; nothing where no file was named for it.

        Raises :class:`DataError` with file, line and reason at the first damaged line, unless
        ``skip_bad`` is set.
        """
        path = self._path(split)
        if path is None:
            return []
        self._notes[split] = []
        seen: dict[str, int] = {}
        lines = raw_lines(path)
        problems = self._made(split, path, (partial(_problem, raw, path, n, split, seen) for n, raw in lines))
        self._no_gold[split] = sum(problem.gold is None for problem in problems)
        if self._no_gold[split]:
            self._note(
                split,
                f"{path}: {self._no_gold[split]} of {len(problems)} problems have no gold; "
                f"answers to them stay unverified",
            )
        return problems

    def _path(self, split: SplitName) -> Path | None:
        named = getattr(self._options, f"path_{split}")
        if named is not None:
            return Path(named).expanduser()
        if self._whole is None:
            return None
        path = Path(self._whole).expanduser()
        if not path.is_dir():
            return path if split == "train" else None
        if not any((path / f"{name}.jsonl").is_file() for name in PROBLEM_TYPES):
            raise DataError(path, None, "has none of train.jsonl, dev.jsonl, test.jsonl")
        file = path / f"{split}.jsonl"
        return file if file.is_file() else None


def _problem(raw: bytes, path: Path, line: int, split: SplitName, seen: dict[str, int]) -> Problem:
    row = json_object(raw, path, line)
    question = text_field(row, "question", path, line)
    gold, identity = row.get("gold"), row.get("id", f"line-{line}")
    if gold is not None and not isinstance(gold, str):
        raise DataError(path, line, f"'gold' is {_kind(gold)}, not text or a number")
    if not isinstance(identity, str) or not identity:
        raise DataError(path, line, f"'id' is {_kind(identity)}, not text or a number")
    if identity in seen:
        raise DataError(path, line, f"the id {str(identity)!r} stands in line {seen[identity]} already")
    seen[identity] = line
    return PROBLEM_TYPES[split](
        id=str(identity),
        question=question.strip(),
        gold=str(gold).strip() or None if gold is not None else None,
        dataset=Jsonl.name,
        family=str(row.get("family") or ""),
    )


def _kind(value: object) -> str:
    if value == "":
        return "empty"
    return {bool: "a truth value", list: "a list", dict: "an object"}.get(type(value), "null")
