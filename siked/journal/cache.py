"""Texts that runs share, also at the same time: one SQLite file beside no run."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from siked.records import Completion, Outcome

_SCHEMA = """CREATE TABLE IF NOT EXISTS texts (
    key TEXT PRIMARY KEY,
    outcome TEXT NOT NULL,
    text TEXT NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL
) WITHOUT ROWID"""
_AT_ONCE = 500


class TextCache:
    """Completions under keys of the caller's making; what was there first stays."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def take(self, keys: Sequence[str]) -> Iterator[Completion]:
        """Yield the completion of every key that is there, with its ``key``."""
        if not self.path.exists():
            return
        with self._opened() as db:
            for start in range(0, len(keys), _AT_ONCE):
                chunk = keys[start : start + _AT_ONCE]
                marks = ", ".join("?" * len(chunk))
                for key, outcome, text, prompt, written in db.execute(
                    "SELECT key, outcome, text, prompt_tokens, completion_tokens FROM texts"
                    f" WHERE key IN ({marks})",
                    list(chunk),
                ):
                    yield Completion(
                        key=key,
                        outcome=Outcome(outcome),
                        text=text,
                        prompt_tokens=prompt,
                        completion_tokens=written,
                    )

    def put(self, texts: Iterable[tuple[str, str, str, int, int]]) -> None:
        """Add (key, outcome, text, prompt tokens, completion tokens)."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._opened() as db:
            db.executemany("INSERT OR IGNORE INTO texts VALUES (?,?,?,?,?)", texts)
            db.commit()

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        db = sqlite3.connect(self.path, timeout=60)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute(_SCHEMA)
            yield db
        finally:
            db.close()
