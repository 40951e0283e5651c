"""Every hook of siked.

A plugin is a module behind an entry point of the group ``siked``. It implements some of these
with ``@siked.hookimpl``, under a name of its own with ``@siked.hookimpl(specname=...)``. Three kinds:
*registering* hooks are called once, when siked looks for what is installed; *observers* are called
during a run and receive one frozen record of :mod:`siked.events`; ``siked_report_sections`` is called
when a report is written. No hook is historic: a plugin hears
what happens after it was loaded, and all plugins are loaded before a run starts.

A registering hook that raises takes its whole plugin out, with the reason in ``siked plugins``. An
observer's return value is ignored. An exception in one is logged, counted and shown at the end of the
run; ``SIKED_STRICT_PLUGINS=1`` raises it. Delivery is at least once: after a resume an event can come
again, with the same ``id``. The last event of a run, of ``siked teach`` too, is
``siked_run_finished`` or ``siked_run_failed``; a process that is killed sends none. ``siked replay``
sends no events.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    import click

    from siked.events import (
        CostChanged,
        IterationFinished,
        MixtureBuilt,
        RationalesVerified,
        RunFailed,
        RunFinished,
        RunStarted,
        StepFinished,
        StepStarted,
        TrainingProgress,
    )
    from siked.records import ReportSection
    from siked.runs.run import Run

Register = Callable[[str, str], None]
"""``register(name, "module:Class")``; the class is imported when it is used."""

hookspec = pluggy.HookspecMarker("siked")
hookimpl = pluggy.HookimplMarker("siked")


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
def siked_register_clusters(register: Register) -> None:
    """Offer clusters (:class:`siked.contracts.Cluster`)."""


@hookspec
def siked_add_commands(group: click.Group) -> None:
    """Add subcommands to ``siked``; a name that is taken is refused."""


@hookspec
def siked_report_sections(run: Run) -> Sequence[ReportSection]:
    """Return sections for the report of a finished run, which ``siked show`` prints too.

    ``run`` is for reading: its ``summary``, ``folder`` and ``rationales()``. The text is escaped. A hook
    that raises has a section that says so.
    """
    return ()


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
def siked_training_progress(event: TrainingProgress) -> None:
    """Observe a training, at each step that the trainer tells."""


@hookspec
def siked_cost_changed(event: CostChanged) -> None:
    """Observe what a run has used and cost, after each call."""


@hookspec
def siked_iteration_finished(event: IterationFinished) -> None:
    """Observe the end of an iteration."""


@hookspec
def siked_run_finished(event: RunFinished) -> None:
    """Observe the end of a run."""


@hookspec
def siked_run_failed(event: RunFailed) -> None:
    """Observe that a run stopped on its way."""
