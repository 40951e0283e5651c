"""The paper's schedule: what the student can do by itself, and the teacher where it cannot."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from siked.records import History
from siked.schedules.pools import Pick, PooledSchedule, PoolOptions, Pools, one_of


@dataclass(frozen=True, slots=True, kw_only=True)
class AdaptiveOptions(PoolOptions):
    """Options of ``adaptive``."""

    refill: Literal["pair", "problem"] = field(
        default="pair",
        metadata={
            "help": "Where the teacher is heard: on each (problem, strategy) that the student could not "
            "solve (the authors' scripts), or only on problems that it could solve with no strategy."
        },
    )

    def __post_init__(self) -> None:
        PoolOptions.__post_init__(self)
        one_of("refill", self.refill, "pair", "problem")


class Adaptive(PooledSchedule):
    """D_self, and D_LLM only for the (problem, strategy) pairs the student could not solve.

    Paper, section 3, variant *Adaptive*: the teacher's share falls by itself as the student solves
    more. With ``floor`` teacher rationales of solved pairs, drawn at random, keep it from falling
    below that share for as long as there are any. With ``refill: problem`` a problem that the student
    solves in one way is left to it, so that the mixture says which strategy works.
    """

    name: ClassVar[str] = "adaptive"
    Options: ClassVar[type[AdaptiveOptions]] = AdaptiveOptions

    def __init__(self, options: AdaptiveOptions) -> None:
        super().__init__(options)
        self._refill = options.refill

    def draw(self, pools: Pools, history: History, rng: random.Random) -> Iterator[Pick]:
        """Yield every pair that either solved, once; per problem, none that the student alone failed."""
        own = {group.problem for group in pools.student}
        for pick in solved_or_taught(pools, history):
            if self._refill == "pair" or pick.group.source == "student" or pick.group.problem not in own:
                yield pick


def solved_or_taught(pools: Pools, history: History) -> Iterator[Pick]:
    """Yield the student's groups, and the teacher's of pairs for which the student has none."""
    own = {group.pair for group in pools.student}
    yield from (Pick(group, "student: correct") for group in pools.student)
    for group in pools.teacher:
        if group.pair not in own:
            _, samples = history.solved.get(group.pair, (0, 0))
            none = f"solved none of {samples}" if samples else "was not asked"
            yield Pick(group, f"teacher: the student {none}")
