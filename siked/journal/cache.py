"""Texts that runs share, also at the same time: one SQLite file beside no run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from siked.journal.opening import Connection, check_content, check_schema, connect
from siked.records import Completion, Outcome

_SCHEMA = """CREATE TABLE IF NOT EXISTS texts (
    key TEXT PRIMARY KEY,
    outcome TEXT NOT NULL,
    text TEXT NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL
) WITHOUT ROWID"""
_AT_ONCE = 500
_WHOLE = ("ok", "cut")
LONGEST = 16 << 20
"""Characters of a text at most."""


class TextCache:
    """Completions under keys of the caller's making; what was there first stays.

    The file may come from elsewhere: where it is none of siked's or damaged, each call raises
    :class:`siked.errors.UsageError`, and :class:`siked.errors.RunError` where the machine fails.
    """

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
                    if outcome not in _WHOLE or not isinstance(text, str) or len(text) > LONGEST:
                        continue  # none that siked put there
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
            db.execute("BEGIN IMMEDIATE")
            db.executemany("INSERT OR IGNORE INTO texts VALUES (?,?,?,?,?)", texts)
            db.execute("COMMIT")

    @contextmanager
    def _opened(self) -> Iterator[Connection]:
        db = connect(self.path, writing=True)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute(_SCHEMA)
            check_schema(db, _SCHEMA)
            check_content(db)
            yield db
        finally:
            db.close()
