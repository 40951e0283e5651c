"""ASDiv (Miao et al. 2020, arXiv 2106.15772): 2,305 problems, CC BY-NC 4.0 (non-commercial)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import ClassVar
from xml.etree import ElementTree

from siked.builtin.datasets.sources import (
    HubSource,
    SourceDataset,
    SourceOptions,
    clean,
    hub_file,
    local_file,
    parquet_rows,
)
from siked.errors import DataError
from siked.records import Problem, SplitName, TestProblem

HUB = HubSource("EleutherAI/asdiv", "8f95807222d87b4c688c3c22a6ba2801e1fa03e2")
HUB_FILE = "asdiv/validation-00000-of-00001.parquet"
SIZE = 2305
FAMILIES = {"Substraction": "Subtraction"}  # misspelt once upstream


class Asdiv(SourceDataset):
    """All of ASDiv, for scores only.

    Golds stay as upstream writes them, since the verifier reads them: ``9 (apples)``,
    ``17 (years old); 12 (years old)``, ``5:6``, ``Yes``. Local file: ``ASDiv.xml``, also in a
    folder ``asdiv``. Ids are upstream's (``nluds-0001``).
    """

    name: ClassVar[str] = "asdiv"
    licence: ClassVar[str] = "CC BY-NC 4.0 (non-commercial)"
    tests: ClassVar[tuple[str, ...]] = ("asdiv",)
    Options: ClassVar[type[SourceOptions]] = SourceOptions

    def __init__(self, options: SourceOptions) -> None:
        super().__init__(options.skip_bad)
        self._options = options

    def load(self, split: SplitName) -> Iterable[Problem]:
        """Load ``test``; there is no other split."""
        if split != "test":
            return []
        if self._options.data_dir is not None:
            path = local_file(self._options.data_dir, ("asdiv/ASDiv.xml", "ASDiv.xml"))
            rows = _from_xml(path)
        else:
            path = hub_file(HUB, HUB_FILE, self._options.cache_dir)
            rows = _from_parquet(path)
        self._notes[split] = []
        self._size(split, len(rows), SIZE)
        return self._made(split, path, (partial(self._problem, row, path) for row in rows))

    def _problem(self, row: Mapping[str, str], path: Path) -> Problem:
        missing = [key for key in ("id", "body", "question", "answer") if not row[key].strip()]
        if missing:
            raise DataError(path, None, f"problem {row['id']!r} has no {missing[0]}")
        family = row["solution_type"].strip()
        return TestProblem(
            id=row["id"],
            question=clean(f"{row['body']} {row['question']}"),
            gold=clean(row["answer"]),
            dataset=self.name,
            family=FAMILIES.get(family, family),
        )


def _from_xml(path: Path) -> list[dict[str, str]]:
    try:
        root = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError) as error:
        raise DataError(path, None, f"is not XML: {error}") from error
    return [
        {
            "id": problem.get("ID", ""),
            "body": problem.findtext("Body", ""),
            "question": problem.findtext("Question", ""),
            "answer": problem.findtext("Answer", ""),
            "solution_type": problem.findtext("Solution-Type", ""),
        }
        for problem in root.iter("Problem")
    ]


def _from_parquet(path: Path) -> list[dict[str, str]]:
    """The Hub's copy has no ids, but upstream's order, in which ids count from 1."""
    fields = ("body", "question", "answer", "solution_type")
    return [
        {"id": f"nluds-{position:04}", **{key: str(row.get(key) or "") for key in fields}}
        for position, row in enumerate(parquet_rows(path), start=1)
    ]
