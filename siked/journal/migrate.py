"""Bringing journals of older formats to today's, in one transaction."""

from __future__ import annotations

import sqlite3
from importlib import resources

VERSION = 5
"""``user_version`` of the files this siked writes."""

OLDEST = 3
"""The oldest format that can be brought up to it."""

_LABELS = "q.step = 'sample' OR q.step LIKE 'teach:%'"
_STEPS = {
    # Who judged is taken from the newest verdict of each role; scores were counted by the same.
    3: (
        "ALTER TABLE evaluations RENAME TO evaluations_3",
        "ALTER TABLE mixture_rows RENAME TO mixture_rows_3",
        "ALTER TABLE rationales RENAME TO rationales_3",
        "SCHEMA",
        "INSERT INTO rationales (id, request, attempt, outcome, reason, strategy, text, prompt_tokens,"
        " completion_tokens) SELECT id, request, attempt, outcome, reason, strategy, text, prompt_tokens,"
        " completion_tokens FROM rationales_3",
        *(
            "INSERT INTO verifiers (role, verifier, version, options)"
            f" SELECT '{role}', v.verifier, v.version, v.options FROM verdicts v"
            " JOIN rationales r ON r.id = v.rationale JOIN requests q ON q.id = r.request"
            f" WHERE {where} ORDER BY v.id DESC LIMIT 1"
            for role, where in (("labels", _LABELS), ("scores", f"NOT ({_LABELS})"))
        ),
        "INSERT INTO evaluations SELECT e.*, c.verifier, c.version, c.options FROM evaluations_3 e"
        " JOIN current_verifier c ON c.role = 'scores'",
        "INSERT INTO mixture_rows (mixture, position, rationale, weight, reason)"
        " SELECT mixture, position, rationale, weight, reason FROM mixture_rows_3",
        "DROP TABLE evaluations_3",
        "DROP TABLE mixture_rows_3",
        "DROP TABLE rationales_3",
    ),
    # Trainings kept no log.
    4: ("SCHEMA",),
}


def schema() -> str:
    """Return the statements that make an empty journal."""
    text = resources.files("siked.journal").joinpath("schema.sql").read_text(encoding="utf-8")
    if sqlite3.sqlite_version_info < (3, 37):
        text = text.replace(") STRICT, WITHOUT", ") WITHOUT").replace(") STRICT;", ");")
    return text


def migrate(db: sqlite3.Connection) -> int:
    """Bring ``db`` to :data:`VERSION`; return the format it had. Nothing is lost: rows are copied as
    they are."""
    (found,) = db.execute("PRAGMA user_version").fetchone()
    if found == VERSION:
        return int(found)
    db.execute("PRAGMA foreign_keys = OFF")
    db.execute("PRAGMA legacy_alter_table = ON")  # renaming a table leaves references to it alone
    db.execute("BEGIN IMMEDIATE")
    try:
        for statement in [line for version in range(found, VERSION) for line in _STEPS[version]]:
            if statement == "SCHEMA":
                _create_missing(db)
            else:
                db.execute(statement)
        db.execute(f"PRAGMA user_version = {VERSION}")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")
    db.execute("PRAGMA legacy_alter_table = OFF")
    return int(found)


def _create_missing(db: sqlite3.Connection) -> None:
    there = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
    fresh = sqlite3.connect(":memory:")
    fresh.executescript(schema())
    wanted = fresh.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid")
    for name, sql in wanted.fetchall():
        if name not in there:
            db.execute(sql)
    fresh.close()
