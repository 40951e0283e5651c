"""Finding rationales among many: by what asked for them, who wrote them, and what was said of them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from siked.journal.read import Reader

Writer = Literal["teacher", "student", "evaluation"]
"""Who wrote a text and for what: the teacher, the student for training, or a student to be scored."""
WRITERS: tuple[Writer, ...] = ("teacher", "student", "evaluation")
_FOUND = (
    "SELECT r.id AS id, q.track AS track, q.iteration AS iteration, q.step AS step, q.problem AS problem,"
    " r.strategy AS strategy, q.sample AS sample,"
    " CASE WHEN q.step LIKE 'teach:%' THEN 'teacher' WHEN q.step = 'sample' THEN 'student'"
    " ELSE 'evaluation' END AS writer, r.outcome AS outcome, coalesce(v.status, '') AS status,"
    " coalesce(v.rule, '') AS rule, coalesce(v.answer, '') AS answer, coalesce(v.flags, '') AS flags,"
    " r.id IN (SELECT rationale FROM mixture_rows) AS trained"
    " FROM current_rationale r JOIN requests q ON q.id = r.request"
    " LEFT JOIN current_verdict v ON v.rationale = r.id"
)
"""Every last text without its words."""
_TABLE = (
    "CREATE TEMP TABLE found (id INTEGER PRIMARY KEY, track TEXT, iteration INTEGER, step TEXT,"
    " problem INTEGER, strategy TEXT, sample INTEGER, writer TEXT, outcome TEXT, status TEXT, rule TEXT,"
    " answer TEXT, flags TEXT, trained INTEGER)"
)
_KEPT = (
    "SELECT id, substr(track, 1, 200), iteration, substr(step, 1, 200), problem, substr(strategy, 1, 200),"
    f" sample, writer, outcome, status, substr(rule, 1, 200), substr(answer, 1, 200), substr(flags, 1, 500),"
    f" trained FROM ({_FOUND}) ORDER BY id"
)
"""What fills it: whoever made the journal, a row of it is short."""
_PLAIN = ("problem", "track", "iteration", "step", "strategy", "writer", "outcome", "status", "trained")
"""Columns that are compared as they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which rationales are looked for; None is any."""

    problem: int | None = None
    """Its row in the journal."""
    track: str | None = None
    """``main``, or the name of a control."""
    iteration: int | None = None
    step: str | None = None
    strategy: str | None = None
    """As asked or as chosen; empty is a text without a tag."""
    writer: str | None = None
    outcome: str | None = None
    status: str | None = None
    """``correct``, ``wrong`` or ``unverified``; empty is not judged."""
    flag: str | None = None
    """One that is among its flags."""
    trained: bool | None = None
    """Whether a student was trained on it."""
    text: str | None = None
    """Stands in the text or the question, in letters of either case (A to Z)."""

    def condition(self) -> tuple[str, list[Any]]:
        """Return SQL over :data:`_FOUND` (``f``), rationales (``r``) and problems (``p``), and its values."""
        parts, values = ["1"], []
        for name in _PLAIN:
            value = getattr(self, name)
            if value is not None:
                parts.append(f"f.{name} = ?")
                values.append(value)
        if self.flag is not None:
            parts.append("instr(' ' || f.flags || ' ', ' ' || ? || ' ')")
            values.append(self.flag)
        if self.text is not None:
            like = "%" + self.text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
            parts.append("(r.text LIKE ? ESCAPE '\\' OR p.question LIKE ? ESCAPE '\\')")
            values += [like, like]
        return " AND ".join(parts), values


class Page(NamedTuple):
    """Some of the rationales that were looked for, in the order in which they were written."""

    rows: list[dict[str, Any]]
    before: bool
    """Whether there are others before."""
    after: bool


class Place(NamedTuple):
    """Where a rationale was trained on."""

    track: str
    iteration: int
    position: int
    weight: float
    tag_weight: float | None
    """What its tag counts in the loss; None is as the rationale."""
    reason: str


def count(journal: Reader, wanted: Wanted) -> int:
    """Return how many last texts there are that are wanted."""
    condition, values = wanted.condition()
    sql = f"SELECT count(*) FROM ({_FOUND}) f {_words(wanted)} WHERE {condition}"
    return int(journal.db.execute(sql, values).fetchone()[0])


def rationales(journal: Reader, wanted: Wanted | None = None) -> Iterator[dict[str, Any]]:
    """Yield the last text of every request, with its problem and the verdict that counts."""
    condition, values = (wanted or Wanted()).condition()
    cursor = journal.db.execute(
        "SELECT f.track, f.iteration, f.step, p.dataset, p.split, p.name AS problem, p.question, p.gold,"
        " f.strategy, f.sample, q.seed, q.key, f.outcome, r.reason, r.text, v.status, v.answer, v.rule,"
        f" v.flags, v.sandbox, f.writer, f.trained FROM ({_FOUND}) f JOIN rationales r ON r.id = f.id"
        " JOIN requests q ON q.id = r.request JOIN problems p ON p.id = f.problem"
        f" LEFT JOIN current_verdict v ON v.rationale = f.id WHERE {condition} ORDER BY f.id",
        values,
    )
    names = [column[0] for column in cursor.description]
    for row in cursor:
        found = dict(zip(names, row, strict=True))
        found["trained"] = bool(found["trained"])
        yield found


class Found:
    """All last texts of a journal without their words, kept beside it in a table of SQLite's that goes with
    the connection: looking through that takes a hundredth of the time, and writers of the journal have no
    index to keep. It is made anew when the journal has grown, but not in more than a tenth of the time."""

    def __init__(self, journal: Reader) -> None:
        self.journal = journal
        self._seen: tuple[Any, ...] | None = None
        self._took = 0.0
        self._made = 0.0
        self._values: dict[str, list[tuple[Any, int]]] = {}
        """What is the same for every page until there is more."""
        journal.db.execute("PRAGMA temp_store = MEMORY")
        journal.db.execute(_TABLE)

    def refresh(self) -> None:
        """Look for what was written since the last time."""
        if self._seen is not None and time.monotonic() - self._made < 10 * self._took:
            return
        db = self.journal.db
        now = db.execute(
            "SELECT (SELECT max(id) FROM rationales), (SELECT max(id) FROM verdicts),"
            " (SELECT max(id) FROM mixtures), (SELECT max(id) FROM verifiers)"
        ).fetchone()
        if now == self._seen:
            return
        start = time.monotonic()
        db.execute("BEGIN")
        db.execute("DELETE FROM temp.found")
        db.execute(f"INSERT INTO temp.found {_KEPT}")
        db.execute("COMMIT")
        self._values.clear()
        self._seen, self._made = now, time.monotonic()
        self._took = self._made - start

    def count(self, wanted: Wanted) -> int:
        """Return how many there are."""
        condition, values = wanted.condition()
        sql = f"SELECT count(*) FROM temp.found f {_words(wanted)} WHERE {condition}"
        return int(self.journal.db.execute(sql, values).fetchone()[0])

    def page(self, wanted: Wanted, size: int, *, after: int = 0, before: int | None = None) -> Page:
        """Return at most ``size`` of them behind the rationale ``after``, or right before ``before``."""
        condition, values = wanted.condition()
        back = before is not None
        ids = [
            row[0]
            for row in self.journal.db.execute(
                f"SELECT f.id FROM temp.found f {_words(wanted)} WHERE {condition} AND f.id"
                f" {'<' if back else '>'} ? ORDER BY f.id {'DESC' if back else ''} LIMIT ?",
                (*values, before if back else after, size + 1),
            )
        ]
        more, ids = len(ids) > size, sorted(ids[:size])
        if back:
            return Page(self._rows(ids), more, bool(ids))
        return Page(self._rows(ids), bool(ids) and self._any_before(wanted, ids[0]), more)

    def values(self, column: str) -> list[tuple[Any, int]]:
        """Return (value, how many) of a column, over all rationales."""
        if column not in (*_PLAIN, "flags"):
            raise ValueError(column)
        if column not in self._values:
            self._values[column] = self.journal.db.execute(
                f"SELECT {column}, count(*) FROM temp.found GROUP BY 1 ORDER BY 1"
            ).fetchall()
        return self._values[column]

    def flags(self) -> list[tuple[str, int]]:
        """Return (flag, how many) over all rationales."""
        counts: dict[str, int] = {}
        for flags, n in self.values("flags"):
            for flag in str(flags).split():
                counts[flag] = counts.get(flag, 0) + n
        return sorted(counts.items())

    def one(self, rationale: int) -> dict[str, Any] | None:
        """Return all of a rationale; None where there is none."""
        rows = self._rows([rationale], whole=True)
        return rows[0] if rows else None

    def places(self, rationale: int) -> list[Place]:
        """Return where a rationale was trained on, in order."""
        return [
            Place(*row)
            for row in self.journal.db.execute(
                "SELECT m.track, m.iteration, w.position, w.weight, w.tag_weight, w.reason"
                " FROM mixture_rows w JOIN mixtures m ON m.id = w.mixture WHERE w.rationale = ?"
                " ORDER BY m.id, w.position",
                (rationale,),
            )
        ]

    def _any_before(self, wanted: Wanted, rationale: int) -> bool:
        condition, values = wanted.condition()
        sql = f"SELECT 1 FROM temp.found f {_words(wanted)} WHERE {condition} AND f.id < ? LIMIT 1"
        return self.journal.db.execute(sql, (*values, rationale)).fetchone() is not None

    def _rows(self, ids: Sequence[int], whole: bool = False) -> list[dict[str, Any]]:
        marks = ", ".join("?" * len(ids))
        beginnings = f"substr(r.text, 1, {BEGINNING}) AS text, substr(p.question, 1, {BEGINNING}) AS question"
        return self.journal.rows(
            "SELECT f.*, substr(p.dataset, 1, 200) AS dataset, p.split, substr(p.name, 1, 200) AS name,"
            " length(r.text) AS length, r.completion_tokens AS tokens,"
            + (
                " r.text, p.question, p.gold, r.reason, q.seed, q.key, q.strategy AS asked, v.verifier,"
                " v.version, v.sandbox, v.program, v.detail"
                if whole
                else f" {beginnings}"
            )
            + " FROM temp.found f JOIN rationales r ON r.id = f.id JOIN problems p ON p.id = f.problem"
            + (
                " JOIN requests q ON q.id = r.request LEFT JOIN current_verdict v ON v.rationale = f.id"
                if whole
                else ""
            )
            + f" WHERE f.id IN ({marks}) ORDER BY f.id",
            *ids,
        )


BEGINNING = 400
"""Characters of a text and of a question on a page of many."""


def _words(wanted: Wanted) -> str:
    if wanted.text is None:
        return ""
    return "JOIN rationales r ON r.id = f.id JOIN problems p ON p.id = f.problem"
