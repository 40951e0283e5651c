"""Rationales to look at, and what decided their verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from siked.engine.state import MAIN
from siked.journal import Reader

KINDS = ("correct", "wrong", "flagged", "unverified")
"""``flagged`` is correct with a flag."""

_JUDGED = (
    "FROM requests q JOIN rationales r ON r.request = q.id"
    " AND r.attempt = (SELECT max(attempt) FROM rationales WHERE request = q.id)"
    " JOIN verdicts v ON v.rationale = r.id"
)
_KIND = "CASE WHEN v.status = 'correct' AND v.flags != '' THEN 'flagged' ELSE v.status END"


@dataclass(frozen=True, slots=True)
class Writer:
    """Who wrote rationales for training, and in which steps."""

    title: str
    iteration: int
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """One rationale with its problem and verdict."""

    kind: str
    strategy: str
    problem: str
    question: str
    gold: str | None
    text: str
    outcome: str
    tokens: int
    status: str
    answer: str | None
    rule: str
    flags: str
    sandbox: str
    program: str
    detail: str
    row: str
    """Its place in the mixtures as ``siked why`` takes it; empty where it was not trained on."""


def writers(journal: Reader, strategies: Sequence[str]) -> list[Writer]:
    """Return the newest student that has written for training, where one has, and the teacher."""
    teacher = Writer("Written by the teacher", 0, tuple(f"teach:{name}" for name in strategies))
    ((last,),) = journal.db.execute(
        "SELECT max(iteration) FROM requests WHERE track = ? AND step = 'sample'", (MAIN,)
    )
    if last is None:
        return [teacher]
    return [Writer(f"Written by student {last - 1} for iteration {last}", last, ("sample",)), teacher]


def pick(journal: Reader, writer: Writer, strategies: Sequence[str]) -> list[Sample]:
    """Return a rationale of each strategy and kind there is, in these orders.

    It is the one with the lowest request seed: seeds are hashes, so that is a fair draw, the same
    each time, and nobody's choice.
    """
    found: list[tuple[int, int, int]] = []
    for step in writer.steps:
        # SQLite takes the columns that are not aggregated from the row that has the minimum.
        for strategy, kind, rationale, _ in journal.db.execute(
            f"SELECT q.strategy, {_KIND} AS kind, r.id, min(q.seed) {_JUDGED}"
            " WHERE q.track = ? AND q.iteration = ? AND q.step = ? GROUP BY 1, 2",
            (MAIN, writer.iteration, step),
        ):
            found.append((strategies.index(strategy), KINDS.index(kind), rationale))
    return [_sample(journal, KINDS[kind], rationale) for _, kind, rationale in sorted(found)]


def _sample(journal: Reader, kind: str, rationale: int) -> Sample:
    (row,) = journal.rows(
        "SELECT q.strategy, p.name AS problem, p.question, p.gold, r.text, r.outcome,"
        " r.completion_tokens AS tokens, v.status, v.answer, v.rule, v.flags, v.sandbox, v.program,"
        " v.detail, coalesce((SELECT m.iteration || ':' || w.position FROM mixture_rows w"
        " JOIN mixtures m ON m.id = w.mixture WHERE m.track = ? AND w.rationale = r.id"
        f" ORDER BY m.iteration LIMIT 1), '') AS row {_JUDGED} JOIN problems p ON p.id = q.problem"
        " WHERE r.id = ? ORDER BY v.id DESC LIMIT 1",
        MAIN,
        rationale,
    )
    return Sample(kind=kind, **row)
