"""The paper's schedule: what the student can do by itself, and the teacher where it cannot."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import ClassVar

from siked.builtin.schedules.pools import KeepOptions, in_order, pair_of, pool, warm_up
from siked.errors import ConfigError
from siked.records import Candidate, Choice, History


@dataclass(frozen=True, slots=True, kw_only=True)
class AdaptiveOptions(KeepOptions):
    """Options of ``adaptive``."""

    floor: float = field(
        default=0.0,
        metadata={"help": "Least share of teacher rows, 0 to below 1; 0 lets it fall freely (the paper's)."},
    )

    def __post_init__(self) -> None:
        # A slots dataclass is a new class, which breaks the bare super() in it.
        KeepOptions.__post_init__(self)
        if not 0 <= self.floor < 1:
            raise ConfigError(f"floor is {self.floor}; it can be 0 to below 1")


class Adaptive:
    """D_self, and D_LLM only for the (problem, strategy) pairs the student could not solve.

    Paper, section 3, variant *Adaptive*: the teacher's share falls by itself as the student solves
    more. With ``floor`` teacher rationales of solved pairs, drawn at random, keep it from falling
    below that share for as long as there are any.
    """

    name: ClassVar[str] = "adaptive"
    Options: ClassVar[type[AdaptiveOptions]] = AdaptiveOptions

    def __init__(self, options: AdaptiveOptions) -> None:
        self._options = options

    def mix(
        self,
        teacher: Sequence[Candidate],
        student: Sequence[Candidate],
        history: History,
        rng: random.Random,
    ) -> Iterator[Choice]:
        """Yield the rows by (problem, strategy)."""
        shown = pool(teacher, self._options)
        if history.iteration == 0:
            yield from in_order(warm_up(shown))
            return
        own = pool(student, self._options)
        solved = {pair_of(candidate) for candidate in own}
        rows = [Choice(candidate, "student: correct") for candidate in own]
        rows += [Choice(c, _unsolved(c, history)) for c in shown if pair_of(c) not in solved]
        spare = [candidate for candidate in shown if pair_of(candidate) in solved]
        missing = self._missing(len(rows) - len(own), len(rows), len(spare))
        rows += [Choice(spare[i], "teacher: floor") for i in rng.sample(range(len(spare)), missing)]
        yield from in_order(rows)

    def _missing(self, taught: int, rows: int, spare: int) -> int:
        """Teacher rows to add so that (taught + x) / (rows + x) reaches the floor."""
        floor = Fraction(str(self._options.floor))  # in floats 0.4 * 4 - 1 is more than 0.6
        needed = math.ceil((floor * rows - taught) / (1 - floor))
        return max(0, min(needed, spare))


def _unsolved(candidate: Candidate, history: History) -> str:
    _, samples = history.solved.get(pair_of(candidate), (0, 0))
    return (
        f"teacher: the student solved none of {samples}" if samples else "teacher: not solved by the student"
    )
