"""Reading the journal; works while a run goes on. What else is asked of it stands in ``queries``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from siked.errors import UsageError
from siked.journal.migrate import OLDEST, VERSION, migrate, schema
from siked.journal.opening import (
    Connection,
    check_content,
    check_schema,
    connect,
    damaged,
    from_json,
    temporary,
)
from siked.journal.stage import Role, Stage, VerifierKey
from siked.records import DevProblem, Problem, TestProblem, TrainProblem

_TYPES: dict[str, type[Problem]] = {"train": TrainProblem, "dev": DevProblem, "test": TestProblem}


class Asked(NamedTuple):
    """A request of the journal, with the state of its text."""

    id: int
    problem: int
    strategy: str
    sample: int
    seed: int
    key: str
    done: bool


class Unjudged(NamedTuple):
    """A rationale without a verdict."""

    id: int
    problem: int
    outcome: str
    strategy: str
    text: str
    forced: bool
    """The tag was given, so the text does not start with it."""


class Kept(NamedTuple):
    """A correct rationale, in light columns."""

    id: int
    problem: str
    strategy: str
    sample: int
    length: int
    text: str
    flags: str


class Reader:
    """Queries over one journal."""

    def __init__(self, db: Connection, path: Path) -> None:
        self.db = db
        self.path = path

    @classmethod
    def at(cls, folder: Path) -> Reader:
        """Open the journal in a run folder for reading only.

        One of an older format is read through a copy of today's format; the file stays as it is.
        Raises :class:`siked.errors.UsageError` where there is none.
        """
        db, found = opened(folder / "run.db")
        if found != VERSION:
            copy = temporary(db.place)
            db.backup(copy)
            db.close()
            migrate(copy)
            db = copy
        return cls(db, folder / "run.db")

    def close(self) -> None:
        """Close the file."""
        self.db.close()

    def known(self, key: str, default: Any = None) -> Any:
        """Return a fact of the run."""
        row = self.db.execute("SELECT value FROM facts WHERE key = ?", (key,)).fetchone()
        return default if row is None else from_json(row[0], self.path)

    def finished(self, stage: Stage) -> bool:
        """Whether a step is finished."""
        found = self.db.execute(
            "SELECT 1 FROM steps WHERE track = ? AND iteration = ? AND step = ?", stage
        ).fetchone()
        return found is not None

    def verifier(self, role: Role) -> VerifierKey | None:
        """Return whose verdicts of a role count; None before the first."""
        row = self.db.execute(
            "SELECT verifier, version, options FROM current_verifier WHERE role = ?", (role,)
        ).fetchone()
        return None if row is None else VerifierKey(*row)

    def load_problems(self, split: str, dataset: str | None = None) -> list[tuple[int, Problem]]:
        """Return (row id, problem) of a split, in the data set's order."""
        rows = self.db.execute(
            "SELECT id, name, question, gold, dataset, family FROM problems"
            " WHERE split = ?1 AND (?2 IS NULL OR dataset = ?2) ORDER BY id",
            (split, dataset),
        )
        return [
            (
                i,
                _TYPES[split](id=name, question=question, gold=gold, dataset=source, family=family),
            )
            for i, name, question, gold, source, family in rows
        ]

    def problem(self, row: int) -> Problem:
        """Return one problem by row id."""
        found = self.db.execute(
            "SELECT name, question, gold, dataset, family, split FROM problems WHERE id = ?", (row,)
        ).fetchone()
        if found is None:
            raise damaged(self.path, f"there is no problem {row}, but requests for it")
        name, question, gold, dataset, family, split = found
        return _TYPES[split](id=name, question=question, gold=gold, dataset=dataset, family=family)

    def test_sets(self) -> list[str]:
        """Return the names of the run's test sets, in order."""
        return [
            name
            for (name,) in self.db.execute(
                "SELECT dataset FROM problems WHERE split = 'test' GROUP BY dataset ORDER BY min(id)"
            )
        ]

    def count_requests(self, stage: Stage) -> tuple[int, int]:
        """Return (asked, ended) of a step."""
        asked, ended = self.db.execute(
            "SELECT count(*), count(r.request) FROM requests q LEFT JOIN"
            " (SELECT DISTINCT request FROM rationales) r ON r.request = q.id"
            " WHERE track = ? AND iteration = ? AND step = ?",
            stage,
        ).fetchone()
        return asked, ended

    def open_requests(self, stage: Stage) -> list[tuple[int, str, str]]:
        """Return (row id, key, strategy) of the requests of a step that have no text."""
        return self.db.execute(
            "SELECT id, key, strategy FROM requests q WHERE track = ? AND iteration = ? AND step = ?"
            " AND NOT EXISTS (SELECT 1 FROM rationales r WHERE r.request = q.id) ORDER BY id",
            stage,
        ).fetchall()

    def used(self, teacher: bool) -> tuple[int, float]:
        """Return tokens and cost of the teacher's calls, or of all others, with what calls that were cut
        off may have used."""
        tokens, cost = self.db.execute(
            "SELECT coalesce(sum(prompt_tokens + completion_tokens), 0), coalesce(sum(cost), 0.0) FROM calls"
            " WHERE (step LIKE 'teach:%') = ?",
            (teacher,),
        ).fetchone()
        lost_tokens, lost_cost = self.db.execute(
            "SELECT coalesce(sum(tokens), 0), coalesce(sum(cost), 0.0) FROM"
            " (SELECT json_extract(data, '$.tokens') AS tokens, json_extract(data, '$.cost') AS cost, max(id)"
            " FROM events WHERE kind = 'reserved' AND json_extract(data, '$.teacher') = ?"
            " GROUP BY json_extract(data, '$.session'))",
            (teacher,),
        ).fetchone()
        return tokens + lost_tokens, cost + lost_cost

    def chunks(self, stage: Stage, size: int, retry: bool = False) -> Iterator[list[Asked]]:
        """Yield the requests of a step in runs of ``size``, in the order they were planned, leaving
        out runs in which nothing is missing. ``retry`` counts failed requests as missing."""
        # A step is planned in one transaction, so its ids are a run without gaps.
        first, last = self.db.execute(
            "SELECT min(id), max(id) FROM requests WHERE track = ? AND iteration = ? AND step = ?", stage
        ).fetchone()
        done = (
            "EXISTS (SELECT 1 FROM rationales r WHERE r.request = q.id"
            + (" AND r.outcome != 'failed'" if retry else "")
            + ")"
        )
        at = first
        while at is not None and at <= last:
            missing = self.db.execute(
                f"SELECT id FROM requests q WHERE id BETWEEN ? AND ? AND NOT {done} ORDER BY id LIMIT 1",
                (at, last),
            ).fetchone()
            if missing is None:
                return
            start = first + (missing[0] - first) // size * size
            at = start + size
            yield [
                Asked._make(row)
                for row in self.db.execute(
                    f"SELECT id, problem, strategy, sample, seed, key, {done} FROM requests q"
                    " WHERE id BETWEEN ? AND ? ORDER BY id",
                    (start, min(at - 1, last)),
                )
            ]

    def unjudged(self, stages: Sequence[Stage], key: VerifierKey, problems: int) -> Iterator[list[Unjudged]]:
        """Yield the rationales of steps of one iteration that ``key`` has no verdict on, for
        ``problems`` whole problems at a time."""
        wanted = ", ".join("?" * len(stages))
        track, iteration, _ = stages[0]
        steps = [stage.step for stage in stages]
        open_here = (
            "SELECT DISTINCT q.problem FROM requests q JOIN current_rationale r ON r.request = q.id"
            f" WHERE q.track = ? AND q.iteration = ? AND q.step IN ({wanted}) AND q.problem > ?"
            " AND NOT EXISTS (SELECT 1 FROM verdicts v WHERE v.rationale = r.id AND v.verifier = ?"
            " AND v.version = ? AND v.options = ?) ORDER BY q.problem LIMIT ?"
        )
        first = -1
        while True:
            ids = [
                row[0]
                for row in self.db.execute(open_here, (track, iteration, *steps, first, *key, problems))
            ]
            if not ids:
                return
            marks = ", ".join("?" * len(ids))
            rows = self.db.execute(
                "SELECT r.id, q.problem, r.outcome, r.strategy, r.text, q.strategy != ''"
                " FROM requests q JOIN current_rationale r ON r.request = q.id"
                f" WHERE q.track = ? AND q.iteration = ? AND q.step IN ({wanted})"
                f" AND q.problem IN ({marks})"
                " AND NOT EXISTS (SELECT 1 FROM verdicts v WHERE v.rationale = r.id AND v.verifier = ?"
                " AND v.version = ? AND v.options = ?)"
                " ORDER BY q.problem, q.strategy, q.sample",
                (track, iteration, *steps, *ids, *key),
            )
            first = ids[-1]
            yield [Unjudged._make(row) for row in rows]

    def kept(self, stage: Stage) -> Iterator[Kept]:
        """Yield the whole, correct rationales of a step, sorted by (problem, strategy, sample)."""
        for row in self.db.execute(
            "SELECT r.id, p.name, r.strategy, q.sample, r.completion_tokens, r.text, v.flags"
            " FROM requests q JOIN current_rationale r ON r.request = q.id"
            " JOIN current_verdict v ON v.rationale = r.id"
            " JOIN problems p ON p.id = q.problem"
            " WHERE q.track = ? AND q.iteration = ? AND q.step = ? AND r.outcome = 'ok'"
            " AND v.status = 'correct' ORDER BY p.id, r.strategy, q.sample",
            stage,
        ):
            yield Kept(*row)

    def rows(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        """Run a query of your own and return its rows as dicts (small results only)."""
        cursor = self.db.execute(sql, values)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]


def opened(path: Path, *, writing: bool = False) -> tuple[Connection, int]:
    """Open a journal and return it with its format.

    Raises :class:`UsageError` unless ``path`` is a whole journal that this siked can read.
    """
    if not path.exists():
        raise UsageError(f"{path.parent}: no run there (it has no {path.name})")
    db = connect(path, writing=writing)
    try:
        found = int(db.execute("PRAGMA user_version").fetchone()[0])
        if found == 0:
            raise UsageError(f"{path} is empty: the run was cut off at its birth; remove its folder")
        if not OLDEST <= found <= VERSION:
            raise UsageError(f"{path}: format {found}; this siked reads formats {OLDEST} to {VERSION}")
        check_schema(db, schema(), exact=found == VERSION)
        check_content(db)
    except BaseException:
        db.close()
        raise
    return db, found
