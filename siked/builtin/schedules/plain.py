"""The paper's other two variants: both sources together, and the student alone."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import ClassVar

from siked.records import History
from siked.schedules.pools import Pick, PooledSchedule, Pools


class All(PooledSchedule):
    """D_LLM united with D_self (paper, section 3, variant *All*).

    A pair that both solved has a row of each, also where the texts are equal: with one rationale
    a pair the teacher's share stays at one half or above as long as the student solves no pair
    that the teacher failed.
    """

    name: ClassVar[str] = "all"

    def draw(self, pools: Pools, history: History, rng: random.Random) -> Iterator[Pick]:
        """Yield every group."""
        yield from (Pick(group, f"{group.source}: correct") for group in [*pools.teacher, *pools.student])


class SelfOnly(PooledSchedule):
    """D_self alone after iteration 0: self-distillation without the teacher (the paper's *standard*).

    It yields nothing where the student solved nothing, and the teacher only for a ``floor``.
    """

    name: ClassVar[str] = "self"

    def draw(self, pools: Pools, history: History, rng: random.Random) -> Iterator[Pick]:
        """Yield the student's groups."""
        yield from (Pick(group, "student: correct") for group in pools.student)
