"""Paired comparison of cells: seeds are the unit, with problems inside them.

Seeds and problems are crossed: every seed answers the same problems. A mean over both varies with the
seeds that were drawn and with the problems that were. Its variance is put together from the mean squares
of seeds, of problems and of what is left, and is never less than that of the seeds' means alone. It is
judged by Student's t with one degree of freedom less than seeds, so a test is at least as strict as a
paired t test over seeds: too strict where problems make most of the variance, never too lenient.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from siked.engine.stats import wilson

ENOUGH = 5
"""Seeds below which how much seeds differ is a guess."""
POWER = 0.8
"""How often the smallest detectable difference is found."""

OutcomeMatrix = Mapping[int, Mapping[str, bool]]
"""Seed to (problem to whether it was solved)."""
Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A cell against the reference, in shares of problems solved."""

    difference: float
    ci95: tuple[float, float]
    p: float | None
    """Two-sided, over seeds; None with one seed, as nobody knows how much seeds differ."""
    p_holm: float | None
    """``p`` after Holm's step-down over all that is compared with it (Holm 1979)."""
    detectable: float | None
    """The smallest true difference that such a study finds four times in five; None with one seed."""
    seeds: int
    problems: int


class Mean(NamedTuple):
    """A mean over seeds and problems with its standard error and the degrees of freedom of that."""

    value: float
    error: float
    freedom: int

    def interval(self, low: float) -> tuple[float, float]:
        """Return the 95 % interval, within ``low`` and 1."""
        half = self.error * quantile(0.975, self.freedom) if self.error else 0.0
        return max(low, self.value - half), min(1.0, self.value + half)


def mean_of(values: Values) -> Mean:
    """Return the mean of ``values`` (seeds x problems); with one seed only problems vary."""
    seeds, problems = values.shape
    mean = float(values.mean())
    by_seed, by_problem = values.mean(axis=1), values.mean(axis=0)
    of_seeds = float(((by_seed - mean) ** 2).sum()) / seeds
    of_problems = float(((by_problem - mean) ** 2).sum()) / problems
    if seeds == 1:
        if problems == 1:
            return Mean(mean, math.inf, 1)
        return Mean(mean, math.sqrt(of_problems / (problems - 1)), problems - 1)
    by_seeds = of_seeds / (seeds - 1)
    if problems == 1:
        return Mean(mean, math.sqrt(by_seeds), seeds - 1)
    rest = values - by_seed[:, None] - by_problem[None, :] + mean
    by_rest = float((rest**2).sum()) / values.size / ((seeds - 1) * (problems - 1))
    variance = max(by_seeds, by_seeds + of_problems / (problems - 1) - by_rest)
    return Mean(mean, math.sqrt(variance), seeds - 1)


def solved(matrix: OutcomeMatrix) -> tuple[Values, list[int], list[str]]:
    """Return solved (seeds x problems, 0 or 1), the seeds and the problems that all seeds have."""
    seeds = sorted(matrix)
    problems = sorted(set.intersection(*(set(matrix[seed]) for seed in seeds)))
    values = np.array([[matrix[seed][name] for name in problems] for seed in seeds], dtype=np.float64)
    return values, seeds, problems


def interval(matrix: OutcomeMatrix) -> tuple[float, tuple[float, float]]:
    """Return a cell's accuracy, the mean over seeds, and its 95 % interval over seeds and problems.

    With one seed it is Wilson's, over problems.
    """
    values, seeds, problems = solved(matrix)
    if len(seeds) == 1:
        return float(values.mean()), wilson(int(values.sum()), len(problems))
    mean = mean_of(values)
    return mean.value, mean.interval(0.0)


def compare(cells: Mapping[str, OutcomeMatrix], reference: str) -> dict[str, Comparison]:
    """Compare every other cell with ``reference``, paired by seed and problem.

    Only seeds and problems that both cells have count; cells that share no seed with the reference
    are left out.
    """
    found: dict[str, Comparison] = {}
    other = cells[reference]
    for name, matrix in cells.items():
        seeds = sorted(set(matrix) & set(other))
        if name == reference or not seeds:
            continue
        problems = sorted(set.intersection(*(set(matrix[s]) & set(other[s]) for s in seeds)))
        if not problems:
            continue
        gains = np.array([[float(matrix[s][p]) - float(other[s][p]) for p in problems] for s in seeds])
        found[name] = compared(gains)
    adjusted = holm([one.p for one in found.values()])
    return {name: replace(one, p_holm=p) for (name, one), p in zip(found.items(), adjusted, strict=True)}


def compared(gains: Values) -> Comparison:
    """Return what paired differences (seeds x problems, each -1, 0 or 1) say; ``p_holm`` is ``p``."""
    seeds, problems = gains.shape
    mean = mean_of(gains)
    p = detectable = None
    if seeds > 1:
        p = two_sided(mean.value, mean.error, mean.freedom)
        factor = quantile(0.975, mean.freedom) + quantile(POWER, mean.freedom)
        detectable = min(1.0, factor * mean.error)
    return Comparison(
        difference=mean.value,
        ci95=mean.interval(-1.0),
        p=p,
        p_holm=p,
        detectable=detectable,
        seeds=seeds,
        problems=problems,
    )


def two_sided(value: float, error: float, freedom: int) -> float:
    """Return how often Student's t is as far from 0 as ``value`` with its standard error."""
    if not error:
        return 0.0 if value else 1.0
    return 2 * _below(-abs(value / error), freedom)


@lru_cache(maxsize=256)
def quantile(share: float, freedom: int) -> float:
    """Return the quantile of Student's t for a share above a half."""
    low, high = 0.0, 1.0
    while _below(high, freedom) < share:
        high *= 2
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if _below(middle, freedom) < share else (low, middle)
    return high


def _below(t: float, freedom: int) -> float:
    """Return how often Student's t is below ``t``."""
    import mpmath

    tail = float(mpmath.betainc(freedom / 2, 0.5, 0, freedom / (freedom + t * t), regularized=True)) / 2
    return 1 - tail if t > 0 else tail


def holm(values: Sequence[float | None]) -> list[float | None]:
    """Return p-values adjusted by Holm's step-down, in the order given; what has none takes no part.

    >>> holm([0.01, 0.04, None, 0.03])
    [0.03, 0.06, None, 0.06]
    """
    there = {i: value for i, value in enumerate(values) if value is not None}
    adjusted: list[float | None] = [None] * len(values)
    highest = 0.0
    for rank, i in enumerate(sorted(there, key=lambda i: there[i])):
        highest = max(highest, min(1.0, (len(there) - rank) * there[i]))
        adjusted[i] = round(highest, 12)
    return adjusted
