"""Texts that need not be asked for twice: one SQLite file that runs share, also at the same time.

A text is kept under its request's key together with the backend and its options, since numbers
that are rounded elsewhere (another type, another device) give other texts.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from siked.engine.state import State
from siked.records import Completion, Outcome
from siked.workers import Spec

SCHEMA = """CREATE TABLE IF NOT EXISTS texts (
    key TEXT PRIMARY KEY,
    outcome TEXT NOT NULL,
    text TEXT NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL
) WITHOUT ROWID"""
AT_ONCE = 500


def take(
    state: State, spec: Spec, track: str, iteration: int, step: str
) -> list[tuple[int, Completion, str]]:
    """Return (request, completion, strategy asked) of every open request that the cache has a text for."""
    if state.cache is None or not (state.cache / "texts.db").exists():
        return []
    found: list[tuple[int, Completion, str]] = []
    wanted = state.journal.open_requests(track, iteration, step)
    with _opened(state.cache) as db:
        for start in range(0, len(wanted), AT_ONCE):
            chunk = {_key(spec, key): (row, key, name) for row, key, name in wanted[start : start + AT_ONCE]}
            marks = ", ".join("?" * len(chunk))
            for place, outcome, text, prompt, written in db.execute(
                "SELECT key, outcome, text, prompt_tokens, completion_tokens FROM texts"
                f" WHERE key IN ({marks})",
                list(chunk),
            ):
                row, key, name = chunk[place]
                completion = Completion(
                    key=key,
                    outcome=Outcome(outcome),
                    text=text,
                    prompt_tokens=prompt,
                    completion_tokens=written,
                )
                found.append((row, completion, name))
    return found


def put(state: State, spec: Spec, track: str, iteration: int, step: str) -> None:
    """Keep every whole or cut text of a step; what another run was first with stays."""
    if state.cache is None:
        return
    state.cache.mkdir(parents=True, exist_ok=True)
    with _opened(state.cache) as db:
        rows = state.journal.db.execute(
            "SELECT q.key, r.outcome, r.text, r.prompt_tokens, r.completion_tokens FROM requests q"
            " JOIN rationales r ON r.request = q.id AND r.outcome IN ('ok', 'cut')"
            " WHERE q.track = ? AND q.iteration = ? AND q.step = ?",
            (track, iteration, step),
        )
        db.executemany(
            "INSERT OR IGNORE INTO texts VALUES (?,?,?,?,?)", ((_key(spec, row[0]), *row[1:]) for row in rows)
        )
        db.commit()


@contextmanager
def _opened(cache: Path) -> Iterator[sqlite3.Connection]:
    db = sqlite3.connect(cache / "texts.db", timeout=60)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute(SCHEMA)
        yield db
    finally:
        db.close()


def _key(spec: Spec, key: str) -> str:
    text = json.dumps([key, spec.target, spec.deciding], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
