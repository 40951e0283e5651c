"""A journal in pieces: rows are only ever added, so what is new since the last piece is all there is."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from siked.errors import UsageError
from siked.journal.migrate import VERSION
from siked.journal.read import Reader
from siked.journal.write import Journal

ROWS = 100_000
"""Rows of a piece at most, so that memory stays flat."""


class Shard(NamedTuple):
    """Rows of one table, by their order up to ``last``."""

    table: str
    last: int
    columns: Sequence[str]
    rows: list[tuple[Any, ...]]


def tables(reader: Reader) -> list[str]:
    """Return the names of all tables, those first that others refer to."""
    rows = reader.db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid")
    return [name for (name,) in rows if not name.startswith("sqlite_")]


def _columns(reader: Reader, table: str) -> list[str]:
    return [row[1] for row in reader.db.execute(f"PRAGMA table_info({table})")]


def new_shards(reader: Reader, after: dict[str, int]) -> Iterator[Shard]:
    """Yield what came after the last row of each table in ``after``; 0 or nothing is from the first."""
    for table in tables(reader):
        order = _order(table)
        columns = _columns(reader, table)
        named = ", ".join(columns)
        last = after.get(table, 0)
        while True:
            limit = "" if order != "rowid" else f" LIMIT {ROWS}"
            found = reader.db.execute(
                f"SELECT {order}, {named} FROM {table} WHERE {order} > ? ORDER BY {order}{limit}", (last,)
            ).fetchall()
            if not found:
                break
            last = found[-1][0]
            yield Shard(table, last, columns, [row[1:] for row in found])


def fill(path: Path, shards: Iterator[Shard], version: int) -> None:
    """Make a journal of pieces, in the order in which they were made.

    Raises :class:`UsageError` where another format of journal wrote them, or they fit none.
    """
    if version != VERSION:
        raise UsageError(f"the archive holds a journal of format {version}; this siked writes {VERSION}")
    journal = Journal.create(path)
    try:
        journal.db.execute("PRAGMA foreign_keys = OFF")
        with journal.saving():
            known = {table: set(_columns(journal, table)) for table in tables(journal)}
            for shard in shards:
                if shard.table not in known or not known[shard.table].issuperset(shard.columns):
                    raise UsageError(f"the archive has a piece of {shard.table!r} that fits no journal")
                named = ", ".join(shard.columns)
                marks = ", ".join("?" * len(shard.columns))
                try:
                    journal.db.executemany(
                        f"INSERT INTO {shard.table} ({named}) VALUES ({marks})", shard.rows
                    )
                except sqlite3.Error as error:
                    raise UsageError(
                        f"the archive has a piece of {shard.table!r} that fits no journal: {error}"
                    ) from None
        broken = journal.db.execute("PRAGMA foreign_key_check").fetchone()
    finally:
        journal.close()
    if broken is not None:
        raise UsageError(f"the archive is not whole: a row of {broken[0]} refers to one that is missing")


def format_version() -> int:
    """Return the format of journal that this siked writes."""
    return VERSION


def snapshot(path: Path) -> Reader:
    """Open a journal for reading as of one moment: what is written meanwhile is not seen."""
    reader = Reader.at(path.parent)
    try:
        reader.db.execute("BEGIN")
        reader.db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        reader.close()
        raise
    return reader


def _order(table: str) -> str:
    """Return the column by which a table grows; all rows of a mixture come in one transaction."""
    return "mixture" if table == "mixture_rows" else "rowid"
