"""Rationales to look at, and what decided their verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from siked.engine.state import MAIN
from siked.journal import Reader, Stage
from siked.journal.queries import texts, verdicts

KINDS = ("correct", "wrong", "flagged", "unverified")
"""``flagged`` is correct with a flag."""


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
    last = texts.last_sampled(journal)
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
        for strategy, kind, rationale in verdicts.drawn(journal, Stage(MAIN, writer.iteration, step)):
            found.append((strategies.index(strategy), KINDS.index(kind), rationale))
    return [
        Sample(kind=KINDS[kind], **verdicts.sample(journal, rationale))
        for _, kind, rationale in sorted(found)
    ]
