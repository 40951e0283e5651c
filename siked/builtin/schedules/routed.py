"""How to reason from every solved pair, which way to reason from the student's pass rates."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from annotated_types import Ge, Gt

from siked.builtin.schedules.adaptive import solved_or_taught
from siked.errors import ConfigError
from siked.records import History
from siked.schedules.filling import Pair
from siked.schedules.pools import Pick, PooledSchedule, PoolOptions, Pools


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutedOptions(PoolOptions):
    """Options of ``routed``."""

    tags: Annotated[float, Gt(0)] = field(
        default=3.0,
        metadata={"help": "What the tags of a problem count together in the loss, in tokens of a rationale."},
    )
    beta: Annotated[float, Ge(0)] = field(
        default=0.0,
        metadata={
            "help": "0: a tag weighs its strategy's share of the problem's pass rates; above: softmax(pass "
            "rate / beta), which prefers the best strategy the more the smaller beta is."
        },
    )

    def __post_init__(self) -> None:
        PoolOptions.__post_init__(self)
        if self.beta < 0:
            raise ConfigError(f"beta is {self.beta}; it can be 0 or more")
        if not self.tags:
            raise ConfigError("tags is 0; it must be more, or no strategy is ever preferred")


class Routed(PooledSchedule):
    """The rows of ``adaptive``; their tags count what the student's pass rates of this iteration say.

    The paper's mixture holds every strategy that either solved, so its tags say next to nothing about
    which one suits a problem. Here rationales teach as there, and a tag weighs the share that its
    strategy has of the problem's pass rates. Problems that the student solved in no way teach no tag.
    """

    name: ClassVar[str] = "routed"
    Options: ClassVar[type[RoutedOptions]] = RoutedOptions

    def __init__(self, options: RoutedOptions) -> None:
        super().__init__(options)
        self._beta = options.beta

    def draw(self, pools: Pools, history: History, rng: random.Random) -> Iterator[Pick]:
        """Yield every pair that either solved, once."""
        yield from solved_or_taught(pools, history)

    def tag_shares(self, pairs: Sequence[Pair], pools: Pools) -> dict[Pair, float]:
        """Return the pass rates, or the exponentials of pass rates over ``beta``; 0 where all rates are."""
        rates = {}
        for pair in pairs:
            right, samples = pools.solved.get(pair, (0, 0))
            rates[pair] = right / samples if samples else 0.0
        top = max(rates.values())
        if not self._beta or not top:
            return rates
        return {pair: math.exp((rate - top) / self._beta) for pair, rate in rates.items()}
