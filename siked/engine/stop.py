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
        )
        for row in state.journal.rows(
            "SELECT * FROM evaluations WHERE track = ? AND split = 'dev' AND mode = 'free' AND iteration <= ?"
            " ORDER BY iteration",
            MAIN,
            iteration,
        )
    ]


def best_iteration(history: list[DevPoint]) -> int:
    """Return the iteration with the best dev score; ties go to the earlier."""
    return max(history, key=lambda point: (point.score.value, -point.iteration)).iteration
