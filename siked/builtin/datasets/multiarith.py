"""MultiArith (Roy and Roth 2015, arXiv 1608.01413): 600 problems; upstream states no licence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from siked.builtin.datasets.chilled import split_positions
from siked.builtin.datasets.sources import (
    PROBLEM_TYPES,
    HubSource,
    SourceOptions,
    clean,
    count_note,
    hub_file,
    json_list,
    local_file,
    number,
    text_field,
)
from siked.errors import DataError
from siked.masking import normal_form
from siked.records import Problem, SplitName

HUB = HubSource("ChilleD/MultiArith", "144d44c3fb87c0b9097ac9593c789e716a282e3e")
SIZE = 600

QuestionGold = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiArithOptions(SourceOptions):
    """Options of ``multiarith``."""

    repeats: bool = field(
        default=False,
        metadata={"help": "Keep training questions that stand in the test split too, or twice in training."},
    )


class MultiArith:
    """The 420 training and 180 test problems of ``ChilleD/MultiArith``.

    Upstream has 20 questions twice, and the split tears some pairs apart: training problems whose
    question is also a test question, or an earlier training question, are left out unless
    ``repeats`` is set. The test split is left as it is. Local file: ``MultiArith.json``, also in a
    folder ``multiarith``. Ids are upstream's ``iIndex``.
    """

    name: ClassVar[str] = "multiarith"
    tests: ClassVar[tuple[str, ...]] = ("multiarith",)
    Options: ClassVar[type[MultiArithOptions]] = MultiArithOptions

    def __init__(self, options: MultiArithOptions) -> None:
        self._options = options
        self.notes: list[str] = []
        """What a user should know about the problems that were loaded."""

    def load(self, split: SplitName) -> Iterable[Problem]:
        """Load ``train`` or ``test``; there is no dev split."""
        self.notes = []
        if split == "dev":
            return []
        rows = self._rows()
        train, test = split_positions(len(rows))
        problems = self._problems(split, rows, test)
        if split == "test":
            return problems
        if self._options.repeats:
            return self._problems(split, rows, train)
        known = {normal_form(problem.question) for problem in problems}
        kept: list[Problem] = []
        for problem in self._problems(split, rows, train):
            form = normal_form(problem.question)
            if form not in known:
                kept.append(problem)
            known.add(form)
        if len(kept) < len(train):
            self.notes.append(f"{self.name}: {len(train) - len(kept)} repeated training questions left out")
        return kept

    def _problems(self, split: SplitName, rows: Sequence[QuestionGold], chosen: list[int]) -> list[Problem]:
        return [
            PROBLEM_TYPES[split](id=str(i), question=rows[i][0], gold=rows[i][1], dataset=self.name)
            for i in chosen
        ]

    def _rows(self) -> list[QuestionGold]:
        """(question, gold) in the order of ``iIndex``, from the one local file or the two on the Hub."""
        if self._options.data_dir is not None:
            path = local_file(self._options.data_dir, ("multiarith/MultiArith.json", "MultiArith.json"))
            rows = [_original(row, path) for row in json_list(path)]
        else:
            parts = [hub_file(HUB, f"{part}.json", self._options.cache_dir) for part in ("train", "test")]
            shuffled = [_on_hub(row, part) for part in parts for row in json_list(part)]
            positions = [i for part in split_positions(len(shuffled)) for i in part]
            rows = [row for _, row in sorted(zip(positions, shuffled, strict=True))]
        self.notes = count_note(self.name, len(rows), SIZE)
        return rows


class MultiArithWhole(MultiArith):
    """All 600 problems, for scores only."""

    name: ClassVar[str] = "multiarith-600"
    tests: ClassVar[tuple[str, ...]] = ("multiarith-600",)

    def load(self, split: SplitName) -> Iterable[Problem]:
        """Load ``test``; there is no other split."""
        self.notes = []
        if split != "test":
            return []
        rows = self._rows()
        return self._problems(split, rows, list(range(len(rows))))


def _original(row: Mapping[str, Any], path: Path) -> QuestionGold:
    solutions = row.get("lSolutions")
    if not isinstance(solutions, list) or len(solutions) != 1:
        raise DataError(path, None, f"problem {row.get('iIndex')!r} has not exactly one solution")
    return clean(text_field(row, "sQuestion", path, None)), number(solutions[0], path, None)


def _on_hub(row: Mapping[str, Any], path: Path) -> QuestionGold:
    return clean(text_field(row, "question", path, None)), number(row.get("final_ans"), path, None)
