"""Hand-made candidates, and what a schedule makes of them: for the tests of schedules."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from siked.contracts import Schedule
from siked.records import Candidate, History, Rejected, Selected, Target


def candidate(
    number: int,
    problem: str,
    strategy: str,
    source: Literal["teacher", "student"],
    *,
    sample: int = 0,
    length: int = 10,
    text: str = "",
    flagged: bool = False,
    sketch: bytes = b"",
) -> Candidate:
    """Return a candidate with rationale ``number``; candidates without ``text`` have different ones."""
    return Candidate(
        rationale=number,
        problem_id=problem,
        strategy=strategy,
        source=source,
        sample=sample,
        length=length,
        hash=text or f"text {number}",
        flagged=flagged,
        sketch=sketch,
    )


@dataclass(frozen=True)
class Mixed:
    """What a schedule said: rows in order, what it left and why, what it aimed at."""

    choices: list[Selected]
    left: dict[int, str]
    aims: dict[str, Target]

    @property
    def numbers(self) -> list[int]:
        """The rationales of the rows, in order."""
        return [choice.candidate.rationale for choice in self.choices]

    @property
    def alpha(self) -> float:
        """The teacher's share of rows, each by its weight."""
        return self.weight(source="teacher") / self.weight()

    def count(self, strategy: str = "", source: str = "") -> int:
        """Return the rows of a strategy, a source, or both."""
        return len(self._weights(strategy, source))

    def weight(self, strategy: str = "", source: str = "") -> float:
        """Return the weight of the rows of a strategy, a source, or both."""
        return math.fsum(self._weights(strategy, source))

    def _weights(self, strategy: str, source: str) -> list[float]:
        return [
            choice.weight
            for choice in self.choices
            if strategy in ("", choice.candidate.strategy) and source in ("", choice.candidate.source)
        ]


def mixed(
    schedule: Schedule,
    teacher: Iterable[Candidate],
    student: Iterable[Candidate],
    history: History,
    seed: int = 0,
) -> Mixed:
    """Let a schedule mix and sort what it says."""
    said = list(schedule.mix(list(teacher), list(student), history, random.Random(seed)))
    return Mixed(
        [item for item in said if isinstance(item, Selected)],
        {item.candidate.rationale: item.reason for item in said if isinstance(item, Rejected)},
        {item.quantity: item for item in said if isinstance(item, Target)},
    )
