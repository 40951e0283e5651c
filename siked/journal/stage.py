"""Where in a run something stands, and who judged it."""

from __future__ import annotations

from typing import Literal, NamedTuple

Role = Literal["labels", "scores"]
"""What a verdict is for: ``labels`` decide what is trained on, ``scores`` what a student is worth."""


class Stage(NamedTuple):
    """A step of an iteration of a track (``main``, or the name of a control)."""

    track: str
    iteration: int
    step: str

    @property
    def role(self) -> Role:
        """What the verdicts of this step are for."""
        return "labels" if self.step == "sample" or self.step.startswith("teach:") else "scores"

    def __str__(self) -> str:
        return f"{self.track}:{self.iteration}:{self.step}"


class Told(NamedTuple):
    """What a training told after a step; see :class:`siked.contracts.Progress`."""

    step: int
    steps: int
    loss: float
    learning_rate: float | None
    gradient_norm: float | None
    tokens_per_second: float | None
    seconds: float


class VerifierKey(NamedTuple):
    """What a verdict is stored under; ``options`` is canonical JSON."""

    verifier: str
    version: str
    options: str
