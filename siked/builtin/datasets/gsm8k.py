"""GSM8K (Cobbe et al. 2021, arXiv 2110.14168): 7,473 training and 1,319 test problems, MIT licence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from siked.builtin.datasets.sources import (
    PROBLEM_TYPES,
    HubSource,
    SourceDataset,
    SourceOptions,
    clean,
    hub_file,
    json_object,
    local_file,
    parquet_rows,
    raw_lines,
    text_field,
)
from siked.errors import DataError
from siked.records import Problem, SplitName

HUB = HubSource("openai/gsm8k", "740312add88f781978c0658806c59bc2815b9866")
Row = Mapping[str, Any]
SIZES: Mapping[str, int] = {"train": 7473, "test": 1319}


class Gsm8k(SourceDataset):
    """Grade-school problems; the gold is the marked last line, thousands commas and all (``1,080``).

    Upstream numbers nothing: ids are the split and the position from 0. Local files:
    ``train.jsonl`` and ``test.jsonl``, also in a folder ``gsm8k``.
    """

    name: ClassVar[str] = "gsm8k"
    licence: ClassVar[str] = "MIT"
    tests: ClassVar[tuple[str, ...]] = ("gsm8k", "svamp-1000", "asdiv", "multiarith")
    Options: ClassVar[type[SourceOptions]] = SourceOptions

    def __init__(self, options: SourceOptions) -> None:
        super().__init__(options.skip_bad)
        self._options = options

    def load(self, split: SplitName) -> Iterable[Problem]:
        """Load ``train`` or ``test``; there is no dev split."""
        if split == "dev":
            return []
        self._notes[split] = []
        path, rows = self._rows(split)
        problems = self._made(
            split, path, (partial(self._problem, split, path, n, *row) for n, row in enumerate(rows))
        )
        self._size(split, len(problems) + self._skipped[split], SIZES[split])
        return problems

    def _problem(self, split: SplitName, path: Path, number: int, line: int, row: Row | bytes) -> Problem:
        row = json_object(row, path, line) if isinstance(row, bytes) else row
        return PROBLEM_TYPES[split](
            id=f"{split}-{number}",
            question=clean(text_field(row, "question", path, line)),
            gold=gold_of(text_field(row, "answer", path, line), path, line),
            dataset=self.name,
        )

    def _rows(self, split: str) -> tuple[Path, Iterable[tuple[int, Row | bytes]]]:
        if self._options.data_dir is not None:
            path = local_file(self._options.data_dir, (f"gsm8k/{split}.jsonl", f"{split}.jsonl"))
            return path, raw_lines(path)
        path = hub_file(HUB, f"main/{split}-00000-of-00001.parquet", self._options.cache_dir)
        return path, enumerate(parquet_rows(path), start=1)


def gold_of(answer: str, path: object, line: int | None) -> str:
    """Return what stands after ``####``, which every upstream answer has exactly once."""
    reasoning, mark, gold = answer.rpartition("####")
    if not mark or "####" in reasoning or not gold.strip():
        raise DataError(path, line, "the answer has not exactly one '#### N'")
    return gold.strip()
