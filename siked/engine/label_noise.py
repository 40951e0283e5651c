"""How far labels that were made without golds can be trusted, measured where there are golds."""

from __future__ import annotations

from typing import Any

from siked.engine.state import State
from siked.journal.queries import verdicts
from siked.records import Answer, Status


def label_error(state: State, last: int) -> list[dict[str, Any]]:
    """Return, for the teacher and each iteration, how many problems were labelled and how many wrongly.

    A problem's label is the answer that the labeller took for right; it is wrong where the verifier
    says so by the gold. Empty where the verifier itself is the labeller.
    """
    if state.config.labels is None:
        return []
    return [_error(state, t) for t in range(last + 1)]


def _error(state: State, iteration: int) -> dict[str, Any]:
    rows = verdicts.labels(state.journal, iteration)
    labelled = [(state.journal.problem(row), answer) for row, answer in rows if answer is not None]
    told = [
        state.verifier.verify(problem, [Answer(answer, form="value")])[0].status
        for problem, answer in labelled
        if problem.gold is not None
    ]
    wrong = sum(status is not Status.CORRECT for status in told)
    return {
        "labeller": state.judging["labels"].key.verifier,
        "step": "teacher" if iteration == 0 else f"iteration {iteration}",
        "problems": len(rows),
        "labelled": len(labelled),
        "with_gold": len(told),
        "wrong": wrong,
        "error": wrong / len(told) if told else None,
    }
