"""The state that the steps of a run share: its folder, journal, workers and components."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from siked import config as configuration
from siked import events, judging
from siked.border import Log
from siked.config import RunConfig, TeacherConfig
from siked.contracts import Cluster, Sandbox, Schedule, Stopping, Strategy, Verifier
from siked.engine.forecast import remaining
from siked.engine.progress import Reporter
from siked.engine.weights import weights_of
from siked.errors import ComponentError, UsageError
from siked.journal import Journal, Stage, VerifierKey
from siked.journal.queries import mixtures
from siked.journal.stage import Role
from siked.journal.starts import Spent, run_id, spent
from siked.plugin_files import FOLDER
from siked.plugins import described, whole_story
from siked.records import Call, Judged, JudgeItem, Model, Placed
from siked.registry import Offer, Registry
from siked.workers import Spec, WorkerPool

MAIN = "main"
"""The track of the run itself; controls have tracks of their own."""

MOST_LISTS = 16
"""Lists of requests that are handed to many workers together: all of them are in memory at once."""


class Judging(NamedTuple):
    """A verifier and what its verdicts are stored under."""

    key: VerifierKey
    verifier: Verifier


def verifier_key(registry: Registry, section: configuration.ComponentConfig) -> VerifierKey:
    """Return what verdicts of a configured verifier are stored under, without making it."""
    offer = registry.find("verifier", section.name)
    options = configuration.options(offer, section.options)
    return VerifierKey(section.name, offer.load().version, json.dumps(options, sort_keys=True))


@dataclass(kw_only=True)
class State:
    """What every step needs. One per process and run; :meth:`close` ends workers and sandbox."""

    folder: Path
    config: RunConfig
    registry: Registry
    journal: Journal
    reporter: Reporter
    retry_failed: bool = False
    cache: Path | None = None
    """Folder of texts and students that runs share."""
    observed: bool = True
    """Whether plugins hear of what happens."""
    after_step: Callable[[], None] | None = None
    """Called when a step is finished, with everything of it in the journal."""
    observer_failures: list[str] = field(default_factory=list)

    @cached_property
    def pool(self) -> WorkerPool:
        """The run's workers."""
        return WorkerPool(self.folder / "logs", self.note)

    @cached_property
    def log(self) -> Log:
        """Where the whole story of a plugin's error goes."""
        return Log(self.folder / "logs" / "plugins.log")

    def component(self, kind: str, section: configuration.ComponentConfig) -> Any:
        """Make a component behind its border."""
        return configuration.guarded(self.registry, kind, section, self.log)

    @cached_property
    def strategies(self) -> dict[str, Strategy]:
        """The run's strategies by name as asked, in order."""
        return {section.name: self.component("strategy", section) for section in self.config.strategies}

    @cached_property
    def verifier(self) -> Verifier:
        """The run's verifier."""
        made: Verifier = self.component("verifier", self.config.verifier)
        return made

    @cached_property
    def judging(self) -> dict[Role, Judging]:
        """Who judges: the labeller what is trained on, the verifier what is scored."""
        scores = Judging(verifier_key(self.registry, self.config.verifier), self.verifier)
        if self.config.labels is None:
            return {"labels": scores, "scores": scores}
        return {
            "labels": Judging(verifier_key(self.registry, self.config.labels), self.labeller),
            "scores": scores,
        }

    @cached_property
    def labeller(self) -> Verifier:
        """Says which rationales are trained on: the verifier, unless ``labels`` names another."""
        if self.config.labels is None:
            return self.verifier
        made: Verifier = self.component("verifier", self.config.labels)
        return made

    @cached_property
    def schedule(self) -> Schedule:
        """The run's mixing schedule."""
        made: Schedule = self.component("schedule", self.config.schedule)
        return made

    @cached_property
    def stopping(self) -> Stopping:
        """The run's stopping rule."""
        made: Stopping = self.component("stopping", self.config.stopping)
        return made

    def judge(self, role: Role, items: Sequence[JudgeItem]) -> Sequence[Judged]:
        """Run what is a program and ask the verifier of ``role``, here or on the cluster."""
        if self.cluster is None:
            return judging.judge(items, self.judging[role].verifier, self.sandbox.run)
        found: Sequence[Judged] = self.pool.retry(self._judge_spec(role), lambda worker: worker.judge(items))
        return found

    def _judge_spec(self, role: Role) -> Spec:
        assert self.cluster is not None
        section = self.config.verifier if role == "scores" else self.config.labels or self.config.verifier
        made = self.cluster.judge(
            self._placed("verifier", section), self._placed("sandbox", self.config.sandbox)
        )
        return Spec(role="judge", target=made.target, options=dict(made.options), apart=True)

    def _placed(self, kind: str, section: configuration.ComponentConfig) -> Placed:
        offer = self.registry.find(kind, section.name)
        _on_nodes(offer)
        return Placed(offer.target, configuration.options(offer, section.options))

    @cached_property
    def cluster(self) -> Cluster | None:
        """Where workers run, if not on this machine alone."""
        if self.config.cluster is None:
            return None
        made: Cluster = self.component("cluster", self.config.cluster)
        return made

    def _backend_spec(self, role: str, section: configuration.BackendConfig) -> Spec:
        offer = self.registry.find("backend", section.name)
        spec = Spec(
            role=role,
            label=offer.full,
            file=self._file(offer),
            target=offer.target,
            options=configuration.options(offer, section.options),
            python=section.python,
            replicas=section.replicas,
            window=min(section.replicas, MOST_LISTS),
            aside=configuration.aside(offer),
        )
        # What keeps a budget asks one provider, wherever it runs.
        if self.cluster is None or hasattr(offer.load(), "account"):
            return spec
        _on_nodes(offer)
        made = self.cluster.backend(Placed(spec.target, spec.options), spec.replicas)
        return replace(
            spec,
            target=made.target,
            options=dict(made.options),
            python=None,
            file=None,
            replicas=1,
            apart=True,
            local=(spec.target, spec.deciding),
        )

    @cached_property
    def sandbox(self) -> Sandbox:
        """The run's sandbox, started when the first program comes."""
        made: Sandbox = self.component("sandbox", self.config.sandbox)
        return made

    @cached_property
    def student_spec(self) -> Spec:
        """The worker that samples the student."""
        return self._backend_spec("student", self.config.backend)

    @cached_property
    def trainer_spec(self) -> Spec:
        """The worker that trains the student."""
        section = self.config.trainer
        offer = self.registry.find("trainer", section.name)
        values = configuration.options(offer, section.options)
        return Spec(
            role="trainer",
            label=offer.full,
            file=self._file(offer),
            target=offer.target,
            options=values,
            python=section.python,
            aside=configuration.aside(offer),
        )

    def teacher_spec(self, teacher: TeacherConfig) -> Spec:
        """The worker that hosts a teacher."""
        name = self.registry.find("backend", teacher.name).name
        return self._backend_spec(f"teacher-{name}", teacher)

    def _file(self, offer: Offer) -> str | None:
        """Return the plugin file that a worker loads: the run's copy, where it has one."""
        if offer.file is None:
            return None
        copy = self.folder / FOLDER / offer.file.digest / offer.file.name
        return str((copy if copy.exists() else offer.file.path).resolve())

    def student(self, track: str, iteration: int) -> Model:
        """Return a trained student; iteration -1 is the base."""
        base = self.config.student.as_model()
        if iteration < 0:
            return base
        trained = mixtures.student(self.journal, track, iteration)
        if trained is None:
            raise UsageError(
                f"{self.folder}: student {iteration} of {track} is not there; the run is damaged"
            )
        return Model(
            name=base.name,
            revision=base.revision,
            weights=str(weights_of(self.folder, trained).resolve()),
            prompt_format=base.prompt_format,
        )

    def note(self, text: str) -> None:
        """Tell the watcher and the journal's events."""
        self.reporter.note(text)
        self.journal.event("note", text=text)

    @cached_property
    def run_id(self) -> str:
        """What names this run among all others."""
        return run_id(self.journal) or self.folder.name

    def named(self, *place: object) -> dict[str, Any]:
        """Return what an event is known by: its own id, made of its place in the run, and the run's."""
        return {"id": ":".join(map(str, (self.run_id, *place))), "run_id": self.run_id}

    def emit(self, hook: str, event: Any) -> None:
        """Call an observing hook of every plugin; failures are logged and counted."""
        if not self.observed:
            return
        for plugin, error in self.registry.plugins.call_each(hook, event=event):
            text = f"plugin {plugin.name!r} of {plugin.owner} {plugin.version} failed in {hook}: "
            text += described(error)
            self.log.add(f"{text}\n{whole_story(error)}")
            self.observer_failures.append(text)
            self.note(text)

    @cached_property
    def spent(self) -> Spent:
        """What the run has used and cost so far."""
        return spent(self.journal)

    def tell_call(self, stage: Stage, call: Call) -> None:
        """Tell the observers of a call that has just been recorded."""
        if "spent" not in self.__dict__:
            total = self.spent  # has this call already
        else:
            total = self.spent = self.spent.plus(call)
        event = events.CostChanged(**self.named("call", total.calls), **stage._asdict(), **total._asdict())
        self.emit("siked_cost_changed", event)

    @contextmanager
    def step(self, stage: Stage) -> Iterator[bool]:
        """Run the body as a step: announced, timed, recorded as finished at its end.

        Yields whether the step is finished already; the body then has nothing to do.
        """
        if self.journal.finished(stage):
            yield True
            return
        place = stage._asdict()
        self.emit("siked_step_started", events.StepStarted(**self.named(*stage, "start"), **place))
        start = time.monotonic()
        yield False
        seconds = time.monotonic() - start
        with self.journal.saving():
            self.journal.step(stage, seconds)
        self.tell_left()
        if self.after_step is not None:
            self.after_step()
        finished = events.StepFinished(**self.named(*stage), seconds=seconds, **place)
        self.emit("siked_step_finished", finished)

    def tell_left(self) -> None:
        """Tell the watcher how long the run will still take, once that can be said."""
        left = remaining(self.journal, self.config)
        if left is not None:
            self.reporter.left(left)

    def close(self) -> None:
        """End workers and sandbox."""
        if "pool" in self.__dict__:
            self.pool.close()
        try:
            if "sandbox" in self.__dict__:
                self.sandbox.close()
        except ComponentError as error:
            self.note(str(error))
        finally:
            self.journal.close()


def _on_nodes(offer: Offer) -> None:
    """Raise :class:`UsageError` for what the nodes of a cluster do not have."""
    if offer.file is not None:
        raise UsageError(f"{offer.full}: a plugin file is here alone; for a cluster install a distribution")
