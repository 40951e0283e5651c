"""Reading the journal; works while a run goes on."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

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

    def __init__(self, db: sqlite3.Connection, path: Path) -> None:
        self.db = db
        self.path = path

    @classmethod
    def at(cls, folder: Path) -> Reader:
        """Open the journal in a run folder for reading only.

        Raises :class:`siked.errors.UsageError` where there is none.
        """
        from siked.journal.write import check_version

        path = folder / "run.db"
        check_version(path)
        return cls(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True), path)

    def close(self) -> None:
        """Close the file."""
        self.db.close()

    def known(self, key: str, default: Any = None) -> Any:
        """Return a fact of the run."""
        row = self.db.execute("SELECT value FROM facts WHERE key = ?", (key,)).fetchone()
        return default if row is None else json.loads(row[0])

    def finished(self, track: str, iteration: int, step: str) -> bool:
        """Whether a step is finished."""
        return (
            self.db.execute(
                "SELECT 1 FROM steps WHERE track = ? AND iteration = ? AND step = ?", (track, iteration, step)
            ).fetchone()
            is not None
        )

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
        name, question, gold, dataset, family, split = self.db.execute(
            "SELECT name, question, gold, dataset, family, split FROM problems WHERE id = ?", (row,)
        ).fetchone()
        return _TYPES[split](id=name, question=question, gold=gold, dataset=dataset, family=family)

    def test_sets(self) -> list[str]:
        """Return the names of the run's test sets, in order."""
        return [
            name
            for (name,) in self.db.execute(
                "SELECT dataset FROM problems WHERE split = 'test' GROUP BY dataset ORDER BY min(id)"
            )
        ]

    def count_requests(self, track: str, iteration: int, step: str) -> tuple[int, int]:
        """Return (asked, ended) of a step."""
        asked, ended = self.db.execute(
            "SELECT count(*), count(r.request) FROM requests q LEFT JOIN"
            " (SELECT DISTINCT request FROM rationales) r ON r.request = q.id"
            " WHERE track = ? AND iteration = ? AND step = ?",
            (track, iteration, step),
        ).fetchone()
        return asked, ended

    def open_requests(self, track: str, iteration: int, step: str) -> list[tuple[int, str, str]]:
        """Return (row id, key, strategy) of the requests of a step that have no text."""
        return self.db.execute(
            "SELECT id, key, strategy FROM requests q WHERE track = ? AND iteration = ? AND step = ?"
            " AND NOT EXISTS (SELECT 1 FROM rationales r WHERE r.request = q.id) ORDER BY id",
            (track, iteration, step),
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

    def chunks(
        self, track: str, iteration: int, step: str, size: int, retry: bool = False
    ) -> Iterator[list[Asked]]:
        """Yield the requests of a step in runs of ``size``, in the order they were planned, leaving
        out runs in which nothing is missing. ``retry`` counts failed requests as missing."""
        # A step is planned in one transaction, so its ids are a run without gaps.
        first, last = self.db.execute(
            "SELECT min(id), max(id) FROM requests WHERE track = ? AND iteration = ? AND step = ?",
            (track, iteration, step),
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

    def unjudged(
        self, track: str, iteration: int, steps: Sequence[str], judge: tuple[str, str, str], problems: int
    ) -> Iterator[list[Unjudged]]:
        """Yield the rationales of some steps that ``judge`` has no verdict on, for ``problems`` whole
        problems at a time."""
        wanted = ", ".join("?" * len(steps))
        first = -1
        while True:
            ids = [
                row[0]
                for row in self.db.execute(
                    "SELECT DISTINCT problem FROM requests WHERE track = ? AND iteration = ?"
                    f" AND step IN ({wanted}) AND problem > ? ORDER BY problem LIMIT ?",
                    (track, iteration, *steps, first, problems),
                )
            ]
            if not ids:
                return
            rows = self.db.execute(
                "SELECT r.id, q.problem, r.outcome, r.strategy, r.text, q.strategy != ''"
                " FROM requests q JOIN rationales r ON r.request = q.id"
                f" WHERE q.track = ? AND q.iteration = ? AND q.step IN ({wanted})"
                " AND q.problem BETWEEN ? AND ?"
                " AND r.attempt = (SELECT max(attempt) FROM rationales WHERE request = q.id)"
                " AND NOT EXISTS (SELECT 1 FROM verdicts v WHERE v.rationale = r.id AND v.verifier = ?"
                " AND v.version = ? AND v.options = ?)"
                " ORDER BY q.problem, q.strategy, q.sample",
                (track, iteration, *steps, ids[0], ids[-1], *judge),
            )
            found = [Unjudged._make(row) for row in rows]
            first = ids[-1]
            if found:
                yield found

    def kept(self, track: str, iteration: int, step: str, judge: tuple[str, str, str]) -> Iterator[Kept]:
        """Yield the whole, correct rationales of a step, sorted by (problem, strategy, sample)."""
        for row in self.db.execute(
            "SELECT r.id, p.name, r.strategy, q.sample, r.completion_tokens, r.text, v.flags"
            " FROM requests q JOIN rationales r ON r.request = q.id JOIN verdicts v ON v.rationale = r.id"
            " JOIN problems p ON p.id = q.problem"
            " WHERE q.track = ? AND q.iteration = ? AND q.step = ? AND r.outcome = 'ok'"
            " AND v.status = 'correct' AND v.verifier = ? AND v.version = ? AND v.options = ?"
            " ORDER BY p.id, r.strategy, q.sample",
            (track, iteration, step, *judge),
        ):
            yield Kept(*row)

    def solved(
        self, track: str, iteration: int, step: str, judge: tuple[str, str, str]
    ) -> dict[tuple[str, str], tuple[int, int]]:
        """Return (problem, strategy) to (correct, asked) for a step."""
        return {
            (name, strategy): (right, asked)
            for name, strategy, right, asked in self.db.execute(
                "SELECT p.name, q.strategy, sum(coalesce(v.status = 'correct', 0)), count(*)"
                " FROM requests q JOIN problems p ON p.id = q.problem"
                " LEFT JOIN rationales r ON r.request = q.id"
                " AND r.attempt = (SELECT max(attempt) FROM rationales WHERE request = q.id)"
                " LEFT JOIN verdicts v ON v.rationale = r.id AND v.verifier = ? AND v.version = ?"
                " AND v.options = ?"
                " WHERE q.track = ? AND q.iteration = ? AND q.step = ? GROUP BY q.problem, q.strategy",
                (*judge, track, iteration, step),
            )
        }

    def rows(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        """Run a query and return its rows as dicts (small results only)."""
        cursor = self.db.execute(sql, values)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    def mixture_texts(self, track: str, iteration: int) -> Iterator[tuple[str, str, str, float]]:
        """Yield (question, strategy, text, weight) of a mixture, in training order."""
        yield from self.db.execute(
            "SELECT p.question, r.strategy, r.text, w.weight"
            " FROM mixtures m JOIN mixture_rows w ON w.mixture = m.id"
            " JOIN rationales r ON r.id = w.rationale JOIN requests q ON q.id = r.request"
            " JOIN problems p ON p.id = q.problem WHERE m.track = ? AND m.iteration = ? ORDER BY w.position",
            (track, iteration),
        )
