"""The workers of one run: started when they are wanted, and again when they have died."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from siked.errors import ComponentError, WorkerError
from siked.records import Completion, Item, Model, ModelInfo, Request
from siked.workers.dispatch import WorkerDied
from siked.workers.host import RESTARTS, Spec, Watched, Worker
from siked.workers.replicas import Replicas


class WorkerPool:
    """The workers of one run. On a CPU they live side by side; a device has one at a time."""

    def __init__(self, logs: Path, note: Callable[[str], None]) -> None:
        self.logs = logs
        self.note = note
        self.live: dict[str, Worker | Replicas] = {}

    def get(self, spec: Spec) -> Worker | Replicas:
        """Return a live worker for ``spec``; on a GPU every other one is ended first."""
        found = self.live.get(spec.identity)
        if found is not None and found.alive:
            return found
        self.drop(spec)
        for other in [] if spec.apart else list(self.live.values()):
            here = not other.spec.apart
            if here and (other.info is None or other.info.device not in ("", "cpu")):
                self.drop(other.spec)
        self.live[spec.identity] = worker = self._start(spec)
        return worker

    def _start(self, spec: Spec) -> Worker | Replicas:
        if spec.replicas > 1:
            return Replicas(spec, self.logs, self.note)
        return Worker(spec, self.logs / f"{spec.role}.log", self.note)

    def drop(self, spec: Spec) -> None:
        """End the worker of ``spec``, if there is one."""
        worker = self.live.pop(spec.identity, None)
        if worker is not None:
            worker.close()

    def close(self) -> None:
        """End every worker."""
        for worker in list(self.live.values()):
            self.drop(worker.spec)

    def open(self, spec: Spec, model: Model) -> ModelInfo:
        """Open a model, starting the worker anew if it dies."""
        info: ModelInfo = self.retry(spec, lambda worker: worker.open(model))
        return info

    def generate(
        self,
        spec: Spec,
        model: Model,
        pending: Callable[[], Sequence[Sequence[Request]]],
        used: Callable[[], tuple[int, float]] | None = None,
        watched: Watched | None = None,
    ) -> Iterator[Item]:
        """Yield completions until nothing is pending; ``pending`` and ``used`` are asked again after a
        death. What is ``watched`` is told on the way where one worker does all, and its backend can.

        Raises :class:`siked.errors.ComponentError` where a request ends in no outcome.
        """
        deaths = 0
        while True:
            lists = pending()
            if all(request.done for requests in lists for request in requests):
                return
            try:
                worker = self.get(spec)
                worker.open(model)
                yield from _whole(spec, worker, lists, used() if used is not None else None, watched)
                return
            except WorkerDied as death:
                deaths = self._restart_or_raise(spec, death, deaths)

    def drop_requests(self, spec: Spec, watched: Watched, keys: Collection[str]) -> None:
        """Let a watched generation stop writing for these requests; safe from any thread."""
        worker = self.live.get(spec.identity)
        if isinstance(worker, Worker):
            worker.drop(watched, keys)

    def retry(self, spec: Spec, work: Callable[[Any], Any]) -> Any:
        """Do ``work`` with a worker, starting it anew if it dies."""
        deaths = 0
        while True:
            try:
                return work(self.get(spec))
            except WorkerDied as death:
                deaths = self._restart_or_raise(spec, death, deaths)

    def _restart_or_raise(self, spec: Spec, death: WorkerDied, deaths: int) -> int:
        self.drop(spec)
        deaths += 1
        if deaths > RESTARTS:
            raise WorkerError(f"{death}; given up after {deaths} deaths") from None
        self.note(f"{death}; starting it again")
        time.sleep(min(0.2 * 2**deaths, 5))
        return deaths


def _whole(
    spec: Spec,
    worker: Worker | Replicas,
    lists: Sequence[Sequence[Request]],
    used: tuple[int, float] | None,
    watched: Watched | None,
) -> Iterator[Item]:
    """Yield what a worker generates, and see to it that every request is answered and no other."""
    requests = [request for part in lists for request in part]
    known = {request.key for request in requests}
    missing = {request.key: request for request in requests if not request.done}
    rule = f"(rule: siked.contracts.Backend.generate; log: {worker.log})"
    if isinstance(worker, Worker):
        items = worker.generate_lists(lists, used, watched)
    else:
        items = worker.generate_lists(lists, used)
    for item in items:
        if isinstance(item, Completion):
            if item.key not in known:
                raise ComponentError(
                    f"{spec.label or spec.role}: generate yielded a completion for a request that it was not"
                    f" given, {item.key[:80]!r} {rule}"
                )
            missing.pop(item.key, None)
        yield item
    if missing:
        first = next(iter(missing.values()))
        raise ComponentError(
            f"{spec.label or spec.role}: generate ended without a completion for {len(missing)} of"
            f" {len(requests)} requests, first problem {first.problem_id!r} {rule}"
        )
