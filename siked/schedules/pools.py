"""What all schedules share: which rationales may enter a mixture, and how a drawing becomes rows.

A schedule draws *groups*: all rationales of one source for one (problem, strategy) count as one. The
rest is the same for every schedule: ``keep`` and ``choose`` make the groups, ``cap`` and ``floor``
bound the drawing, ``cap`` and ``tokens`` bound the rows. The rows of a group share the weight of one, so
that the number of rationales shifts neither tags nor sources. So a schedule is a class of a few lines::

    class Fresh(PooledSchedule):
        name = "fresh"

        def draw(self, pools, history, rng):
            for group in pools.student:
                yield Pick(group, "student: correct")
"""

from __future__ import annotations

import math
import random
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Annotated, ClassVar, Literal, NamedTuple

from annotated_types import Ge, Le, Lt

from siked.errors import ConfigError
from siked.records import Candidate, History, Rejected, Selected, Target
from siked.schedules import filling
from siked.schedules.filling import Group, Pair
from siked.text.minhash import resemblance


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolOptions:
    """Options of every schedule: what is kept, of which pairs, and within which bounds."""

    keep: Literal["first", "shortest", "diverse", "all"] = field(
        default="first",
        metadata={
            "help": "Which correct rationales of a (problem, strategy) and source: the first (the paper's), "
            "the shortest, those that differ most, or all."
        },
    )
    most: Annotated[int, Ge(1)] = field(
        default=3,
        metadata={"help": "With keep diverse, at most so many of a (problem, strategy) and source."},
    )
    choose: Literal["every", "best", "proportional", "preferred"] = field(
        default="every",
        metadata={
            "help": "Which strategies of a problem: every solved one (the paper's), those whose pass rate "
            "is within margin of the best, each with a chance proportional to its pass rate, or the first "
            "in the order of the run's strategies that teacher or student solved it with."
        },
    )
    margin: Annotated[float, Ge(0), Le(1)] = field(
        default=0.1, metadata={"help": "With choose best, how far below the best pass rate, 0 to 1."}
    )
    floor: Annotated[float, Ge(0), Lt(1)] = field(
        default=0.0,
        metadata={"help": "Least share of teacher rows, 0 to below 1; 0 lets it fall freely (the paper's)."},
    )
    cap: Annotated[int, Ge(0)] = field(
        default=0, metadata={"help": "At most so many rows of a problem; 0 is no limit."}
    )
    tokens: Annotated[int, Ge(0)] = field(
        default=0,
        metadata={
            "help": "Loss tokens of a mixture, to hold them equal across schedules: rows are added or taken "
            "away; 0 leaves them as they come."
        },
    )
    flagged: Literal["keep", "drop"] = field(
        default="keep",
        metadata={"help": "What to do with correct rationales whose reasoning carries a warning."},
    )
    tags: Annotated[float, Ge(0)] = field(
        default=0.0,
        metadata={
            "help": "What the tags of a problem count together in the loss, in tokens of a rationale; 0 lets "
            "each count as the tokens it has (the paper's)."
        },
    )

    def __post_init__(self) -> None:
        one_of("keep", self.keep, "first", "shortest", "diverse", "all")
        one_of("choose", self.choose, "every", "best", "proportional", "preferred")
        one_of("flagged", self.flagged, "keep", "drop")
        between("margin", self.margin, 0, 1)
        if self.most < 1:
            raise ConfigError(f"most is {self.most}; it can be 1 or more")
        if not 0 <= self.floor < 1:
            raise ConfigError(f"floor is {self.floor}; it can be 0 to below 1")
        for name in ("cap", "tokens", "tags"):
            if getattr(self, name) < 0:
                raise ConfigError(f"{name} is {getattr(self, name)}; it can be 0 (no limit) or more")


def one_of(name: str, value: str, *choices: str) -> None:
    """Raise :class:`ConfigError` unless ``value`` is one of ``choices``."""
    if value not in choices:
        raise ConfigError(f"{name} is {value!r}; it can be {', '.join(choices[:-1])} or {choices[-1]}")


def between(name: str, value: float, low: float, high: float) -> None:
    """Raise :class:`ConfigError` unless ``low <= value <= high``."""
    if not low <= value <= high:
        raise ConfigError(f"{name} is {value}; it can be {low} to {high}")


class Pick(NamedTuple):
    """A group that a schedule draws, and why."""

    group: Group
    reason: str


class PooledSchedule(ABC):
    """A schedule that draws from pools; a subclass says what to draw after iteration 0.

    Iteration 0 is all of D_LLM (the paper's Combined), whatever the schedule.
    """

    name: ClassVar[str]
    Options: ClassVar[type[PoolOptions]] = PoolOptions

    def __init__(self, options: PoolOptions) -> None:
        self.pool_options = options

    @abstractmethod
    def draw(self, pools: Pools, history: History, rng: random.Random) -> Iterator[Pick | Target]:
        """Yield the groups to train on, none twice, and what the drawing is to reach, if anything.

        A group counts as one row. Whatever ``draw`` yields, at most ``cap`` groups
        of a problem remain; a schedule that counts on its numbers draws from :meth:`Pools.capped`.
        """

    def tag_shares(self, pairs: Sequence[Pair], pools: Pools) -> dict[Pair, float]:
        """Return what share of its problem's tag weight each pair has, relative to the others of the problem.

        ``pairs`` are those of the rows of one problem. Here all pairs weigh alike; where all
        weigh nothing, no tag of the problem is learnt.
        """
        return dict.fromkeys(pairs, 1.0)

    def _tagged(self, rows: Sequence[Selected], pools: Pools) -> list[Selected]:
        """Give the rows of each problem tag weights that sum to ``tags``, or to 0 where all shares are."""
        weights: dict[str, dict[Pair, float]] = {}
        for row in rows:
            own = weights.setdefault(row.candidate.problem_id, {})
            own[_pair(row)] = own.get(_pair(row), 0.0) + row.weight
        made = []
        shares = {problem: self.tag_shares(list(own), pools) for problem, own in weights.items()}
        for row in rows:
            problem, pair = row.candidate.problem_id, _pair(row)
            whole = math.fsum(shares[problem].values())
            share = shares[problem][pair] / whole if whole else 0.0
            part = self.pool_options.tags * share * row.weight / weights[problem][pair]
            made.append(replace(row, tag_weight=part))
        return made

    def mix(
        self,
        teacher: Sequence[Candidate],
        student: Sequence[Candidate],
        history: History,
        rng: random.Random,
    ) -> Iterator[Selected | Rejected | Target]:
        """Yield the rows by (problem, strategy), then what was left out and what was aimed at."""
        options = self.pool_options
        pools = Pools(teacher, student, history, options, rng)
        drawn: list[Pick] = []
        if history.iteration == 0:
            drawn += [Pick(group, "teacher: iteration 0") for group in pools.teacher]
        else:
            for item in self.draw(pools, history, rng):
                if isinstance(item, Target):
                    yield item
                else:
                    drawn.append(item)
        reasons = {pick.group: pick.reason for pick in drawn}
        groups = pools.capped(list(reasons), rng)
        if options.floor and history.iteration > 0:
            groups = filling.floored(groups, pools.teacher, options.floor, options.cap, rng)
            yield Target("floor", options.floor, filling.why_below(groups, options.floor))
        filled = filling.filled(groups, options.cap, options.tokens, rng)
        if options.tokens:
            rows = [row for _, own in filled for row in own]
            yield Target("tokens", options.tokens, filling.why_short(rows, groups, options.tokens))
        pools.leave(groups, "tokens" if options.tokens else "cap")
        made = [
            Selected(row, reasons.get(group, "teacher: floor"), 1 / len(own))
            for group, own in filled
            for row in own
        ]
        if options.tags and history.iteration > 0:
            made = self._tagged(made, pools)
        chosen = {choice.candidate.rationale for choice in made}
        yield from sorted(made, key=lambda choice: _order(choice.candidate))
        yield from (leave for leave in pools.left() if leave.candidate.rationale not in chosen)


class Pools:
    """The groups a schedule draws from, sorted by (problem, strategy), and why candidates are in none.

    ``choose`` looks at the student's pass rates of this iteration, counted before equal texts are
    merged; at iteration 0 there are none and it has no effect, but for ``preferred``, which looks at
    none.
    """

    def __init__(
        self,
        teacher: Iterable[Candidate],
        student: Iterable[Candidate],
        history: History,
        options: PoolOptions,
        rng: random.Random,
    ) -> None:
        self._options = options
        self._left: dict[int, Rejected] = {}
        both = [self._group(source) for source in (teacher, student)]
        self.solved = _kept(history, student, options)
        """(problem, strategy) to (correct samples that are kept, all samples)."""
        known = replace(history, solved=self.solved)
        fit = fitting_pairs({group.pair for pool in both for group in pool}, known, options, rng)
        for pool in both:
            self.leave((group for group in pool if group.pair not in fit), f"choose {options.choose}")
        self.teacher, self.student = ([group for group in pool if group.pair in fit] for pool in both)
        self.leave([*self.teacher, *self.student], "schedule")

    def capped(self, groups: Sequence[Group], rng: random.Random) -> list[Group]:
        """Return at most ``cap`` of the groups of each problem, drawn at random."""
        kept = filling.within(groups, self._options.cap, rng)
        there = set(kept)
        self.leave((group for group in groups if group not in there), "cap")
        return kept

    def leave(self, groups: Iterable[Group], reason: str) -> None:
        """Note why the rows of ``groups`` are in no mixture, should they not be."""
        for group in groups:
            for row in group.rows:
                self._left[row.rationale] = Rejected(row, reason)

    def left(self) -> list[Rejected]:
        """Return what was noted last of every candidate, sorted."""
        return sorted(self._left.values(), key=lambda leave: _order(leave.candidate))

    def _group(self, candidates: Iterable[Candidate]) -> list[Group]:
        pairs: dict[Pair, list[Candidate]] = {}
        seen: set[tuple[Pair, str]] = set()
        for row in sorted(candidates, key=_order):
            pair = row.problem_id, row.strategy
            if self._options.flagged == "drop" and row.flagged:
                self._left[row.rationale] = Rejected(row, "flagged")
            elif (pair, row.hash) in seen:
                self._left[row.rationale] = Rejected(row, "duplicate")
            else:
                seen.add((pair, row.hash))
                pairs.setdefault(pair, []).append(row)
        groups = []
        for rows in pairs.values():
            kept = keep(rows, self._options)
            groups.append(Group(tuple(kept)))
            for row in rows:
                if row not in kept:
                    self._left[row.rationale] = Rejected(row, f"keep {self._options.keep}")
        return groups


def keep(rows: Sequence[Candidate], options: PoolOptions) -> list[Candidate]:
    """Return the rationales of a pair and source that ``options`` keep, the most wanted first."""
    if options.keep == "all":
        return list(rows)
    if options.keep == "shortest":
        return [min(rows, key=lambda row: row.length)]
    kept, rest = [rows[0]], list(rows[1:])
    while options.keep == "diverse" and rest and len(kept) < options.most:
        # farthest first: the one whose nearest among the kept is the least alike
        likeness = [max(resemblance(row.sketch, other.sketch) for other in kept) for row in rest]
        kept.append(rest.pop(likeness.index(min(likeness))))
    return kept


def fitting_pairs(
    pairs: Iterable[Pair], history: History, options: PoolOptions, rng: random.Random
) -> set[Pair]:
    """Return the pairs that ``choose`` lets in, by the student's pass rates or by preference.

    A pair without samples has rate 0. ``proportional`` raises counts by a half, so that a pair
    without a success keeps a small chance; the best strategy of a problem is always in.
    """
    if options.choose == "preferred":
        rank = {name: place for place, name in enumerate(history.strategies)}
        first: dict[str, Pair] = {}
        for pair in sorted(pairs, key=lambda pair: rank[pair[1]]):
            first.setdefault(pair[0], pair)
        return set(first.values())
    half = Fraction(1, 2) if options.choose == "proportional" else Fraction(0)
    rates: dict[Pair, Fraction] = {}
    best: dict[str, Fraction] = {}
    for pair, (right, samples) in history.solved.items():
        rates[pair] = Fraction(right + half) / (samples + 2 * half) if samples else Fraction(0)
        best[pair[0]] = max(best.get(pair[0], Fraction(0)), rates[pair])
    fit: set[Pair] = set()
    for pair in sorted(pairs):
        rate, top = rates.get(pair, Fraction(0)), best.get(pair[0], Fraction(0))
        if options.choose == "every" or not top:
            fit.add(pair)
        elif options.choose == "best":
            # in floats 0.4 - 0.3 is more than 0.1
            if top - rate <= Fraction(str(options.margin)):
                fit.add(pair)
        elif rng.random() < rate / top:
            fit.add(pair)
    return fit


def _kept(
    history: History, student: Iterable[Candidate], options: PoolOptions
) -> dict[Pair, tuple[int, int]]:
    if options.flagged == "keep":
        return dict(history.solved)
    flagged = Counter((row.problem_id, row.strategy) for row in student if row.flagged)
    return {pair: (right - flagged[pair], samples) for pair, (right, samples) in history.solved.items()}


def _pair(row: Selected) -> Pair:
    return row.candidate.problem_id, row.candidate.strategy


def _order(row: Candidate) -> tuple[str, str, bool, int, int]:
    return row.problem_id, row.strategy, row.source != "teacher", row.sample, row.rationale
