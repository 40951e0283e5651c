"""A mixture with a given share of teacher rows, the same at every iteration or falling."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Annotated, ClassVar

from annotated_types import Ge, Le

from siked.builtin.schedules.curves import Curve, Shape
from siked.records import History, Target
from siked.schedules.pools import Pick, PooledSchedule, PoolOptions, Pools, between


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedOptions(PoolOptions):
    """Options of ``fixed``."""

    alpha: Annotated[float, Ge(0), Le(1)] = field(
        default=0.5, metadata={"help": "The teacher's share of rows after iteration 0, 0 to 1."}
    )

    def __post_init__(self) -> None:
        # A slots dataclass is a new class, which breaks the bare super() in it.
        PoolOptions.__post_init__(self)
        between("alpha", self.alpha, 0, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnealedOptions(PoolOptions):
    """Options of ``annealed``; the defaults are those of the paper's Figure 2."""

    start: Annotated[float, Ge(0), Le(1)] = field(
        default=0.9, metadata={"help": "The teacher's share of rows at iteration 1, 0 to 1."}
    )
    end: Annotated[float, Ge(0), Le(1)] = field(
        default=0.2, metadata={"help": "Its share at the last iteration, 0 to 1."}
    )
    shape: Shape = field(
        default="linear", metadata={"help": "How it goes there: linear, cosine or geometric."}
    )
    over: Annotated[int, Ge(0)] = field(
        default=0, metadata={"help": "The iteration at which the end is reached; 0 is the run's last."}
    )

    def __post_init__(self) -> None:
        PoolOptions.__post_init__(self)
        between("start", self.start, 0, 1)
        between("end", self.end, 0, 1)
        self.curve()

    def curve(self) -> Curve:
        """Return alpha over the iterations."""
        return Curve(self.start, self.end, self.shape, self.over)


class Fixed(PooledSchedule):
    """The largest mixture whose teacher share is ``alpha`` to within one row; see :func:`at_alpha`."""

    name: ClassVar[str] = "fixed"
    Options: ClassVar[type[FixedOptions]] = FixedOptions

    def __init__(self, options: FixedOptions) -> None:
        super().__init__(options)
        self._alpha = options.alpha

    def draw(self, pools: Pools, history: History, rng: random.Random) -> Iterator[Pick | Target]:
        """Yield teacher and student groups at ``alpha``."""
        yield from at_alpha(pools, self._alpha, self.pool_options.floor, rng)


class Annealed(PooledSchedule):
    """As ``fixed``, with an alpha that goes from ``start`` to ``end`` over the iterations."""

    name: ClassVar[str] = "annealed"
    Options: ClassVar[type[AnnealedOptions]] = AnnealedOptions

    def __init__(self, options: AnnealedOptions) -> None:
        super().__init__(options)
        self._curve = options.curve()

    def draw(self, pools: Pools, history: History, rng: random.Random) -> Iterator[Pick | Target]:
        """Yield teacher and student groups at the alpha of the iteration."""
        yield from at_alpha(pools, self._curve.at(history), self.pool_options.floor, rng)


def at_alpha(pools: Pools, alpha: float, floor: float, rng: random.Random) -> Iterator[Pick | Target]:
    """Yield the most groups of which the teacher has ``alpha``, or ``floor`` if that is more.

    None is repeated, so the scarcer source decides how many there are. Where one source has
    nothing to give, all of the other is taken and the record says so.
    """
    groups = pools.capped([*pools.teacher, *pools.student], rng)
    teacher = [group for group in groups if group.source == "teacher"]
    student = [group for group in groups if group.source == "student"]
    share = max(alpha, floor)
    taught, tried = row_counts(len(teacher), len(student), share)
    why = f"the floor is {floor:g}" if floor > alpha else ""
    for name, own, wanted in (("teacher", teacher, share), ("student", student, 1 - share)):
        if wanted and not own:
            taught, tried, why = len(teacher), len(student), f"the {name} has nothing to give"
    yield Target("alpha", alpha, why)
    yield from (Pick(group, f"teacher: alpha {share:.3g}") for group in rng.sample(teacher, taught))
    yield from (Pick(group, f"student: alpha {share:.3g}") for group in rng.sample(student, tried))


def row_counts(teacher: int, student: int, alpha: float) -> tuple[int, int]:
    """Return (teacher rows, student rows) of the largest mixture that both sources can fill.

    The first is ``alpha`` times their sum, rounded half up.
    """
    share = Fraction(str(alpha))
    for rows in range(teacher + student, 0, -1):
        taught = math.floor(share * rows + Fraction(1, 2))
        if taught <= teacher and rows - taught <= student:
            return taught, rows - taught
    return 0, 0
