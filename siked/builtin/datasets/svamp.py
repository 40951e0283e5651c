"""SVAMP (Patel et al. 2021, arXiv 2103.07191): 1,000 problems, MIT licence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
from siked.records import Problem, SplitName

HUB = HubSource("ChilleD/SVAMP", "5e0bf1e5e7c0e9c4bc39180d224f41f3f801b7ef")
SIZE = 1000
FAMILIES = {"Common-Divison": "Common-Division"}  # misspelt once upstream
CORRECTED = {"chal-680": ("1", "5")}
"""Golds that contradict the problem and its own equation: (upstream's, the right one)."""


class Svamp(SourceDataset):
    """The 700 training and 300 test problems of ``ChilleD/SVAMP``.

    Local file: upstream's ``SVAMP.json``, also in a folder ``svamp``. Ids are upstream's
    (``chal-1``); the gold of ``chal-680`` is corrected.
    """

    name: ClassVar[str] = "svamp"
    licence: ClassVar[str] = "MIT"
    tests: ClassVar[tuple[str, ...]] = ("svamp", "multiarith")
    Options: ClassVar[type[SourceOptions]] = SourceOptions

    def __init__(self, options: SourceOptions) -> None:
        super().__init__(options.skip_bad)
        self._options = options

    def load(self, split: SplitName) -> Iterable[Problem]:
        """Load ``train`` or ``test``; there is no dev split."""
        if split == "dev":
            return []
        path, rows = self._rows(split)
        train, test = split_positions(len(rows))
        return self._problems(split, path, [rows[i] for i in (train if split == "train" else test)])

    def _rows(self, split: SplitName) -> tuple[Path, list[Mapping[str, Any]]]:
        """All rows in upstream order, from the one local file or the two on the Hub."""
        if self._options.data_dir is not None:
            path = local_file(self._options.data_dir, ("svamp/SVAMP.json", "SVAMP.json"))
            rows = json_list(path)
        else:
            parts = [hub_file(HUB, f"{part}.json", self._options.cache_dir) for part in ("train", "test")]
            path = parts[0]
            rows = sorted((row for part in parts for row in json_list(part)), key=_upstream_position)
        self._notes[split] = []
        self._size(split, len(rows), SIZE)
        return path, rows

    def _problems(self, split: SplitName, path: Path, rows: Iterable[Mapping[str, Any]]) -> list[Problem]:
        return self._made(split, path, (partial(self._problem, split, path, row) for row in rows))

    def _problem(self, split: SplitName, path: Path, row: Mapping[str, Any]) -> Problem:
        identity = text_field(row, "ID", path, None)
        body, question = (text_field(row, key, path, None) for key in ("Body", "Question"))
        family = str(row.get("Type") or "")
        gold = number(row.get("Answer"), path, None)
        wrong, right = CORRECTED.get(identity, ("", ""))
        if gold == wrong:
            gold = right
            self._note(split, f"{self.name}: the gold of {identity} is wrong upstream, {gold} is used")
        return PROBLEM_TYPES[split](
            id=identity,
            question=clean(f"{body} {question}"),
            gold=gold,
            dataset=self.name,
            family=FAMILIES.get(family, family),
        )


class SvampWhole(Svamp):
    """All 1,000 problems, in upstream order, for scores only (what the paper evaluates on)."""

    name: ClassVar[str] = "svamp-1000"
    tests: ClassVar[tuple[str, ...]] = ("svamp-1000",)

    def load(self, split: SplitName) -> Iterable[Problem]:
        """Load ``test``; there is no other split."""
        if split != "test":
            return []
        path, rows = self._rows(split)
        return self._problems(split, path, rows)


def _upstream_position(row: Mapping[str, Any]) -> int:
    digits = str(row.get("ID", "")).removeprefix("chal-")
    return int(digits) if digits.isascii() and digits.isdigit() else 0
