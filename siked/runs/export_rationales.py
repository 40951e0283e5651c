"""The rationales of a run as a data set folder: a file for each split, with a data card."""

from __future__ import annotations

import importlib
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from siked.errors import MissingExtra
from siked.registry import Registry
from siked.runs.cards import front_matter, table
from siked.runs.export import fresh_folder
from siked.runs.run import Run, stored_config

Form = Literal["parquet", "jsonl"]
ROWS = 4096
"""Rows of a Parquet row group."""
COLUMNS = {
    "track": "main, or the control it belongs to",
    "iteration": "of the run; the teacher wrote in iteration 0",
    "step": "teach:STRATEGY, sample, free:SET or forced:SET",
    "dataset": "data set of the problem",
    "problem": "id of the problem",
    "question": "text of the problem",
    "gold": "gold answer, or null",
    "strategy": "strategy asked for or chosen",
    "sample": "number of the sample",
    "seed": "seed of the sample",
    "key": "SHA-256 over all that decides the text",
    "outcome": "ok, cut, refused or failed",
    "reason": "why, where the outcome is refused or failed",
    "text": "the rationale; a free choice begins with its tag",
    "status": "correct, wrong or unverified",
    "answer": "what the verifier read",
    "rule": "the verifier's rule that decided",
    "flags": "warnings about the reasoning above a right answer",
    "sandbox": "what ran the program, if there was one",
}
_WHOLE = ("iteration", "sample", "seed")


def export_rationales(run: Run, registry: Registry, out: Path, form: Form) -> dict[str, int]:
    """Write every rationale of ``run`` to the new folder ``out``, split by split, with a data card.

    Returns rows by split. Raises :class:`siked.errors.UsageError` where ``out`` exists.
    """
    counts: Counter[tuple[str, str, str]] = Counter()
    with fresh_folder(out) as folder:
        files: dict[str, Any] = {}
        try:
            for row in run.rationales():
                split = row["split"]
                if split not in files:
                    files[split] = (
                        _Parquet(folder / f"{split}.parquet")
                        if form == "parquet"
                        else _Lines(folder / f"{split}.jsonl")
                    )
                files[split].write({name: value for name, value in row.items() if name in COLUMNS})
                kind = "teacher" if row["step"].startswith("teach:") else "student"
                counts[
                    split, f"{kind}, {row['strategy'] or 'no strategy'}", row["status"] or "no verdict"
                ] += 1
        finally:
            for file in files.values():
                file.close()
        (folder / "README.md").write_text(_card(run, registry, out.name, form, counts), encoding="utf-8")
    rows: Counter[str] = Counter()
    for (split, _, _), n in counts.items():
        rows[split] += n
    return dict(rows)


class _Lines:
    def __init__(self, path: Path) -> None:
        self.file = path.open("w", encoding="utf-8")

    def write(self, row: dict[str, Any]) -> None:
        self.file.write(json.dumps(row, ensure_ascii=False) + "\n")

    def close(self) -> None:
        self.file.close()


class _Parquet:
    def __init__(self, path: Path) -> None:
        try:
            self.arrow: Any = importlib.import_module("pyarrow")  # it has no types
            parquet: Any = importlib.import_module("pyarrow.parquet")
        except ImportError as error:
            raise MissingExtra("writing Parquet files", "train") from error
        arrow = self.arrow
        self.schema = arrow.schema(
            [(name, arrow.int64() if name in _WHOLE else arrow.string()) for name in COLUMNS]
        )
        self.writer = parquet.ParquetWriter(str(path), self.schema)
        self.rows: list[dict[str, Any]] = []

    def write(self, row: dict[str, Any]) -> None:
        self.rows.append(row)
        if len(self.rows) == ROWS:
            self._flush()

    def _flush(self) -> None:
        self.writer.write_table(self.arrow.Table.from_pylist(self.rows, schema=self.schema))
        self.rows = []

    def close(self) -> None:
        if self.rows:
            self._flush()
        self.writer.close()


def _splits(counts: Counter[tuple[str, str, str]]) -> Iterator[str]:
    there = {split for split, _, _ in counts}
    return (split for split in ("train", "dev", "test") if split in there)


def _card(run: Run, registry: Registry, name: str, form: Form, counts: Counter[tuple[str, str, str]]) -> str:
    config = stored_config(run.journal)
    licence = getattr(registry.find("dataset", config.dataset.name).load(), "licence", "")
    files = [{"split": split, "path": f"{split}.{form}"} for split in _splits(counts)]
    statuses = ("correct", "wrong", "unverified", "no verdict")
    groups = sorted({(split, who) for split, who, _ in counts}, key=lambda g: (g[0] != "train", g))
    rows = [[split, who, *(str(counts[split, who, status]) for status in statuses)] for split, who in groups]
    teachers = sorted(
        {":".join(p for p in (t.name, t.model) if p) for t in map(config.teacher_of, config.strategy_names)}
    )
    return (
        "\n\n".join(
            [
                front_matter(
                    {
                        "tags": ["siked", "reasoning"],
                        "task_categories": ["text-generation"],
                        "configs": [{"config_name": "default", "data_files": files}],
                    }
                ),
                f"# {name}",
                f"Every rationale of the run `{run.folder.name}` on `{config.dataset.name}`, with its"
                f" problem, verdict and seed. Teacher: `{', '.join(teachers)}`; student:"
                f" `{config.student.model}`; verifier: `{config.verifier.name}`.",
                table(["split", "written by", *statuses], rows),
                "Rationales of dev and test problems stand in files of their own: train on neither.",
                table(["column", "what it is"], [[f"`{c}`", text] for c, text in COLUMNS.items()]),
                f"Terms: problems `{config.dataset.name}`: {licence or 'licence not known to siked'}; test"
                " sets have their own. The terms of the teacher hold for its texts.",
            ]
        )
        + "\n"
    )
