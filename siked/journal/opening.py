"""Opening a database that somebody else may have made: no code in it runs, and damage is told as such.

Also what SQLite says of the machine (no space, no memory, a lock) is told here, at every call, as a
:class:`RunError`: nothing that was to be written is half there, and the run can be resumed.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from siked.errors import RunError, SikedError, UsageError
from siked.files import check_file

BESIDE = ("-wal", "-shm", "-journal")
"""Endings of the files that SQLite keeps beside a database."""
CELL = 64 << 20
"""Bytes of a row at most."""
WHOLE = 2 << 30
"""Bytes of a file that is looked through as a whole when it is opened, at about 600 MB a second."""
PATIENCE = 60.0
"""Seconds to wait for another process that writes."""
AT_ONCE = 200
"""Rows fetched at a time."""
_LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: CELL,
    sqlite3.SQLITE_LIMIT_ATTACHED: 1,  # VACUUM needs one
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 1,
}
_MACHINE = {
    sqlite3.SQLITE_FULL: "free some space",
    sqlite3.SQLITE_IOERR: "the disk refuses to read or write",
    sqlite3.SQLITE_NOMEM: "free some memory",
    sqlite3.SQLITE_BUSY: "another process holds it",
    sqlite3.SQLITE_LOCKED: "another process holds it",
    sqlite3.SQLITE_READONLY: "it cannot be written",
    sqlite3.SQLITE_PERM: "it cannot be written",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened; is the folder there and writable?",
    sqlite3.SQLITE_PROTOCOL: "another process holds it",
    sqlite3.SQLITE_INTERRUPT: "it was interrupted",
}
"""Results of SQLite that tell of the machine and not of the file, and what each means."""
_SPACE = re.compile(r"--[^\n]*|\s+")


class Cursor(sqlite3.Cursor):
    """A cursor whose errors are siked's."""

    def execute(self, *given: Any) -> Cursor:
        """Run a statement."""
        with told(self.connection):
            super().execute(*given)
        return self

    def executemany(self, *given: Any) -> Cursor:
        """Run a statement for each row."""
        with told(self.connection):
            super().executemany(*given)
        return self

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]
        while rows := self.fetchmany(AT_ONCE):
            yield from rows

    def fetchmany(self, size: int | None = 1) -> list[Any]:
        """Return the next rows, ``size`` at most."""
        with told(self.connection):
            return super().fetchmany(size)

    def fetchone(self) -> Any:
        """Return the next row, or None."""
        with told(self.connection):
            return super().fetchone()

    def fetchall(self) -> list[Any]:
        """Return all rows that are left."""
        with told(self.connection):
            return super().fetchall()


class Connection(sqlite3.Connection):
    """A connection whose errors are siked's."""

    place = Path("run.db")
    """The file, for messages."""

    def execute(self, *given: Any) -> Cursor:
        """Run a statement."""
        return self.cursor(Cursor).execute(*given)

    def executemany(self, *given: Any) -> Cursor:
        """Run a statement for each row."""
        return self.cursor(Cursor).executemany(*given)

    def executescript(self, script: str) -> sqlite3.Cursor:
        """Run several statements."""
        with told(self):
            return super().executescript(script)

    def commit(self) -> None:
        """End a transaction."""
        with told(self):
            super().commit()

    def backup(self, target: sqlite3.Connection, **named: Any) -> None:
        """Copy the database."""
        with told(self):
            super().backup(target, **named)


@contextmanager
def told(db: sqlite3.Connection) -> Iterator[None]:
    """Turn what SQLite says of the machine into a :class:`RunError` and damage into a :class:`UsageError`."""
    try:
        yield
    except MemoryError as error:
        raise _of_machine(db, "out of memory", "free some memory") from error
    except sqlite3.DatabaseError as error:
        if _as_ours(db, error) is None:
            raise
        # Made where it is raised: a name for it would tie the cursor, and so SQLite's lock, into a cycle.
        raise _as_ours(db, error) or error from error


def _as_ours(db: sqlite3.Connection, error: sqlite3.DatabaseError) -> SikedError | None:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code in _MACHINE:
        return _of_machine(db, str(error), _MACHINE[code])
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT, sqlite3.SQLITE_TOOBIG):
        return damaged(getattr(db, "place", "run.db"), str(error))
    if "malformed JSON" in str(error) or isinstance(error, sqlite3.DataError):
        return damaged(getattr(db, "place", "run.db"), str(error))
    return None


def _of_machine(db: sqlite3.Connection, said: str, cure: str) -> RunError:
    path = Path(getattr(db, "place", "run.db"))
    again = f"; then type: siked resume {path.parent}" if path.name == "run.db" else ""
    return RunError(f"{path}: {said}: {cure}{again}")


def damaged(path: object, said: str) -> UsageError:
    """Return the error of a file in which something is that siked did not write there."""
    return UsageError(f"{path} is damaged, or no file of siked's: {said}")


def connect(path: Path, *, writing: bool = False) -> Connection:
    """Open the database at ``path``, an ordinary file.

    Its schema may call no function that reaches out of it. Raises :class:`UsageError` for a link or a
    pipe, also beside it.
    """
    for place in (path, *(path.with_name(path.name + ending) for ending in BESIDE)):
        check_file(place)
    name = str(path) if writing else f"{path.resolve().as_uri()}?mode=ro"
    try:
        db = sqlite3.connect(
            name, uri=not writing, isolation_level=None, timeout=PATIENCE, factory=Connection
        )
    except sqlite3.Error as error:
        raise RunError(f"{path}: {error}") from None
    db.place = path
    try:
        for limit, value in _LIMITS.items():
            db.setlimit(limit, value)
        db.execute("PRAGMA trusted_schema = OFF")
    except BaseException:
        db.close()
        raise
    return db


def temporary(place: Path) -> Connection:
    """Open an empty database in a file that SQLite removes; its errors name ``place``."""
    db = sqlite3.connect("", isolation_level=None, factory=Connection)
    db.place = place
    return db


def check_schema(db: Connection, schema: str, *, exact: bool = True) -> None:
    """Raise :class:`UsageError` where a database holds more than the tables of ``schema``, or other ones.

    A trigger, a view of somebody else's or a virtual table would run SQL that siked did not write. One of
    an older format, so not ``exact``, may have fewer of them, and tables with other columns.
    """
    fresh = sqlite3.connect(":memory:")
    try:
        fresh.executescript(schema)
        there, wanted = _objects(db), _objects(fresh)
        for (kind, name), sql in there.items():
            known = wanted.get((kind, name))
            if known is None or (
                not _same_table(db, fresh, name, sql, exact)
                if kind == "table"
                else _plain(known) != _plain(sql)
            ):
                raise damaged(db.place, f"the {kind} {name!r} is none of siked's")
        if exact and (missing := wanted.keys() - there.keys()):
            kind, name = min(missing)
            raise damaged(db.place, f"the {kind} {name!r} is missing")
    finally:
        fresh.close()


def check_content(db: Connection) -> None:
    """Raise :class:`UsageError` where a file is damaged, or a column holds what is not of its type.

    A process looks once: what it finds then, and writes itself, it need not look at again.
    """
    about = db.place.stat()
    which = (about.st_dev, about.st_ino)
    if which in _looked_through or about.st_size > WHOLE:
        return
    for name in _lax(db):
        _check_types(db, name)
    rows = db.execute("PRAGMA quick_check(1)").fetchall()
    if rows != [("ok",)]:
        raise damaged(db.place, str(rows[0][0]) if rows else "nothing can be read")
    _looked_through.add(which)


def _lax(db: Connection) -> list[str]:
    """Return the tables whose columns may hold anything: not STRICT, as an old SQLite makes them."""
    if sqlite3.sqlite_version_info < (3, 37):
        return [name for kind, name in _objects(db) if kind == "table"]
    rows = db.execute("SELECT name, type, strict FROM pragma_table_list WHERE schema = 'main'").fetchall()
    return [name for name, kind, strict in rows if kind == "table" and not strict and name in _named(db)]


def _named(db: Connection) -> set[str]:
    return {name for _, name in _objects(db)}


def _check_types(db: Connection, table: str) -> None:
    for column in _columns(db, table):
        name, kind = column[1].replace('"', '""'), str(column[2]).lower()
        fits = "'real', 'integer'" if kind == "real" else f"'{kind}'"
        found = db.execute(
            f'SELECT 1 FROM "{table}" WHERE typeof("{name}") NOT IN ({fits}, \'null\') LIMIT 1'
        ).fetchone()
        if found:
            raise damaged(db.place, f"the column {table}.{column[1]} holds what is no {kind}")


_looked_through: set[tuple[int, int]] = set()


def from_json(text: object, place: object) -> Any:
    """Parse what a column holds as JSON; raises :class:`UsageError` where it is none."""
    try:
        return json.loads(str(text))
    except (ValueError, RecursionError) as error:
        raise damaged(place, f"a row holds no JSON: {error}") from None


def _objects(db: sqlite3.Connection) -> dict[tuple[str, str], str]:
    rows = db.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL LIMIT 1000")
    return {(str(kind), str(name)): str(sql) for kind, name, sql in rows}


def _plain(sql: str) -> str:
    return _SPACE.sub(" ", sql).strip()


def _same_table(db: Connection, fresh: sqlite3.Connection, name: str, sql: str, exact: bool) -> bool:
    if _plain(sql[:200]).upper().startswith("CREATE VIRTUAL"):
        return False
    columns = _columns(db, name)
    computed = any(column[6] for column in columns)
    return not computed and (not exact or _shape(columns) == _shape(_columns(fresh, name)))


def _columns(db: sqlite3.Connection, name: str) -> list[Any]:
    quoted = name.replace('"', '""')
    return db.execute(f'PRAGMA table_xinfo("{quoted}")').fetchall()


def _shape(columns: Iterable[Any]) -> set[tuple[str, str, int]]:
    """Name, type and whether it may be NULL; the order differs where a column was added."""
    return {(column[1], column[2], column[3]) for column in columns}
