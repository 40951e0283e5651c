"""A user's own problems, from JSON lines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from siked.builtin.datasets.sources import PROBLEM_TYPES, json_object, raw_lines, text_field
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


class Jsonl:
    """Problems as lines ``{"question": ..., "gold": ..., "id": ...}``; other keys do not count.

    ``gold`` is text or a number and may be missing or null: such a problem can't be verified, which
    a note says. Without ``id`` a problem is named by its line (``line-3``).
    """

    name: ClassVar[str] = "jsonl"
    tests: tuple[str, ...] = ()
    Options: ClassVar[type[JsonlOptions]] = JsonlOptions

    def __init__(self, options: JsonlOptions) -> None:
        self._options = options
        if not any((options.path, options.path_train, options.path_dev, options.path_test)):
            raise ConfigError("data set jsonl needs a file: set path (or path_train, path_dev, path_test)")
        if self._path("test") is not None:
            self.tests = (self.name,)
        self.notes: list[str] = []
        """What a user should know about the split loaded last."""
        self.skipped = 0
        """Damaged lines left out of the split loaded last."""
        self.without_gold = 0
        """Problems without a gold in the split loaded last."""

    def load(self, split: SplitName) -> Iterable[Problem]:
        """Load a split; nothing where no file was named for it.

        Raises :class:`DataError` with file, line and reason at the first damaged line, unless
        ``skip_bad`` is set.
        """
        self.notes, self.skipped, self.without_gold = [], 0, 0
        path = self._path(split)
        if path is None:
            return []
        problems: list[Problem] = []
        first_bad = ""
        seen: dict[str, int] = {}
        for line, raw in raw_lines(path):
            try:
                problem = _problem(raw, path, line, split, seen)
            except DataError as error:
                if not self._options.skip_bad:
                    raise
                self.skipped += 1
                first_bad = first_bad or f"line {line}: {error.reason}"
                continue
            seen[problem.id] = line
            problems.append(problem)
        self.without_gold = sum(problem.gold is None for problem in problems)
        if self.skipped:
            self.notes.append(f"{path}: {self.skipped} damaged lines left out (first: {first_bad})")
        if self.without_gold:
            self.notes.append(
                f"{path}: {self.without_gold} of {len(problems)} problems have no gold; "
                f"answers to them stay unverified"
            )
        return problems

    def _path(self, split: SplitName) -> Path | None:
        named = getattr(self._options, f"path_{split}")
        if named is not None:
            return Path(named).expanduser()
        if self._options.path is None:
            return None
        path = Path(self._options.path).expanduser()
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
