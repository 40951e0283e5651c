"""Judging rationales: read, run programs in the sandbox, compare with the gold."""

from __future__ import annotations

from collections.abc import Sequence

from siked import hookspecs
from siked.answers.flags import flags
from siked.contracts import Verifier
from siked.engine.generate import chosen
from siked.engine.state import State
from siked.journal.read import Unjudged
from siked.records import (
    Answer,
    Malformed,
    Outcome,
    Problem,
    Program,
    ProgramOutcome,
    ProgramStatus,
    Status,
    Verdict,
)

PROBLEMS = 256
"""Problems judged at a time; all answers to one problem are judged together."""

STOPPED = (ProgramStatus.TIMEOUT, ProgramStatus.MEMORY, ProgramStatus.DENIED)
"""The sandbox ended the program: what it would have answered is not known."""


def verify(state: State, track: str, iteration: int, steps: Sequence[str], *, labels: bool = False) -> None:
    """Give every rationale of some steps a verdict, those to one problem together.

    With ``labels`` the labeller judges, for training; else the verifier, for scores.
    """
    asked = sum(state.journal.count_requests(track, iteration, step)[0] for step in steps)
    state.reporter.begin(f"verify {', '.join(steps)}", asked)
    judge = state.label_judge if labels else state.judge
    verifier = state.labeller if labels else state.verifier
    done = 0
    for rows in state.journal.unjudged(track, iteration, steps, judge, PROBLEMS):
        _judge_chunk(state, rows, verifier, judge)
        done += len(rows)
        state.reporter.advance(done)
    state.reporter.end()
    for step in steps:
        _tell(state, track, iteration, step)


def _tell(state: State, track: str, iteration: int, step: str) -> None:
    counts: dict[str, dict[str, int]] = {}
    for row in state.journal.rows(
        "SELECT r.strategy, v.status, count(*) AS n FROM requests q JOIN rationales r ON r.request = q.id"
        " JOIN verdicts v ON v.rationale = r.id"
        " WHERE q.track = ? AND q.iteration = ? AND q.step = ? GROUP BY 1, 2",
        track,
        iteration,
        step,
    ):
        counts.setdefault(row["strategy"] or "none", {})[row["status"]] = row["n"]
    state.emit(
        "siked_rationales_verified",
        hookspecs.RationalesVerified(
            id=f"{state.folder.name}:{track}:{iteration}:{step}",
            iteration=iteration,
            step=step,
            counts=counts,
        ),
    )


def _judge_chunk(state: State, rows: list[Unjudged], verifier: Verifier, judge: tuple[str, str, str]) -> None:
    readings = [_read(state, row) for row in rows]
    programs = [reading for reading in readings if isinstance(reading, Program)]
    ran = iter(list(state.sandbox.run(programs)) if programs else [])
    outcomes = [next(ran) if isinstance(reading, Program) else None for reading in readings]
    answers = [_answer(*pair) for pair in zip(readings, outcomes, strict=True)]
    by_problem: dict[int, list[int]] = {}
    for i, row in enumerate(rows):
        by_problem.setdefault(row.problem, []).append(i)
    verdicts: dict[int, Verdict] = {}
    for problem_row, members in by_problem.items():
        problem = state.journal.problem(problem_row)
        answered = [i for i in members if answers[i] is not None]
        given = [answer for i in answered if (answer := answers[i]) is not None]
        for i, verdict in zip(answered, verifier.verify(problem, given), strict=True):
            verdicts[i] = verdict
    with state.journal.saving():
        for i, row in enumerate(rows):
            reading, outcome = readings[i], outcomes[i]
            verdict = verdicts.get(i) or _without_answer(reading, outcome)
            state.journal.verdict(
                row.id,
                judge,
                _flagged(state, row, reading, verdict),
                sandbox=outcome.sandbox if outcome else "",
                program=outcome.status if outcome else "",
                detail=outcome.detail[:500] if outcome else "",
            )


def _read(state: State, row: Unjudged) -> Answer | Program | Malformed | Outcome:
    if row.outcome in (Outcome.REFUSED, Outcome.FAILED):
        return Outcome(row.outcome)
    if not row.strategy:
        return Malformed("no-tag")
    text = row.text if row.forced else chosen(state, row.text)[1]
    return state.strategies[row.strategy].read(text)


def _without_answer(
    reading: Answer | Program | Malformed | Outcome, outcome: ProgramOutcome | None
) -> Verdict:
    if isinstance(reading, Malformed):
        return Verdict(status=Status.WRONG, answer=None, rule=f"malformed:{reading.reason}")
    if outcome is not None:
        status = Status.UNVERIFIED if outcome.status in STOPPED else Status.WRONG
        return Verdict(status=status, answer=None, rule=f"program:{outcome.status}")
    return Verdict(status=Status.UNVERIFIED, answer=None, rule=f"no-text:{reading}")


def _flagged(
    state: State, row: Unjudged, reading: Answer | Program | Malformed | Outcome, verdict: Verdict
) -> Verdict:
    if verdict.status is not Status.CORRECT or not isinstance(reading, Answer | Program):
        return verdict
    form = "program" if isinstance(reading, Program) else reading.form
    text = reading.code if isinstance(reading, Program) else reading.text
    found = flags(form, text, verdict.answer, reading.code if isinstance(reading, Program) else None)
    return Verdict(
        status=verdict.status,
        answer=verdict.answer,
        rule=verdict.rule,
        flags=tuple(sorted({*verdict.flags, *found})),
    )


def judge_many(
    state: State, items: list[tuple[Problem, str, str]]
) -> list[tuple[Verdict, ProgramOutcome | None]]:
    """Judge (problem, strategy, text) outside the journal (``siked solve``, ``siked eval``)."""
    readings = [state.strategies[s].read(text) if s else Malformed("no-tag") for _, s, text in items]
    programs = [reading for reading in readings if isinstance(reading, Program)]
    ran = iter(list(state.sandbox.run(programs)) if programs else [])
    judged: list[tuple[Verdict, ProgramOutcome | None]] = []
    for (problem, _, _), reading in zip(items, readings, strict=True):
        outcome = next(ran) if isinstance(reading, Program) else None
        answer = _answer(reading, outcome)
        if answer is None:
            judged.append((_without_answer(reading, outcome), outcome))
        else:
            judged.append((state.verifier.verify(problem, [answer])[0], outcome))
    return judged


def _answer(reading: Answer | Program | Malformed | Outcome, outcome: ProgramOutcome | None) -> Answer | None:
    """Return what a verifier looks at: the text, or the answer of the program that was run."""
    if outcome is not None and outcome.status is ProgramStatus.OK:
        return Answer(outcome.answer or "", "value")
    return reading if isinstance(reading, Answer) else None
