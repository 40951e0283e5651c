"""Small statistics, by the book and without floats where counts will do."""

from __future__ import annotations

import math

from siked.records import Score

Z95 = 1.959963984540054


def wilson(correct: int, n: int, z: float = Z95) -> tuple[float, float]:
    """Return the Wilson score interval of a share (Wilson 1927); (0, 1) where n is 0."""
    if n == 0:
        return 0.0, 1.0
    p = correct / n
    centre = p + z * z / (2 * n)
    spread = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def score(correct: int, n: int, unverified: int = 0) -> Score:
    """Return a share with its interval."""
    value = correct / n if n else 0.0
    return Score(correct=correct, n=n, unverified=unverified, value=value, ci95=wilson(correct, n))


def paired(gained: int, lost: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a difference of two shares of the same ``n`` problems.

    ``gained`` are solved by the one alone, ``lost`` by the other alone. The adjusted Wald interval of
    Agresti and Min (Statistics in Medicine, 2005).
    """
    more, less, of = gained + 0.5, lost + 0.5, n + 2
    middle = (more - less) / of
    half = Z95 * math.sqrt(more + less - (more - less) ** 2 / of) / of
    return max(-1.0, middle - half), min(1.0, middle + half)
