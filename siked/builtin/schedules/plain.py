"""The paper's other two variants: both sources together, and the student alone."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import ClassVar

from siked.builtin.schedules.pools import KeepOptions, in_order, pool, warm_up
from siked.records import Candidate, Choice, History


class All:
    """D_LLM united with D_self (paper, section 3, variant *All*).

    A pair that both solved has a row of each, also where the texts are equal: with one rationale
    a pair the teacher's share stays at one half or above as long as the student solves no pair
    that the teacher failed.
    """

    name: ClassVar[str] = "all"
    Options: ClassVar[type[KeepOptions]] = KeepOptions

    def __init__(self, options: KeepOptions) -> None:
        self._options = options

    def mix(
        self,
        teacher: Sequence[Candidate],
        student: Sequence[Candidate],
        history: History,
        rng: random.Random,
    ) -> Iterator[Choice]:
        """Yield the rows by (problem, strategy), the teacher's first."""
        shown = pool(teacher, self._options)
        if history.iteration == 0:
            yield from in_order(warm_up(shown))
            return
        rows = [Choice(candidate, "teacher: correct") for candidate in shown]
        rows += [Choice(candidate, "student: correct") for candidate in pool(student, self._options)]
        yield from in_order(rows)


class SelfOnly:
    """D_self alone after iteration 0: self-distillation without the teacher (the paper's *standard*).

    It yields nothing where the student solved nothing.
    """

    name: ClassVar[str] = "self"
    Options: ClassVar[type[KeepOptions]] = KeepOptions

    def __init__(self, options: KeepOptions) -> None:
        self._options = options

    def mix(
        self,
        teacher: Sequence[Candidate],
        student: Sequence[Candidate],
        history: History,
        rng: random.Random,
    ) -> Iterator[Choice]:
        """Yield the rows by (problem, strategy)."""
        if history.iteration == 0:
            yield from in_order(warm_up(pool(teacher, self._options)))
            return
        rows = [Choice(candidate, "student: correct") for candidate in pool(student, self._options)]
        yield from in_order(rows)
