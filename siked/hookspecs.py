"""Every hook of siked.

A plugin is a module behind an entry point of the group ``siked``. It implements some of these
with ``@siked.hookimpl``. Two kinds: *registering* hooks are called once, when siked looks for
what is installed; *observers* are called during a run and receive one frozen record.

An observer's return value is ignored. An exception in one is logged, counted and shown at the
end of the run; ``SIKED_STRICT_PLUGINS=1`` raises it. Delivery is at least once: after a resume
an event can come again, with the same ``id``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pluggy

from siked.records import Mixture, Score

if TYPE_CHECKING:
    import click

Register = Callable[[str, str], None]
"""``register(name, "module:Class")``; the class is imported when it is used."""

hookspec = pluggy.HookspecMarker("siked")
hookimpl = pluggy.HookimplMarker("siked")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """A run starts or goes on."""

    id: str
    run: str
    config: dict[str, Any]
    resumed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarted:
    """A step of an iteration starts; ``step`` is teach, sample, verify, mix, train or evaluate."""

    id: str
    track: str
    iteration: int
    step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFinished:
    """A step is finished and in the journal."""

    id: str
    track: str
    iteration: int
    step: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RationalesVerified:
    """All rationales of a step have their verdicts; ``counts`` is {strategy: {status: n}}."""

    id: str
    track: str
    iteration: int
    step: str
    counts: dict[str, dict[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class MixtureBuilt:
    """The mixture of an iteration is in the journal; training has not started."""

    id: str
    mixture: Mixture


@dataclass(frozen=True, slots=True, kw_only=True)
class IterationFinished:
    """Student ``iteration`` is trained and scored; ``scores`` is {set: score}."""

    id: str
    track: str
    iteration: int
    scores: dict[str, Score]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished:
    """The run is over; ``summary`` is what stands in summary.json."""

    id: str
    run: str
    summary: dict[str, Any]


@hookspec
def siked_register_strategies(register: Register) -> None:
    """Offer strategies (:class:`siked.contracts.Strategy`)."""


@hookspec
def siked_register_verifiers(register: Register) -> None:
    """Offer verifiers (:class:`siked.contracts.Verifier`)."""


@hookspec
def siked_register_schedules(register: Register) -> None:
    """Offer mixing schedules (:class:`siked.contracts.Schedule`)."""


@hookspec
def siked_register_backends(register: Register) -> None:
    """Offer backends (:class:`siked.contracts.Backend`)."""


@hookspec
def siked_register_trainers(register: Register) -> None:
    """Offer trainers (:class:`siked.contracts.Trainer`)."""


@hookspec
def siked_register_datasets(register: Register) -> None:
    """Offer data sets (:class:`siked.contracts.Dataset`)."""


@hookspec
def siked_register_sandboxes(register: Register) -> None:
    """Offer sandboxes (:class:`siked.contracts.Sandbox`)."""


@hookspec
def siked_register_stoppings(register: Register) -> None:
    """Offer stopping rules (:class:`siked.contracts.Stopping`)."""


@hookspec
def siked_add_commands(group: click.Group) -> None:
    """Add subcommands to ``siked``; a name that is taken is refused."""


@hookspec
def siked_run_started(event: RunStarted) -> None:
    """Observe the start of a run, before anything is spent."""


@hookspec
def siked_step_started(event: StepStarted) -> None:
    """Observe the start of a step."""


@hookspec
def siked_step_finished(event: StepFinished) -> None:
    """Observe the end of a step."""


@hookspec
def siked_rationales_verified(event: RationalesVerified) -> None:
    """Observe the verdicts of a step."""


@hookspec
def siked_mixture_built(event: MixtureBuilt) -> None:
    """Observe a mixture before training."""


@hookspec
def siked_iteration_finished(event: IterationFinished) -> None:
    """Observe the end of an iteration."""


@hookspec
def siked_run_finished(event: RunFinished) -> None:
    """Observe the end of a run."""
