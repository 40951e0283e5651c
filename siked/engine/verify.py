"""Step 3b of the paper: every text of a step gets the verdict of the verifier in force."""

from __future__ import annotations

from collections.abc import Sequence

from siked import events
from siked.engine.generate import chosen
from siked.engine.state import State
from siked.journal import Stage
from siked.journal.queries import verdicts
from siked.journal.read import Unjudged
from siked.journal.stage import Role
from siked.records import JudgeItem, Malformed, Outcome, Reading

PROBLEMS = 256
"""Problems judged at a time; all answers to one problem are judged together."""


def verify(state: State, stages: Sequence[Stage]) -> None:
    """Give every text of some steps of one iteration its verdict, those to one problem together.

    What is trained on is judged by the labeller, what is scored by the verifier.
    """
    judge_stages(state, stages)
    for stage in stages:
        _tell(state, stage)


def judge_stages(state: State, stages: Sequence[Stage]) -> None:
    """Judge what the verifier in force has not judged of some steps of one iteration."""
    asked = sum(state.journal.count_requests(stage)[0] for stage in stages)
    state.reporter.begin(f"verify {', '.join(stage.step for stage in stages)}", asked)
    done = 0
    key = state.judging[stages[0].role].key
    for rows in state.journal.unjudged(stages, key, PROBLEMS):
        _judge_chunk(state, rows, stages[0].role)
        done += len(rows)
        state.reporter.advance(done)
    state.reporter.end()


def _judge_chunk(state: State, rows: list[Unjudged], role: Role) -> None:
    key = state.judging[role].key
    problems = {row.problem: state.journal.problem(row.problem) for row in rows}
    items = [JudgeItem(row.problem, problems[row.problem], _read(state, row)) for row in rows]
    found = state.judge(role, items)
    with state.journal.saving():
        for row, (verdict, program) in zip(rows, ((f.verdict, f.program) for f in found), strict=True):
            state.journal.verdict(
                row.id,
                key,
                verdict,
                sandbox=program.sandbox if program else "",
                program=program.status if program else "",
                detail=program.detail[:500] if program else "",
            )


def _read(state: State, row: Unjudged) -> Reading | Outcome:
    if row.outcome in (Outcome.REFUSED, Outcome.FAILED):
        return Outcome(row.outcome)
    if not row.strategy:
        return Malformed("no-tag")
    text = row.text if row.forced else chosen(state, row.text)[1]
    return state.strategies[row.strategy].read(text)


def _tell(state: State, stage: Stage) -> None:
    state.emit(
        "siked_rationales_verified",
        events.RationalesVerified(
            **state.named(*stage, "verified"),
            **stage._asdict(),
            counts=verdicts.status_counts(state.journal, stage),
        ),
    )
