"""A mixture with a given share of teacher rows."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from siked.builtin.schedules.pools import KeepOptions, in_order, pool, warm_up
from siked.errors import ConfigError
from siked.records import Candidate, Choice, History


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedOptions(KeepOptions):
    """Options of ``fixed``."""

    alpha: float = field(
        default=0.5, metadata={"help": "The teacher's share of rows after iteration 0, 0 to 1."}
    )

    def __post_init__(self) -> None:
        # A slots dataclass is a new class, which breaks the bare super() in it.
        KeepOptions.__post_init__(self)
        if not 0 <= self.alpha <= 1:
            raise ConfigError(f"alpha is {self.alpha}; it can be 0 to 1")


class Fixed:
    """The largest mixture whose teacher share is ``alpha`` to within one row.

    Rows are drawn without replacement and never repeated, so the scarcer source decides the size:
    where the student solved nothing, an ``alpha`` below 1 leaves a row or none.
    """

    name: ClassVar[str] = "fixed"
    Options: ClassVar[type[FixedOptions]] = FixedOptions

    def __init__(self, options: FixedOptions) -> None:
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
        alpha = self._options.alpha
        taught, tried = row_counts(len(shown), len(own), alpha)
        rows = [Choice(c, f"teacher: alpha {alpha:g}") for c in rng.sample(shown, taught)]
        rows += [Choice(c, f"student: alpha {alpha:g}") for c in rng.sample(own, tried)]
        yield from in_order(rows)


def row_counts(teacher: int, student: int, alpha: float) -> tuple[int, int]:
    """Return (teacher rows, student rows) of the largest mixture that both sources can fill.

    The first is ``alpha`` times their sum, rounded half up.
    """
    for rows in range(teacher + student, 0, -1):
        taught = math.floor(alpha * rows + 0.5)
        if taught <= teacher and rows - taught <= student:
            return taught, rows - taught
    return 0, 0
