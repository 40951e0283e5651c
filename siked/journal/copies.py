"""Journals made from other journals: forks and replays."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from siked.journal.opening import connect
from siked.journal.read import Reader
from siked.journal.write import Journal

_BY_ITERATION = (
    "requests",
    "mixtures",
    "students",
    "training_log",
    "evaluations",
    "tag_scores",
    "steps",
    "calls",
)


def copy_for_fork(
    source: Reader,
    target: Path,
    upto: int,
    config: Mapping[str, Any],
    placement: Mapping[str, Any],
    parent: Mapping[str, Any],
) -> None:
    """Write a journal with iterations 0 to ``upto`` of the run in ``source``, and its own settings.

    Controls are left out, and so are events.
    """
    settings = dict(config)
    iterations = settings.pop("iterations")
    journal = _copied(source, target)
    db = journal.db
    later = "track != 'main' OR iteration > ?"
    asked = f"SELECT id FROM requests WHERE {later}"
    with journal.saving():
        db.execute(
            f"DELETE FROM mixture_rows WHERE mixture IN (SELECT id FROM mixtures WHERE {later})", (upto,)
        )
        db.execute(
            f"DELETE FROM verdicts WHERE rationale IN (SELECT id FROM rationales WHERE request IN ({asked}))",
            (upto,),
        )
        db.execute(f"DELETE FROM rationales WHERE request IN ({asked})", (upto,))
        for table in _BY_ITERATION:
            db.execute(f"DELETE FROM {table} WHERE {later}", (upto,))
        db.execute("DELETE FROM steps WHERE step = 'votes'")
        db.execute("DELETE FROM events")
        db.execute("DELETE FROM facts WHERE key IN ('config', 'parent')")
        journal.fact("config", settings)
        journal.fact("parent", dict(parent))
        journal.event("iterations", iterations=iterations)
        journal.event("placement", **placement)
    db.execute("VACUUM")
    journal.close()


def copy_for_replay(source: Reader, target: Path) -> None:
    """Write a journal with the texts of ``source`` and nothing that was made of them."""
    journal = _copied(source, target)
    with journal.saving():
        for table in ("verdicts", "verifiers", "evaluations", "mixture_rows", "mixtures"):
            journal.db.execute(f"DELETE FROM {table}")
        journal.db.execute("DELETE FROM steps WHERE step = 'mix'")
    journal.close()


def _copied(source: Reader, target: Path) -> Journal:
    db = connect(target, writing=True)
    source.db.backup(db)
    db.close()
    return Journal.open(target)
