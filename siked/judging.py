"""Read, run, judge: the one way from texts to verdicts, in runs and outside them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import replace

from siked.answers.flags import flags
from siked.contracts import Verifier
from siked.records import (
    Answer,
    Judged,
    JudgeItem,
    Malformed,
    Outcome,
    Program,
    ProgramOutcome,
    ProgramStatus,
    Reading,
    Status,
    Verdict,
)

STOPPED = (ProgramStatus.TIMEOUT, ProgramStatus.MEMORY, ProgramStatus.DENIED)
"""The sandbox ended the program: what it would have answered is not known."""

Run = Callable[[Iterable[Program]], Iterable[ProgramOutcome]]
"""What a sandbox's ``run`` does."""


def judge(items: Sequence[JudgeItem], verifier: Verifier, run: Run) -> list[Judged]:
    """Run what is a program and ask the verifier; one result an item, in order.

    A program without an answer is wrong, one that the sandbox stopped is unverified, as is a request
    that ended without a text. Right answers carry the flags of their reasoning.
    """
    programs = [item.reading for item in items if isinstance(item.reading, Program)]
    ran = iter(list(run(programs)) if programs else [])
    outcomes = [next(ran) if isinstance(item.reading, Program) else None for item in items]
    answers = [_answer(item.reading, outcome) for item, outcome in zip(items, outcomes, strict=True)]
    groups: dict[Hashable, list[int]] = {}
    for place, item in enumerate(items):
        groups.setdefault(item.group, []).append(place)
    verdicts: dict[int, Verdict] = {}
    for members in groups.values():
        answered = [(place, answer) for place in members if (answer := answers[place]) is not None]
        if answered:
            given = verifier.verify(items[members[0]].problem, [answer for _, answer in answered])
            verdicts.update(zip((place for place, _ in answered), given, strict=True))
    return [
        Judged(_flagged(item.reading, verdicts.get(place) or _without_answer(item.reading, outcome)), outcome)
        for place, (item, outcome) in enumerate(zip(items, outcomes, strict=True))
    ]


def _answer(reading: Reading | Outcome, outcome: ProgramOutcome | None) -> Answer | None:
    """Return what a verifier looks at: the text, or the answer of the program that was run."""
    if outcome is not None and outcome.status is ProgramStatus.OK:
        return Answer(outcome.answer or "", "value")
    return reading if isinstance(reading, Answer) else None


def _without_answer(reading: Reading | Outcome, outcome: ProgramOutcome | None) -> Verdict:
    if isinstance(reading, Malformed):
        return Verdict(status=Status.WRONG, answer=None, rule=f"malformed:{reading.reason}")
    if outcome is not None:
        status = Status.UNVERIFIED if outcome.status in STOPPED else Status.WRONG
        return Verdict(status=status, answer=None, rule=f"program:{outcome.status}")
    return Verdict(status=Status.UNVERIFIED, answer=None, rule=f"no-text:{reading}")


def _flagged(reading: Reading | Outcome, verdict: Verdict) -> Verdict:
    if verdict.status is not Status.CORRECT or not isinstance(reading, Answer | Program):
        return verdict
    if isinstance(reading, Program):
        found = flags("program", reading.code, verdict.answer, reading.code)
    else:
        found = flags(reading.form, reading.text, verdict.answer, None)
    return replace(verdict, flags=tuple(sorted({*verdict.flags, *found})))
