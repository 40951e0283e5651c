"""What observers hear: one frozen record a hook of :mod:`siked.hookspecs`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from siked.records import Mixture, Score


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What every event has."""

    id: str
    """Unique among all events of all runs; an event that comes again has the same."""
    run_id: str
    """The run, as in its ``manifest.json``; unique among all runs, whatever their folders are called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted(Event):
    """A run starts or goes on; ``run`` is its folder."""

    run: str
    config: dict[str, Any]
    resumed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarted(Event):
    """A step of an iteration starts; ``step`` is teach, sample, verify, mix, train or evaluate."""

    track: str
    iteration: int
    step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFinished(Event):
    """A step is finished and in the journal."""

    track: str
    iteration: int
    step: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RationalesVerified(Event):
    """All rationales of a step have their verdicts; ``counts`` is {strategy: {status: n}}."""

    track: str
    iteration: int
    step: str
    counts: dict[str, dict[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class MixtureBuilt(Event):
    """The mixture of an iteration is in the journal; training has not started."""

    track: str
    iteration: int
    mixture: Mixture


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingProgress(Event):
    """A student is being trained, ``step`` of ``of`` steps."""

    track: str
    iteration: int
    step: int
    of: int
    loss: float | None
    """Mean over the steps since it was last told, nats a token; None where the trainer tells none now."""
    learning_rate: float | None
    gradient_norm: float | None = None
    """Before clipping."""
    tokens_per_second: float | None = None
    """Read by the model since they were last told."""
    seconds: float
    """Since the training began, or went on from a checkpoint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostChanged(Event):
    """A call to an engine or a provider is paid; the numbers are those of the whole run so far."""

    track: str
    iteration: int
    step: str
    """What the last call was for."""
    calls: int
    tokens: int
    """Read and written."""
    cost: float
    """In the currency of the prices that are configured; 0 without prices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IterationFinished(Event):
    """Student ``iteration`` is trained and scored; ``scores`` is {set: score}."""

    track: str
    iteration: int
    scores: dict[str, Score]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished(Event):
    """The run is over; ``summary`` is what stands in summary.json. That of ``siked teach`` has
    ``strategies`` and ``kept``, the rationales kept of each."""

    run: str
    summary: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFailed(Event):
    """The run stopped on its way; it can be resumed. ``error`` is the line that says why."""

    run: str
    error: str
