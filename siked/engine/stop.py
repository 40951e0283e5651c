"""Step 3f of the paper: go on, stop, or roll back; by dev scores only."""

from __future__ import annotations

from siked.engine.state import MAIN, State
from siked.engine.stats import score
from siked.journal import Stage
from siked.journal.queries import scores, verdicts
from siked.records import Decision, DevPoint


def decide(state: State, iteration: int) -> Decision:
    """Ask the stopping rule what to do after ``iteration``."""
    return state.stopping.decide(dev_history(state, iteration), state.config.iterations)


def dev_history(state: State, iteration: int) -> list[DevPoint]:
    """Return the dev points of iterations 0 to ``iteration``."""
    spent = scores.spent(state.journal, iteration)
    return [
        DevPoint(
            iteration=found.iteration,
            score=score(found.correct, found.n, found.unverified),
            choice=found.choice,
            solved=_solved(state, found.iteration),
            seconds=seconds,
            tokens=tokens,
        )
        for found in scores.free_dev(state.journal, iteration)
        for seconds, tokens in [spent[found.iteration]]
    ]


def _solved(state: State, iteration: int) -> frozenset[str]:
    solved = verdicts.solved_by_name(state.journal, Stage(MAIN, iteration, "free:dev"))
    return frozenset(name for name, right in solved.items() if right)


def best_iteration(history: list[DevPoint]) -> int:
    """Return the iteration with the best dev score; ties go to the earlier."""
    return max(history, key=lambda point: (point.score.value, -point.iteration)).iteration
