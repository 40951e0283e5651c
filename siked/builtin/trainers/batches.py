"""Which rows a training sees together: its optimiser steps and the micro-batches of each.

The rows of a step are drawn at random and sorted by length inside the step only. Were steps filled with
rows of like length, each would hold one strategy, and a tag would weigh the more the shorter its
rationale is.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice


@dataclass(frozen=True, slots=True)
class Plan:
    """All optimiser steps of a training, each in micro-batches of row numbers; none is empty."""

    steps: list[list[list[int]]]
    an_epoch: int
    """Optimiser steps that see each row once."""

    def rows(self, last: int = 0) -> Iterator[int]:
        """Yield the rows of all steps, or of the ``last`` ones, as often as they are seen."""
        yield from (row for step in self.steps[-last:] for part in step for row in part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much goes through a model together."""

    rows: int
    """Of a micro-batch."""
    accumulation: int
    """An optimiser step has at most this times ``rows``; they may be in more, smaller micro-batches."""
    capacity: int = 0
    """Tokens of a micro-batch whose rows are laid one behind the other; 0: they are padded."""
    overhead: float = 0.0
    """What one more micro-batch costs, in tokens."""


def plan(lengths: Sequence[int], limits: Limits, *, epochs: float, max_steps: int | None, seed: int) -> Plan:
    """Return the optimiser steps of a training on rows of ``lengths`` tokens.

    Each epoch sees every row once, in another order, in steps whose numbers of rows differ by one at most.
    ``max_steps`` overrides ``epochs``; a part of an epoch is a random part of the rows.
    """
    if not limits.capacity:
        count = math.ceil(len(lengths) / (limits.rows * limits.accumulation))
        drawn = _drawn(len(lengths), count, epochs, max_steps, seed)
        return Plan([cut(step, lengths, limits.rows, limits.overhead) for step in drawn], count)
    # the fewest steps an epoch whose rows fit into their micro-batches; a row by itself always does
    count = math.ceil(sum(lengths) / (limits.capacity * limits.accumulation))
    while True:
        steps = []
        for step in _drawn(len(lengths), count, epochs, max_steps, seed):
            packed = pack(step, lengths, limits.capacity)
            if len(packed) > limits.accumulation:
                break
            steps.append(packed)
        else:
            return Plan(steps, count)
        count += 1


def cut(step: Sequence[int], lengths: Sequence[int], most: int, overhead: float) -> list[list[int]]:
    """Divide the rows of a step, sorted by length, into micro-batches of at most ``most`` rows.

    Tokens with padding, and ``overhead`` for each micro-batch, are together as few as can be.
    """
    rows = sorted(step, key=lambda row: (lengths[row], row))
    least = [0.0]
    start_of = [0]
    for end in range(1, len(rows) + 1):
        longest = lengths[rows[end - 1]]
        costs = {
            start: least[start] + (end - start) * longest + overhead
            for start in range(max(0, end - most), end)
        }
        start_of.append(min(costs, key=lambda start: costs[start]))
        least.append(costs[start_of[-1]])
    parts = []
    end = len(rows)
    while end:
        parts.append(rows[start_of[end] : end])
        end = start_of[end]
    return parts[::-1]


def pack(step: Sequence[int], lengths: Sequence[int], capacity: int) -> list[list[int]]:
    """Divide the rows of a step into micro-batches of at most ``capacity`` tokens, longest rows first."""
    parts: list[list[int]] = []
    free: list[int] = []
    for row in sorted(step, key=lambda row: (-lengths[row], row)):
        place = next((at for at, room in enumerate(free) if room >= lengths[row]), None)
        if place is None:
            parts.append([])
            free.append(capacity)
            place = -1
        parts[place].append(row)
        free[place] -= lengths[row]
    return parts


def _drawn(rows: int, count: int, epochs: float, max_steps: int | None, seed: int) -> Iterator[list[int]]:
    # 0.1 * 30 is more than 3 in floats
    total = max(1, math.ceil(round(epochs * count, 6))) if max_steps is None else max_steps
    return islice(_epochs(rows, count, random.Random(seed)), total)


def _epochs(rows: int, count: int, rng: random.Random) -> Iterator[list[int]]:
    """Yield the rows of ``count`` steps an epoch, one epoch after the other, without an end."""
    while True:
        order = list(range(rows))
        rng.shuffle(order)
        for step in range(count):
            yield order[step * rows // count : (step + 1) * rows // count]
