"""From the groups that a schedule drew to rows: the cap, the floor, more rationales, loss tokens."""

from __future__ import annotations

import math
import random
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from siked.records import Candidate

Pair = tuple[str, str]
Cells = tuple[tuple[str, str], ...]
"""The (source, strategy) of some rows, sorted."""


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


def rows_of(groups: Sequence[Group], cap: int, tokens: int, rng: random.Random) -> list[Candidate]:
    """Return one row of every group, and further rows that change no share.

    A further row comes in a layer: one more of each group that its problem has here, so that the
    tags of a problem stay in balance. Layers are taken as long as the shares of strategies, of
    sources, and of each strategy within a source stay within one row of what they are with one row
    a group, and the loss tokens at or below ``tokens``. Where one row a group has more tokens than
    that, rows are taken away so that the same shares remain.
    """
    rows = [group.rows[0] for group in groups]
    if tokens and sum(row.length for row in rows) > tokens:
        return _thinned(rows, tokens, rng)
    queues = _layers(groups, cap, rng)
    adds = {cells: _tallies(cells) for cells in queues}
    base = _tallies(_cells(rows))
    counts, first, total = Counter(base), len(rows), sum(row.length for row in rows)

    def off(cells: Cells) -> int:
        """By how many rows, times ``first``, the worst count would be off."""
        after = len(rows) + len(cells)
        return max(abs((counts[name] + adds[cells][name]) * first - n * after) for name, n in base.items())

    while queues:
        error, cells = min((off(cells), cells) for cells in queues)
        if error > first:
            break
        layer = queues[cells].popleft()
        if not queues[cells]:
            del queues[cells]
        length = sum(row.length for row in layer)
        if not tokens or total + length <= tokens:
            rows += layer
            total += length
            counts += adds[cells]
    return rows


def why_short(rows: Sequence[Candidate], groups: Sequence[Group], tokens: int) -> str:
    """Say why ``rows`` have fewer than ``tokens``; nothing where one row more could be too many."""
    missing = tokens - sum(row.length for row in rows)
    if missing <= max((row.length for group in groups for row in group.rows), default=0):
        return ""
    return "there are no more rows that leave the shares as they are"


def _layers(groups: Sequence[Group], cap: int, rng: random.Random) -> dict[Cells, deque[list[Candidate]]]:
    """Return the further rows by the cells they fall in, in random order, second rows first."""
    found: list[tuple[int, float, Cells, list[Candidate]]] = []
    for own in _by_problem(groups).values():
        depth = min(len(group.rows) for group in own)
        if cap:
            depth = min(depth, cap // len(own))
        for level in range(1, depth):
            layer = [group.rows[level] for group in own]
            found.append((level, rng.random(), _cells(layer), layer))
    queues: dict[Cells, deque[list[Candidate]]] = {}
    for _, _, cells, layer in sorted(found, key=lambda layer: layer[:3]):
        queues.setdefault(cells, deque()).append(layer)
    return dict(sorted(queues.items()))


def _thinned(rows: Sequence[Candidate], tokens: int, rng: random.Random) -> list[Candidate]:
    """Return rows of at most ``tokens`` whose cells keep their shares.

    Each cell's rows are put in random order and spread evenly over one line; the front of that
    line has, wherever it is cut, about the shares of the whole.
    """
    cells: dict[tuple[str, str], list[Candidate]] = {}
    for row in rows:
        cells.setdefault((row.source, row.strategy), []).append(row)
    line: list[tuple[float, tuple[str, str], Candidate]] = []
    for cell, own in sorted(cells.items()):
        mixed = rng.sample(own, len(own))
        line += [((at + 0.5) / len(own), cell, row) for at, row in enumerate(mixed)]
    kept: list[Candidate] = []
    total = 0
    for _, _, row in sorted(line, key=lambda place: place[:2]):
        if kept and total + row.length > tokens:
            break
        total += row.length
        kept.append(row)
    return kept


def _cells(rows: Iterable[Candidate]) -> Cells:
    return tuple(sorted((row.source, row.strategy) for row in rows))


def _tallies(cells: Cells) -> Counter[str]:
    """Count rows by source, by strategy and by both."""
    counts: Counter[str] = Counter()
    for source, strategy in cells:
        counts[f"source {source}"] += 1
        counts[f"strategy {strategy}"] += 1
        counts[f"{source} {strategy}"] += 1
    return counts


def _by_problem(groups: Iterable[Group]) -> dict[str, list[Group]]:
    problems: dict[str, list[Group]] = {}
    for group in groups:
        problems.setdefault(group.problem, []).append(group)
    return problems
