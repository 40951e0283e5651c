"""Step 3f of the paper: go on, stop, or roll back; by dev scores only."""

from __future__ import annotations

import json

from siked.engine.state import MAIN, State
from siked.engine.stats import score
from siked.records import Decision, DevPoint


def decide(state: State, iteration: int) -> Decision:
    """Ask the stopping rule what to do after ``iteration``."""
    return state.stopping.decide(dev_history(state, iteration), state.config.iterations)


def dev_history(state: State, iteration: int) -> list[DevPoint]:
    """Return the dev points of iterations 0 to ``iteration``."""
    return [
        DevPoint(
            iteration=row["iteration"],
            score=score(row["correct"], row["n"], row["unverified"]),
            choice=json.loads(row["choice"]),
            solved=_solved(state, row["iteration"]),
            seconds=_sum(state, "SELECT sum(seconds) FROM steps", row["iteration"]),
            tokens=int(
                _sum(state, "SELECT sum(tokens) FROM students", row["iteration"])
                + _sum(
                    state,
                    "SELECT sum(r.completion_tokens) FROM requests q JOIN rationales r ON r.request = q.id",
                    row["iteration"],
                )
            ),
        )
        for row in state.journal.rows(
            "SELECT * FROM evaluations WHERE track = ? AND split = 'dev' AND mode = 'free' AND iteration <= ?"
            " ORDER BY iteration",
            MAIN,
            iteration,
        )
    ]


def _solved(state: State, iteration: int) -> frozenset[str]:
    right = state.journal.db.execute(
        "SELECT p.name FROM requests q JOIN problems p ON p.id = q.problem"
        " JOIN rationales r ON r.request = q.id"
        " AND r.attempt = (SELECT max(attempt) FROM rationales WHERE request = q.id)"
        " JOIN verdicts v ON v.rationale = r.id AND v.verifier = ? AND v.version = ? AND v.options = ?"
        " WHERE q.track = ? AND q.iteration = ? AND q.step = 'free:dev' AND v.status = 'correct'",
        (*state.judge, MAIN, iteration),
    )
    return frozenset(name for (name,) in right)


def _sum(state: State, select: str, iteration: int) -> float:
    """Sum over the run up to and with an iteration."""
    ((value,),) = state.journal.db.execute(f"{select} WHERE track = ? AND iteration <= ?", (MAIN, iteration))
    return value or 0.0


def best_iteration(history: list[DevPoint]) -> int:
    """Return the iteration with the best dev score; ties go to the earlier."""
    return max(history, key=lambda point: (point.score.value, -point.iteration)).iteration
