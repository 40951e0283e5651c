"""Paired comparison of cells over seeds and problems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

RESAMPLES = 10_000
POWER = 1.959964 + 0.841621
"""Standard errors of a difference that a two-sided 5 % test finds in 80 % of studies."""

OutcomeMatrix = Mapping[int, Mapping[str, bool]]
"""Seed to (problem to whether it was solved)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A cell against the reference, in shares of problems solved."""

    difference: float
    ci95: tuple[float, float]
    p: float
    p_holm: float
    """``p`` after Holm's step-down over the cells compared (Holm 1979)."""
    detectable: float
    """The smallest true difference that such a study finds four times in five."""
    seeds: int
    problems: int


def solved(matrix: OutcomeMatrix) -> tuple[npt.NDArray[np.float64], list[int], list[str]]:
    """Return solved (seeds x problems, 0 or 1), the seeds and the problems that all seeds have."""
    seeds = sorted(matrix)
    problems = sorted(set.intersection(*(set(matrix[seed]) for seed in seeds)))
    values = np.array([[matrix[seed][name] for name in problems] for seed in seeds], dtype=np.float64)
    return values, seeds, problems


def resampled(values: npt.NDArray[np.float64], rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Return bootstrap means of ``values`` (seeds x problems), both levels drawn with replacement.

    A seed that is drawn brings all its problems, a problem that is drawn comes in all seeds, as
    both are crossed. With one seed only problems vary.
    """
    seeds, problems = values.shape
    means = np.empty(RESAMPLES)
    step = max(1, 4_000_000 // max(problems, 1))
    for start in range(0, RESAMPLES, step):
        n = min(step, RESAMPLES - start)
        by_seed = rng.multinomial(seeds, np.full(seeds, 1 / seeds), size=n) / seeds
        by_problem = rng.multinomial(problems, np.full(problems, 1 / problems), size=n) / problems
        means[start : start + n] = np.einsum("ns,sp,np->n", by_seed, values, by_problem, optimize=True)
    return means


def interval(matrix: OutcomeMatrix, seed: int = 0) -> tuple[float, tuple[float, float]]:
    """Return a cell's accuracy, the mean over seeds, and its 95 % two-level bootstrap interval."""
    values, _, _ = solved(matrix)
    low, high = np.quantile(resampled(values, np.random.default_rng(seed)), [0.025, 0.975])
    return float(values.mean()), (float(low), float(high))


def compare(cells: Mapping[str, OutcomeMatrix], reference: str, seed: int = 0) -> dict[str, Comparison]:
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
        means = resampled(gains, np.random.default_rng(seed))
        low, high = np.quantile(means, [0.025, 0.975])
        tail = min(np.sum(means <= 0), np.sum(means >= 0))
        p = min(1.0, 2 * (int(tail) + 1) / (RESAMPLES + 1))
        found[name] = Comparison(
            difference=float(gains.mean()),
            ci95=(float(low), float(high)),
            p=p,
            p_holm=p,
            detectable=POWER * float(means.std()),
            seeds=len(seeds),
            problems=len(problems),
        )
    adjusted = holm([one.p for one in found.values()])
    return {name: replace(one, p_holm=p) for (name, one), p in zip(found.items(), adjusted, strict=True)}


def holm(values: Sequence[float]) -> list[float]:
    """Return p-values adjusted by Holm's step-down, in the order given.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(values)), key=lambda i: values[i])
    adjusted = [0.0] * len(values)
    highest = 0.0
    for rank, i in enumerate(order):
        highest = max(highest, min(1.0, (len(values) - rank) * values[i]))
        adjusted[i] = round(highest, 12)
    return adjusted
