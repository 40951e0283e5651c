"""When to end a run, decided from dev scores alone (paper, section 3: gains marginal or negative)."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from annotated_types import Ge, Le

from siked.errors import ConfigError
from siked.records import Continue, Decision, DevPoint, RollBack, Score, Stop

Z95 = 1.959963984540054


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardOptions:
    """Options of every rule: what ends a run whatever its gains."""

    seconds: Annotated[float, Ge(0)] = field(
        default=0.0,
        metadata={"help": "Budget of time: end when another iteration would exceed it; 0 is no limit."},
    )
    tokens: Annotated[int, Ge(0)] = field(
        default=0,
        metadata={
            "help": "Budget of tokens generated and trained on: end when another iteration would exceed it; "
            "0 is no limit."
        },
    )
    collapse: Annotated[float, Ge(0), Le(1)] = field(
        default=0.0,
        metadata={
            "help": "End when the choice on dev has collapsed: one strategy has this share (0 to 1) "
            "or more, and no less than an iteration before; 0 is never."
        },
    )

    def __post_init__(self) -> None:
        for name in ("seconds", "tokens"):
            if getattr(self, name) < 0:
                raise ConfigError(f"{name} is {getattr(self, name)}; it can be 0 (no limit) or more")
        _share("collapse", self.collapse)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclineOptions(GuardOptions):
    """Options of ``decline``."""

    tolerance: Annotated[float, Ge(0), Le(1)] = field(
        default=0.0, metadata={"help": "A fall of this much accuracy (0 to 1) or less is no decline."}
    )
    patience: Annotated[int, Ge(1)] = field(
        default=1, metadata={"help": "End after so many iterations in a row below the best one."}
    )

    def __post_init__(self) -> None:
        # A slots dataclass is a new class, which breaks the bare super() in it.
        GuardOptions.__post_init__(self)
        _share("tolerance", self.tolerance)
        if self.patience < 1:
            raise ConfigError(f"patience is {self.patience}; it can be 1 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginalOptions(GuardOptions):
    """Options of ``marginal``."""

    gain: Annotated[float, Ge(0), Le(1)] = field(
        default=0.01, metadata={"help": "End when the gain in accuracy (0 to 1) is below this."}
    )
    interval: bool = field(
        default=False,
        metadata={"help": "End also when the 95 % interval of the gain reaches down to zero or below."},
    )

    def __post_init__(self) -> None:
        GuardOptions.__post_init__(self)
        _share("gain", self.gain)


class Rule(ABC):
    """A stopping rule with guards: budgets of time and tokens, and the collapse of strategies.

    A subclass judges the gains; a guard speaks where it would go on.
    """

    name: ClassVar[str]
    Options: ClassVar[type[GuardOptions]] = GuardOptions

    def __init__(self, options: GuardOptions) -> None:
        self._guards = options

    def decide(self, history: Sequence[DevPoint], iterations: int) -> Decision:
        """Stop after the last iteration, where the rule says so, or where a guard does."""
        decision = self.judge(history)
        if not isinstance(decision, Continue):
            return decision
        if history[-1].iteration >= iterations:
            return Stop(f"all {iterations} iterations are done")
        return (
            _overspent("time", "s", [point.seconds for point in history], self._guards.seconds)
            or _overspent("tokens", "tokens", [point.tokens for point in history], self._guards.tokens)
            or _collapsed(history, self._guards.collapse)
            or decision
        )

    @abstractmethod
    def judge(self, history: Sequence[DevPoint]) -> Decision:
        """Decide from the gains alone; ``history`` has one point a finished iteration."""


class Fixed(Rule):
    """Go on until the iterations that were asked for are done."""

    name: ClassVar[str] = "fixed"

    def judge(self, history: Sequence[DevPoint]) -> Decision:
        """Go on."""
        return Continue()


class Decline(Rule):
    """Roll back to the best iteration once accuracy has fallen below it."""

    name: ClassVar[str] = "decline"
    Options: ClassVar[type[DeclineOptions]] = DeclineOptions

    def __init__(self, options: DeclineOptions) -> None:
        super().__init__(options)
        self._options = options

    def judge(self, history: Sequence[DevPoint]) -> Decision:
        """Roll back after ``patience`` iterations below the best by more than ``tolerance``."""
        best = best_of(history)
        latest = history[-self._options.patience :]
        below = [point for point in latest if best.score.value - point.score.value > self._options.tolerance]
        if len(below) < self._options.patience:
            return Continue()
        return RollBack(best.iteration, f"dev accuracy fell {_step(best, history[-1])}")


class Marginal(Rule):
    """Stop when the last iteration gained too little, and roll back if it lost."""

    name: ClassVar[str] = "marginal"
    Options: ClassVar[type[MarginalOptions]] = MarginalOptions

    def __init__(self, options: MarginalOptions) -> None:
        super().__init__(options)
        self._options = options

    def judge(self, history: Sequence[DevPoint]) -> Decision:
        """Compare the last two iterations; the first one is never the last."""
        if len(history) < 2:
            return Continue()
        before, after = history[-2:]
        low, high = gain_interval(before, after)
        # Scores are fractions of n: a gain of exactly the threshold must not fail by rounding.
        enough = after.score.value - before.score.value >= self._options.gain - 1e-12
        if enough and not (self._options.interval and low <= 0):
            return Continue()
        ends = f"{100 * low:+.1f} to {100 * high:+.1f}"
        return _end(history, f"dev gain is marginal: {_step(before, after)} (95 % interval {ends} points)")


def best_of(history: Sequence[DevPoint]) -> DevPoint:
    """The iteration with the highest dev accuracy, the earlier one of equals."""
    return max(history, key=lambda point: (point.score.value, -point.iteration))


def gain_interval(before: DevPoint, after: DevPoint) -> tuple[float, float]:
    """Return the 95 % interval of the gain in accuracy from ``before`` to ``after``.

    Both students answer the same problems, so it is one of paired shares: the adjusted Wald interval
    of Agresti and Min (Statistics in Medicine, 2005), half a problem added to each of the four
    cells. Where the points do not say which problems were solved, the samples are taken as
    independent and the interval is wider (Newcombe, Statistics in Medicine 17:873, 1998, method 10).
    """
    one, two = before.score, after.score
    if one.n != two.n or any(len(point.solved) != point.score.correct for point in (before, after)):
        return _independent(one, two)
    gained, lost = len(after.solved - before.solved) + 0.5, len(before.solved - after.solved) + 0.5
    n = one.n + 2
    middle = (gained - lost) / n
    half = Z95 * math.sqrt(gained + lost - (gained - lost) ** 2 / n) / n
    return max(-1.0, middle - half), min(1.0, middle + half)


def _independent(before: Score, after: Score) -> tuple[float, float]:
    gain = after.value - before.value
    down = math.hypot(after.value - after.ci95[0], before.ci95[1] - before.value)
    up = math.hypot(after.ci95[1] - after.value, before.value - before.ci95[0])
    return gain - down, gain + up


def _overspent(what: str, unit: str, spent: Sequence[float], budget: float) -> Stop | None:
    """Stop where what is left of ``budget`` is less than the last iteration took.

    Iteration 0 has the teacher in it and says nothing of the next one.
    """
    last = spent[-1] - spent[-2] if len(spent) > 1 else 0.0
    if not budget or spent[-1] + last <= budget:
        return None
    return Stop(
        f"the budget of {what} is {budget:.0f} {unit}: {spent[-1]:.0f} are spent"
        + (f" and the last iteration took {last:.0f}" if last else "")
    )


def _collapsed(history: Sequence[DevPoint], limit: float) -> Decision | None:
    """End where one strategy has ``limit`` of the choices on dev and is not on its way back."""
    if not limit or len(history) < 2:
        return None
    before, after = ({k: v for k, v in point.choice.items() if k != "none"} for point in history[-2:])
    name, share = max(after.items(), key=lambda item: item[1], default=("", 0.0))
    if share < limit or share < before.get(name, 0.0):
        return None
    return _end(history, f"strategies collapsed: {name} is chosen for {100 * share:.1f} % of dev")


def _end(history: Sequence[DevPoint], reason: str) -> Decision:
    """Stop, or roll back where an earlier iteration was better."""
    best = best_of(history)
    if best.score.value > history[-1].score.value:
        return RollBack(best.iteration, reason)
    return Stop(reason)


def _share(name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise ConfigError(f"{name} is {value}; it can be 0 to 1")


def _step(before: DevPoint, after: DevPoint) -> str:
    return f"from {100 * before.score.value:.1f} % to {100 * after.score.value:.1f} %"
