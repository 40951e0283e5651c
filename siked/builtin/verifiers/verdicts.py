"""From judgements to verdicts, for all verifiers of this package."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from siked.answers import Judgement, Why, judge
from siked.records import Answer, Status, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class NoOptions:
    """Nothing can be set."""


def verdict(judgement: Judgement) -> Verdict:
    """Turn a judgement into a verdict; without a gold it is unverified."""
    if judgement.correct is None:
        status = Status.UNVERIFIED
    else:
        status = Status.CORRECT if judgement.correct else Status.WRONG
    return Verdict(status=status, answer=judgement.found.text, rule=judgement.rule)


def unverified(why: Why, answer: str | None = None) -> Verdict:
    """Say that an answer could not be judged: a failure of ours is never the answer's."""
    return Verdict(status=Status.UNVERIFIED, answer=answer, rule=why.value)


def guarded(
    gold: str | None, answer: Answer, judged: Callable[[str | None, Answer], Judgement] = judge
) -> Verdict:
    """Judge one answer; whatever fails on the way makes it unverified."""
    try:
        return verdict(judged(gold, answer))
    except Exception:
        return unverified(Why.CRASH)
