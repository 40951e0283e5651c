"""A mixture at a given distance from what the student would choose by itself."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Annotated, ClassVar

from annotated_types import Ge

from siked.builtin.schedules.adaptive import solved_or_taught
from siked.builtin.schedules.curves import Curve, Shape
from siked.errors import ConfigError
from siked.mixtures import divergence
from siked.records import History, Target
from siked.schedules.filling import Group, swapped
from siked.schedules.pools import Pick, PooledSchedule, PoolOptions, Pools


@dataclass(frozen=True, slots=True, kw_only=True)
class KlOptions(PoolOptions):
    """Options of ``kl``."""

    target: Annotated[float, Ge(0)] = field(
        default=0.2, metadata={"help": "Divergence from the student's choice on dev at iteration 1, in nats."}
    )
    end: float | None = field(
        default=None, metadata={"help": "The target of the last iteration; not set: the same for all."}
    )
    shape: Shape = field(
        default="linear", metadata={"help": "How it goes there: linear, cosine or geometric."}
    )
    over: Annotated[int, Ge(0)] = field(
        default=0, metadata={"help": "The iteration at which the end is reached; 0 is the run's last."}
    )

    def __post_init__(self) -> None:
        PoolOptions.__post_init__(self)
        for name, value in (("target", self.target), ("end", self.end)):
            if value is not None and value < 0:
                raise ConfigError(f"{name} is {value}; it can be 0 or more")
        self.curve()

    def curve(self) -> Curve:
        """Return the target over the iterations."""
        return Curve(self.target, self.target if self.end is None else self.end, self.shape, self.over)


class KlTarget(PooledSchedule):
    """The teacher's share of each strategy such that the mixture is ``target`` away from the student.

    Every pair that student or teacher solved can have a row, the student's if it has one, as in
    ``adaptive``. :func:`solve` says how many rows each strategy gets. They are the student's first
    and the teacher's for the rest; for a ``floor``, the student's give way to the teacher's of the
    same pairs, which changes no tag.
    """

    name: ClassVar[str] = "kl"
    Options: ClassVar[type[KlOptions]] = KlOptions

    def __init__(self, options: KlOptions) -> None:
        super().__init__(options)
        self._curve = options.curve()

    def draw(self, pools: Pools, history: History, rng: random.Random) -> Iterator[Pick | Target]:
        """Yield as many groups of each strategy as the target asks for."""
        target = self._curve.at(history)
        picks = {pick.group: pick for pick in solved_or_taught(pools, history)}
        groups = pools.capped(list(picks), rng)
        room = {name: sum(group.strategy == name for group in groups) for name in history.strategies}
        counts, why = solve(room, history.choice, target, history.dev)
        drawn: list[Group] = []
        for name, count in counts.items():
            own = [group for group in groups if group.strategy == name]
            mixed = sorted(rng.sample(own, len(own)), key=lambda group: group.source)  # the student's first
            drawn += mixed[:count]
        needed = math.ceil(Fraction(str(self.pool_options.floor)) * len(drawn))
        drawn = swapped(drawn, pools.teacher, needed - _taught(drawn), rng)
        if not why and _taught(drawn) < needed:
            why = "the floor takes other rows than the target"
        yield Target("kl", target, why)
        yield from (picks.get(group, Pick(group, "teacher: floor")) for group in drawn)


def solve(
    room: Mapping[str, int], choice: Mapping[str, float], target: float, dev: int
) -> tuple[dict[str, int], str]:
    """Return rows per strategy, at most ``room``, whose divergence from ``choice`` is ``target``.

    The shares lie on the line between the student's choice and those of ``room``, along which the
    divergence rises from 0; at each point the mixture is as large as ``room`` lets it be. In the end
    single rows are added or taken away while that brings it closer. The text says why the target
    could not be met; it is empty where it was, to within what one row more or less changes.
    """
    chosen = {name: choice.get(name, 0.0) for name in room if room[name]}
    if not sum(chosen.values()):
        return dict(room), "the student chose no strategy that has rows"
    if divergence(room, choice, dev) <= target:
        return dict(room), _why(room, room, choice, target, dev, "all rows together are only")
    far = {name: count / sum(room.values()) for name, count in room.items()}
    near = {name: chosen.get(name, 0.0) / sum(chosen.values()) for name in room}

    def at(x: float) -> dict[str, int]:
        shares = {name: (1 - x) * near[name] + x * far[name] for name in room}
        total = min(room[name] / share for name, share in shares.items() if share)
        return {name: min(room[name], math.floor(total * share + 0.5)) for name, share in shares.items()}

    low, high = 0.0, 1.0
    if divergence(at(low), choice, dev) >= target:
        return at(low), _why(at(low), room, choice, target, dev, "the rows there are can come no nearer than")
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (low, middle) if divergence(at(middle), choice, dev) > target else (middle, high)
    counts = _polished(at(low), room, choice, target, dev)
    return counts, _why(counts, room, choice, target, dev, "whole rows can come no nearer than")


def _taught(groups: Sequence[Group]) -> int:
    return sum(group.source == "teacher" for group in groups)


def _polished(
    counts: Mapping[str, int], room: Mapping[str, int], choice: Mapping[str, float], target: float, dev: int
) -> dict[str, int]:
    """Move single rows while that brings the divergence closer to the target, a few at most."""
    best = dict(counts)
    for _ in range(2 * len(room)):
        near = min(
            [best, *_one_row_apart(best, room)],
            key=lambda other: abs(divergence(other, choice, dev) - target),
        )
        if near is best:
            break
        best = near
    return best


def _one_row_apart(counts: Mapping[str, int], room: Mapping[str, int]) -> Iterator[dict[str, int]]:
    for name, count in counts.items():
        if count < room[name]:
            yield {**counts, name: count + 1}
        if count and sum(counts.values()) > 1:
            yield {**counts, name: count - 1}


def _why(
    counts: Mapping[str, int],
    room: Mapping[str, int],
    choice: Mapping[str, float],
    target: float,
    dev: int,
    what: str,
) -> str:
    reached = divergence(counts, choice, dev)
    steps = [abs(divergence(other, choice, dev) - reached) for other in _one_row_apart(counts, room)]
    return "" if abs(reached - target) <= max(steps, default=0.0) else f"{what} {reached:.4f}"
