"""``siked run --from RUN@t``: a new run that starts from a finished iteration of another."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from pathlib import Path

from siked.config import RunConfig
from siked.engine.state import MAIN
from siked.errors import UsageError
from siked.journal import Reader
from siked.journal.canonical import digest
from siked.runs.run import stored_config, write_config

SAME = ("strategies", "student", "dataset", "verifier", "labels", "decontaminate")
"""Settings that decide what the copied rows mean; a fork shares them with its parent."""


def parse_place(text: str) -> tuple[Path, int | None]:
    """Split ``RUN@t``; without ``@t`` the iteration is None."""
    run, at, iteration = text.rpartition("@")
    if not at:
        return Path(text), None
    if not iteration.isdigit():
        raise UsageError(f"--from {text}: write RUN@t, such as runs/one@0")
    return Path(run), int(iteration)


def parent_config(parent: Path) -> RunConfig:
    """Return the settings of a run."""
    reader = Reader.at(parent)
    try:
        return stored_config(reader)
    finally:
        reader.close()


def fork(parent: Path, iteration: int | None, config: RunConfig, folder: Path) -> int:
    """Fill ``folder``, which is empty, with iterations 0 to ``iteration`` of ``parent``; return it.

    Without an iteration it is the last that is finished. Texts, verdicts, mixtures, students and
    scores are copied; controls are not. What is not in ``SAME`` may be set anew, for the iterations to
    come.

    Raises :class:`UsageError` where the iteration is not finished or settings do not fit.
    """
    reader = Reader.at(parent)
    try:
        done = [
            row["iteration"]
            for row in reader.rows(
                "SELECT iteration FROM steps WHERE track = ? AND step = 'evaluate' ORDER BY iteration", MAIN
            )
        ]
        if not done:
            raise UsageError(f"{parent}: no iteration is finished; type: siked resume {parent}")
        at = done[-1] if iteration is None else iteration
        if at not in done:
            there = ", ".join(map(str, done))
            raise UsageError(f"{parent}: iteration {at} is not finished; finished are: {there}")
        if config.iterations <= at:
            raise UsageError(f"--from {parent}@{at}: nothing is left to do; raise --iterations above {at}")
        kept = stored_config(reader)
        for key in SAME:
            if getattr(kept, key) != getattr(config, key):
                raise UsageError(f"--from {parent}: {key} is another there; a fork shares {', '.join(SAME)}")
        target = sqlite3.connect(folder / "run.db")
        with target:
            reader.db.backup(target)
        _cut(target, at)
        values = config.dump()
        iterations = values.pop("iterations")
        with target:
            target.execute("UPDATE facts SET value = ? WHERE key = 'config'", (_json(values),))
            parentage = {"run": parent.name, "iteration": at, "journal": digest(reader)}
            target.execute("INSERT OR REPLACE INTO facts VALUES ('parent', ?)", (_json(parentage),))
            target.execute("DELETE FROM events")
            target.execute(
                "INSERT INTO events (time, kind, data) VALUES (unixepoch(), 'iterations', ?)",
                (_json({"iterations": iterations}),),
            )
        target.close()
        for (weights,) in reader.db.execute(
            "SELECT weights FROM students WHERE track = ? AND iteration <= ?", (MAIN, at)
        ):
            shutil.copytree(parent / weights, folder / weights, copy_function=_link)
        write_config(folder, config)
        return at
    finally:
        reader.close()


def _cut(db: sqlite3.Connection, at: int) -> None:
    later = "track != 'main' OR iteration > ?"
    rows = f"SELECT id FROM requests WHERE {later}"
    with db:
        db.execute(
            f"DELETE FROM mixture_rows WHERE mixture IN (SELECT id FROM mixtures WHERE {later})", (at,)
        )
        db.execute(
            f"DELETE FROM verdicts WHERE rationale IN (SELECT id FROM rationales WHERE request IN ({rows}))",
            (at,),
        )
        db.execute(f"DELETE FROM rationales WHERE request IN ({rows})", (at,))
        for table in ("requests", "mixtures", "students", "evaluations", "tag_scores", "steps", "calls"):
            db.execute(f"DELETE FROM {table} WHERE {later}", (at,))
        db.execute("DELETE FROM steps WHERE step = 'votes'")
    db.execute("VACUUM")


def _link(source: str, target: str) -> None:
    # Weights are never written again, so a second name serves; another disk needs a copy.
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
