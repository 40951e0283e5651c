"""From the groups that a schedule drew to rows: the cap, the floor, further rationales, loss tokens."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from siked.records import Candidate

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """The rationales of one source for one (problem, strategy), the most wanted first; never empty.

    Two groups are equal only if they are one.
    """

    rows: tuple[Candidate, ...]

    @property
    def problem(self) -> str:
        """The problem's id."""
        return self.rows[0].problem_id

    @property
    def strategy(self) -> str:
        """The strategy's name."""
        return self.rows[0].strategy

    @property
    def source(self) -> str:
        """``teacher`` or ``student``."""
        return self.rows[0].source

    @property
    def pair(self) -> Pair:
        """(problem, strategy)."""
        return self.problem, self.strategy


def within(groups: Sequence[Group], cap: int, rng: random.Random) -> list[Group]:
    """Return at most ``cap`` groups of each problem, drawn at random, in the order given."""
    if not cap:
        return list(groups)
    problems = _by_problem(groups)
    kept = {g for own in problems.values() for g in (own if len(own) <= cap else rng.sample(own, cap))}
    return [group for group in groups if group in kept]


def floored(
    groups: Sequence[Group], teacher: Sequence[Group], floor: float, cap: int, rng: random.Random
) -> list[Group]:
    """Return the groups with as many of the teacher as it takes to make ``floor`` of them.

    Teacher groups are added at random where the cap allows. Where that is not enough, the
    student's rationale gives way to the teacher's of the same (problem, strategy).
    """
    share = Fraction(str(floor))  # in floats 0.4 * 4 - 1 is more than 0.6
    made = list(groups)
    there = set(made)
    per_problem = Counter(group.problem for group in made)
    taught = sum(group.source == "teacher" for group in made)
    spare = [group for group in teacher if group not in there]
    for group in rng.sample(spare, len(spare)):
        if taught >= share * len(made):
            return made
        if not cap or per_problem[group.problem] < cap:
            made.append(group)
            there.add(group)
            per_problem[group.problem] += 1
            taught += 1
    missing = math.ceil(share * len(made)) - taught
    return swapped(made, [group for group in spare if group not in there], missing, rng)


def swapped(groups: Sequence[Group], teacher: Sequence[Group], count: int, rng: random.Random) -> list[Group]:
    """Replace up to ``count`` student groups, drawn at random, by the teacher's of the same pair."""
    instead = {group.pair: group for group in teacher}
    own = [group for group in groups if group.source == "student" and group.pair in instead]
    gone = set(rng.sample(own, max(0, min(count, len(own)))))
    return [instead[group.pair] if group in gone else group for group in groups]


def why_below(groups: Sequence[Group], floor: float) -> str:
    """Say why the teacher has less than ``floor`` of the groups; nothing where it has not."""
    taught = sum(group.source == "teacher" for group in groups)
    if taught >= Fraction(str(floor)) * len(groups):
        return ""
    return "no teacher rationale is left that the cap would admit"


def filled(
    groups: Sequence[Group], cap: int, tokens: int, rng: random.Random
) -> list[tuple[Group, list[Candidate]]]:
    """Return each group with its rows: one of every group, then all second ones, and so on, in random
    order, as far as the cap of a problem and the loss tokens of the mixture allow.

    Where one row a group has more tokens than that, groups are left out instead.
    """
    made = {group: [group.rows[0]] for group in groups}
    total = sum(group.rows[0].length for group in groups)
    if tokens and total > tokens:
        return [(group, made[group]) for group in _thinned(groups, tokens, rng)]
    per_problem = Counter(group.problem for group in groups)
    further = [
        (level, rng.random(), at) for at, group in enumerate(groups) for level in range(1, len(group.rows))
    ]
    for level, _, at in sorted(further):
        group = groups[at]
        row = group.rows[level]
        if (cap and per_problem[group.problem] >= cap) or (tokens and total + row.length > tokens):
            continue
        made[group].append(row)
        total += row.length
        per_problem[group.problem] += 1
    return list(made.items())


def why_short(rows: Sequence[Candidate], groups: Sequence[Group], tokens: int) -> str:
    """Say why ``rows`` have fewer than ``tokens``; nothing where one row more could be too many."""
    missing = tokens - sum(row.length for row in rows)
    if missing <= max((row.length for group in groups for row in group.rows), default=0):
        return ""
    return "there are no more rows"


def _thinned(groups: Sequence[Group], tokens: int, rng: random.Random) -> list[Group]:
    """Return groups whose first rows have at most ``tokens``, with the shares of all of them.

    The groups of each source and strategy are put in random order and spread evenly over one line;
    the front of that line has, wherever it is cut, about the shares of the whole.
    """
    cells: dict[tuple[str, str], list[Group]] = {}
    for group in groups:
        cells.setdefault((group.source, group.strategy), []).append(group)
    line: list[tuple[float, tuple[str, str], Group]] = []
    for cell, own in sorted(cells.items(), key=lambda item: item[0]):
        mixed = rng.sample(own, len(own))
        line += [((at + 0.5) / len(own), cell, group) for at, group in enumerate(mixed)]
    kept: list[Group] = []
    total = 0
    for _, _, group in sorted(line, key=lambda place: place[:2]):
        if kept and total + group.rows[0].length > tokens:
            break
        total += group.rows[0].length
        kept.append(group)
    return kept


def _by_problem(groups: Iterable[Group]) -> dict[str, list[Group]]:
    problems: dict[str, list[Group]] = {}
    for group in groups:
        problems.setdefault(group.problem, []).append(group)
    return problems
