"""The paper's schedule: what the student can do by itself, and the teacher where it cannot."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import ClassVar

from siked.builtin.schedules.pools import Pick, PooledSchedule, Pools
from siked.records import History


class Adaptive(PooledSchedule):
    """D_self, and D_LLM only for the (problem, strategy) pairs the student could not solve.

    Paper, section 3, variant *Adaptive*: the teacher's share falls by itself as the student solves
    more. With ``floor`` teacher rationales of solved pairs, drawn at random, keep it from falling
    below that share for as long as there are any.
    """

    name: ClassVar[str] = "adaptive"

    def draw(self, pools: Pools, history: History, rng: random.Random) -> Iterator[Pick]:
        """Yield every pair that either solved, once."""
        yield from solved_or_taught(pools, history)


def solved_or_taught(pools: Pools, history: History) -> Iterator[Pick]:
    """Yield the student's groups, and the teacher's of pairs for which the student has none."""
    own = {group.pair for group in pools.student}
    yield from (Pick(group, "student: correct") for group in pools.student)
    for group in pools.teacher:
        if group.pair not in own:
            _, samples = history.solved.get(group.pair, (0, 0))
            none = f"solved none of {samples}" if samples else "was not asked"
            yield Pick(group, f"teacher: the student {none}")
