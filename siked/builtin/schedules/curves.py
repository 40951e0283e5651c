"""How a setting goes from one value to another over the iterations."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from siked.errors import ConfigError
from siked.records import History
from siked.schedules.pools import one_of

Shape = Literal["linear", "cosine", "geometric"]


@dataclass(frozen=True, slots=True)
class Curve:
    """From ``start`` at iteration 1 to ``end`` at iteration ``over`` and after.

    ``over`` 0 is the run's number of iterations. ``cosine`` leaves the start and reaches the end
    slowly; ``geometric`` multiplies by the same factor at every iteration.
    """

    start: float
    end: float
    shape: Shape
    over: int = 0

    def __post_init__(self) -> None:
        one_of("shape", self.shape, "linear", "cosine", "geometric")
        if self.over < 0:
            raise ConfigError(f"over is {self.over}; it can be 0 (all iterations) or more")
        if self.shape == "geometric" and min(self.start, self.end) <= 0:
            raise ConfigError("shape is 'geometric'; it needs a start and an end above 0")

    def at(self, history: History) -> float:
        """Return the value of the iteration."""
        steps = (self.over or history.iterations) - 1
        x = min(1.0, (history.iteration - 1) / steps) if steps > 0 else float(history.iteration > 1)
        if self.shape == "geometric":
            return math.pow(self.start, 1 - x) * math.pow(self.end, x)
        if self.shape == "cosine":
            x = (1 - math.cos(math.pi * x)) / 2
        return self.start * (1 - x) + self.end * x
