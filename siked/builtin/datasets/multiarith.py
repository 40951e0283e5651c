"""MultiArith (Roy and Roth 2015, arXiv 1608.01413): 600 problems; upstream states no licence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from siked.builtin.datasets.hub_splits import split_positions
from siked.builtin.datasets.sources import (
    PROBLEM_TYPES,
    HubSource,
    SourceDataset,
    SourceOptions,
    clean,
    hub_file,
    json_list,
    local_file,
    number,
    text_field,
)
from siked.errors import DataError
from siked.records import Problem, SplitName
from siked.text.normalize import normal_form

HUB = HubSource("ChilleD/MultiArith", "144d44c3fb87c0b9097ac9593c789e716a282e3e")
SIZE = 600

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiArithOptions(SourceOptions):
    """Options of ``multiarith``."""

    repeats: bool = field(
        default=False,
        metadata={"help": "Keep training questions that stand in the test split too, or twice in training."},
    )


class MultiArith(SourceDataset):
    """The 420 training and 180 test problems of ``ChilleD/MultiArith``.

    Upstream has 20 questions twice, and the split tears some pairs apart: training problems whose
    question is also a test question, or an earlier training question, are left out unless
    ``repeats`` is set. The test split is left as it is. Local file: ``MultiArith.json``, also in a
    folder ``multiarith``. Ids are upstream's ``iIndex``.
    """

    name: ClassVar[str] = "multiarith"
    licence: ClassVar[str] = "none stated"
    tests: ClassVar[tuple[str, ...]] = ("multiarith",)
    Options: ClassVar[type[MultiArithOptions]] = MultiArithOptions

    def __init__(self, options: MultiArithOptions) -> None:
        super().__init__(options.skip_bad)
        self._options = options

    def load(self, split: SplitName) -> Iterable[Problem]:
        """Load ``train`` or ``test``; there is no dev split."""
        if split == "dev":
            return []
        path, rows = self._rows(split)
        train, test = split_positions(len(rows))
        if split == "test":
            return self._problems(split, path, rows, test)
        if self._options.repeats:
            return self._problems(split, path, rows, train)
        known = {normal_form(problem.question) for problem in self._problems("test", path, rows, test)}
        kept: list[Problem] = []
        every = self._problems(split, path, rows, train)
        for problem in every:
            form = normal_form(problem.question)
            if form not in known:
                kept.append(problem)
            known.add(form)
        if len(kept) < len(every):
            self._note(split, f"{self.name}: {len(every) - len(kept)} repeated training questions left out")
        return kept

    def _problems(
        self, split: SplitName, path: Path, rows: Sequence[Row], chosen: list[int]
    ) -> list[Problem]:
        makers = (partial(self._problem, split, path, position, rows[position]) for position in chosen)
        return self._made(split, path, makers)

    def _problem(self, split: SplitName, path: Path, position: int, row: Row) -> Problem:
        question, gold = _on_hub(row, path) if "question" in row else _original(row, path)
        return PROBLEM_TYPES[split](id=str(position), question=question, gold=gold, dataset=self.name)

    def _rows(self, split: SplitName) -> tuple[Path, list[Row]]:
        """All rows in the order of ``iIndex``, from the one local file or the two on the Hub."""
        if self._options.data_dir is not None:
            path = local_file(self._options.data_dir, ("multiarith/MultiArith.json", "MultiArith.json"))
            rows = json_list(path)
        else:
            parts = [hub_file(HUB, f"{part}.json", self._options.cache_dir) for part in ("train", "test")]
            path = parts[0]
            shuffled = [row for part in parts for row in json_list(part)]
            positions = [i for part in split_positions(len(shuffled)) for i in part]
            rows = [row for _, row in sorted(zip(positions, shuffled, strict=True), key=lambda pair: pair[0])]
        self._notes[split] = []
        self._size(split, len(rows), SIZE)
        return path, rows


class MultiArithWhole(MultiArith):
    """All 600 problems, for scores only."""

    name: ClassVar[str] = "multiarith-600"
    tests: ClassVar[tuple[str, ...]] = ("multiarith-600",)

    def load(self, split: SplitName) -> Iterable[Problem]:
        """Load ``test``; there is no other split."""
        if split != "test":
            return []
        path, rows = self._rows(split)
        return self._problems(split, path, rows, list(range(len(rows))))


def _original(row: Row, path: Path) -> tuple[str, str]:
    solutions = row.get("lSolutions")
    if not isinstance(solutions, list) or len(solutions) != 1:
        raise DataError(path, None, f"problem {row.get('iIndex')!r} has not exactly one solution")
    return clean(text_field(row, "sQuestion", path, None)), number(solutions[0], path, None)


def _on_hub(row: Row, path: Path) -> tuple[str, str]:
    return clean(text_field(row, "question", path, None)), number(row.get("final_ans"), path, None)
