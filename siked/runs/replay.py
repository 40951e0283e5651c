"""``siked replay``: verify and mix a run again from its journal, without a model, and compare."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from siked.config import ComponentConfig
from siked.engine.mix import mix
from siked.engine.progress import Reporter
from siked.engine.state import MAIN, State
from siked.engine.verify import verify
from siked.journal import Journal, Reader
from siked.registry import Registry
from siked.runs.run import stored_config

# Rows of a journal by what they are, not by their number: (problem, strategy, step, sample, word).
_VERDICTS = (
    "SELECT p.dataset || '/' || p.name AS problem, r.strategy, q.track, q.iteration, q.step, q.sample,"
    " v.status || ' ' || coalesce(v.answer, '-') || ' ' || v.rule || ' ' || v.flags AS word FROM verdicts v"
    " JOIN rationales r ON r.id = v.rationale JOIN requests q ON q.id = r.request"
    " JOIN problems p ON p.id = q.problem ORDER BY v.rationale, v.verifier"
)
_ROWS = (
    "SELECT m.iteration, w.rationale, w.weight, w.reason FROM mixtures m"
    " JOIN mixture_rows w ON w.mixture = m.id WHERE m.track = ? ORDER BY m.iteration, w.position"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What came of a replay."""

    verdicts: int
    """Verdicts given again."""
    changed: list[tuple[dict[str, Any], str]]
    """Verdicts of the run that are others now, each with the new word."""
    mixtures: dict[int, tuple[int, int, int, bool]]
    """Iteration to (rows, rows that are new, rows that are gone, the same rows in the same order)."""

    @property
    def same(self) -> bool:
        """Whether every verdict and every row is the run's."""
        return not self.changed and all(equal for *_, equal in self.mixtures.values())


def replay(
    folder: Path, scratch: Path, registry: Registry, reporter: Reporter, verifier: str = ""
) -> Replayed:
    """Verify and mix again in a copy of the journal in ``scratch``, an empty folder; the run stays as it is.

    ``verifier`` judges in place of the run's. Samples are those that the run's own students drew,
    since nothing is sampled again.
    """
    source = Reader.at(folder)
    config = stored_config(source)
    if verifier:
        config = config.model_copy(update={"verifier": ComponentConfig(name=verifier), "labels": None})
    _copy(source, scratch / "run.db")
    state = State(
        folder=scratch,
        config=config,
        registry=registry,
        journal=Journal.open(scratch / "run.db"),
        reporter=reporter,
    )
    try:
        _verify(state)
        for row in source.rows("SELECT iteration FROM mixtures WHERE track = ? ORDER BY iteration", MAIN):
            mix(state, row["iteration"])
        before, after = source.rows(_VERDICTS), state.journal.rows(_VERDICTS)
        words = {_place(row): row["word"] for row in after}
        return Replayed(
            verdicts=len(after),
            changed=[
                (row, words.get(_place(row), "no verdict"))
                for row in before
                if words.get(_place(row)) != row["word"]
            ],
            mixtures=_compared(source, state.journal),
        )
    finally:
        state.close()
        source.close()


def _verify(state: State) -> None:
    steps = state.journal.rows(
        "SELECT track, iteration, step FROM requests GROUP BY track, iteration, step ORDER BY min(id)"
    )
    taught = [row["step"] for row in steps if row["step"].startswith("teach:")]
    verify(state, MAIN, 0, taught, labels=True)
    for row in steps:
        if row["step"] not in taught:
            verify(state, row["track"], row["iteration"], [row["step"]], labels=row["step"] == "sample")


def _copy(source: Reader, target: Path) -> None:
    """Copy a journal without what is to be made again."""
    db = sqlite3.connect(target)
    source.db.backup(db)
    for table in ("verdicts", "mixture_rows", "mixtures"):
        db.execute(f"DELETE FROM {table}")
    db.execute("DELETE FROM steps WHERE step = 'mix'")
    db.commit()
    db.close()


def _place(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[key] for key in ("problem", "strategy", "track", "iteration", "step", "sample"))


def _compared(before: Reader, after: Reader) -> dict[int, tuple[int, int, int, bool]]:
    found: dict[int, tuple[int, int, int, bool]] = {}
    old, new = _by_iteration(before), _by_iteration(after)
    for iteration, rows in old.items():
        again = new.get(iteration, [])
        had, has = {row[0] for row in rows}, {row[0] for row in again}
        found[iteration] = (len(again), len(has - had), len(had - has), rows == again)
    return found


def _by_iteration(journal: Reader) -> dict[int, list[tuple[int, float, str]]]:
    rows: dict[int, list[tuple[int, float, str]]] = {}
    for row in journal.rows(_ROWS, MAIN):
        rows.setdefault(row["iteration"], []).append((row["rationale"], row["weight"], row["reason"]))
    return rows
