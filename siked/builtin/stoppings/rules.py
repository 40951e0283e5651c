"""When to end a run, decided from dev scores alone (paper, section 3: gains marginal or negative)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from siked.errors import ConfigError
from siked.records import Continue, Decision, DevPoint, RollBack, Score, Stop


@dataclass(frozen=True, slots=True, kw_only=True)
class NoOptions:
    """Nothing can be set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclineOptions:
    """Options of ``decline``."""

    tolerance: float = field(
        default=0.0, metadata={"help": "A fall of this much accuracy (0 to 1) or less is no decline."}
    )
    patience: int = field(
        default=1, metadata={"help": "End after so many iterations in a row below the best one."}
    )

    def __post_init__(self) -> None:
        if not 0 <= self.tolerance <= 1:
            raise ConfigError(f"tolerance is {self.tolerance}; it can be 0 to 1")
        if self.patience < 1:
            raise ConfigError(f"patience is {self.patience}; it can be 1 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginalOptions:
    """Options of ``marginal``."""

    gain: float = field(
        default=0.01, metadata={"help": "End when the gain in accuracy (0 to 1) is below this."}
    )
    interval: bool = field(
        default=False,
        metadata={"help": "End also when the 95 % interval of the gain reaches down to zero or below."},
    )

    def __post_init__(self) -> None:
        if not 0 <= self.gain <= 1:
            raise ConfigError(f"gain is {self.gain}; it can be 0 to 1")


class Fixed:
    """Go on until the iterations that were asked for are done."""

    name: ClassVar[str] = "fixed"
    Options: ClassVar[type[NoOptions]] = NoOptions

    def __init__(self, options: NoOptions) -> None:
        self._options = options

    def decide(self, history: Sequence[DevPoint], iterations: int) -> Decision:
        """Continue below ``iterations``, then stop."""
        return _until(history, iterations)


class Decline:
    """Roll back to the best iteration once accuracy has fallen below it."""

    name: ClassVar[str] = "decline"
    Options: ClassVar[type[DeclineOptions]] = DeclineOptions

    def __init__(self, options: DeclineOptions) -> None:
        self._options = options

    def decide(self, history: Sequence[DevPoint], iterations: int) -> Decision:
        """Roll back after ``patience`` iterations below the best by more than ``tolerance``."""
        best = best_of(history)
        latest = history[-self._options.patience :]
        below = [point for point in latest if best.score.value - point.score.value > self._options.tolerance]
        if len(below) == self._options.patience:
            return RollBack(best.iteration, f"dev accuracy fell {_step(best.score, history[-1].score)}")
        return _until(history, iterations)


class Marginal:
    """Stop when the last iteration gained too little, and roll back if it lost."""

    name: ClassVar[str] = "marginal"
    Options: ClassVar[type[MarginalOptions]] = MarginalOptions

    def __init__(self, options: MarginalOptions) -> None:
        self._options = options

    def decide(self, history: Sequence[DevPoint], iterations: int) -> Decision:
        """Compare the last two iterations; the first one is never the last."""
        if len(history) < 2:
            return _until(history, iterations)
        before, after = history[-2].score, history[-1].score
        gain = after.value - before.value
        # Scores are fractions of n: a gain of exactly the threshold must not fail by rounding.
        enough = gain >= self._options.gain - 1e-12
        if enough and not (self._options.interval and least_gain(before, after) <= 0):
            return _until(history, iterations)
        best = best_of(history)
        reason = f"dev gain is marginal: {_step(before, after)}"
        if best.iteration != history[-1].iteration and best.score.value > after.value:
            return RollBack(best.iteration, reason)
        return Stop(reason)


def best_of(history: Sequence[DevPoint]) -> DevPoint:
    """The iteration with the highest dev accuracy, the earlier one of equals."""
    return max(history, key=lambda point: (point.score.value, -point.iteration))


def least_gain(before: Score, after: Score) -> float:
    """Lower end of the 95 % interval of ``after - before``, the two samples taken as independent.

    Built from the two Wilson intervals (Newcombe 1998, Statistics in Medicine 17:873, method 10).
    Both students answer the same problems, so the interval is wider than a paired one.
    """
    down = after.value - after.ci95[0]
    up = before.ci95[1] - before.value
    return after.value - before.value - math.hypot(down, up)


def _until(history: Sequence[DevPoint], iterations: int) -> Decision:
    if history and history[-1].iteration >= iterations:
        return Stop(f"all {iterations} iterations are done")
    return Continue()


def _step(before: Score, after: Score) -> str:
    return f"from {100 * before.value:.1f} % to {100 * after.value:.1f} %"
