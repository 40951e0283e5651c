"""Several workers of one backend on this machine, over one list of requests."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from siked.errors import WorkerError
from siked.records import Completion, Item, Model, ModelInfo, Request
from siked.workers.dispatch import Dispatcher, WorkerDied
from siked.workers.host import RESTARTS, Spec, Worker

_VISIBLE = "CUDA_VISIBLE_DEVICES"
_WAVES = 4
"""Units a worker gets of a list whose backend names no batches: few, so that an engine has much at
once, and some, so that the last ones end together."""


@dataclass(frozen=True, slots=True)
class Unit:
    """Requests that go to one worker together."""

    requests: Sequence[Request]


def units(
    lists: Sequence[Sequence[Request]],
    batches: Callable[[Sequence[Request]], Sequence[Sequence[int]] | None],
    workers: int,
) -> list[Unit]:
    """Cut lists of requests into units, without those whose texts are all there.

    ``batches`` says which places of a list are written together; None is each by itself. A batch is
    never cut, so a text has the same company whoever writes it.
    """
    found: list[list[Request]] = []
    total = sum(len(requests) for requests in lists)
    size = max(1, -(-total // (_WAVES * max(workers, 1))))
    for requests in lists:
        if all(request.done for request in requests):
            continue
        places = batches(requests)
        if places is None:
            found += [list(requests[start : start + size]) for start in range(0, len(requests), size)]
        else:
            found += [[requests[place] for place in batch] for batch in places]
    return [Unit(part) for part in found if not all(request.done for request in part)]


def rest(unit: Unit, items: Sequence[Item]) -> Unit | None:
    """Return what is left of a unit after ``items``; the texts that are there keep their places in it."""
    there = {item.key for item in items if isinstance(item, Completion)}
    left = [request if request.key not in there else replace(request, done=True) for request in unit.requests]
    return None if all(request.done for request in left) else Unit(left)


def check_same(first: ModelInfo, other: ModelInfo, who: str) -> None:
    """Raise :class:`WorkerError` where two workers hold different models: their texts would be mixed."""
    if (first.fingerprint, first.template) != (other.fingerprint, other.template):
        raise WorkerError(
            f"{who} holds {other.fingerprint or 'another model'} and the first worker {first.fingerprint}; "
            "give all of them the same files"
        )


class Replicas:
    """As many workers as ``spec.replicas`` says; stands where one :class:`Worker` would.

    Each has its own process and, where there are CUDA devices, its own share of them. Scores and
    tags are asked of the first one alone: their batches are the whole list's.
    """

    def __init__(self, spec: Spec, logs: Path, note: Callable[[str], None] | None) -> None:
        self.spec = spec
        self.info: ModelInfo | None = None
        self.model: Model | None = None
        self.log = logs
        one = replace(spec, replicas=1)
        self._slots = [
            _Slot(replace(one, role=f"{spec.role}-{number}"), logs, note, devices, self)
            for number, devices in enumerate(shares(spec.replicas, os.environ.get(_VISIBLE), _devices()))
        ]
        self._dispatcher: Dispatcher[Unit, Item] = Dispatcher(self._slots)

    @property
    def alive(self) -> bool:
        """Whether this can still be asked; a worker that died is started again when it is wanted."""
        return True

    def open(self, model: Model) -> ModelInfo:
        """Make the first worker open ``model``; the others do when work comes."""
        self.model, self.info = model, None  # nothing to compare with before the first has it
        self.info = self._slots[0].opened().open(model)
        return self.info

    def generate_lists(
        self, lists: Sequence[Sequence[Request]], used: tuple[int, float] | None = None
    ) -> Iterator[Item]:
        """Yield what the workers yield, in the order in which it comes."""
        first = self._slots[0].opened()
        made = units(lists, first.batches, len(self._slots))
        return self._dispatcher.run(made, rest)

    def score(
        self, requests: Sequence[Request], continuations: Sequence[Sequence[str]]
    ) -> Iterator[list[float]]:
        """Yield the log-probabilities of the continuations of each request."""
        yield from self._slots[0].opened().score(requests, continuations)

    def check_tags(self, tags: Sequence[str]) -> None:
        """Let the first worker check tags against its tokenizer."""
        self._slots[0].opened().check_tags(tags)

    def close(self) -> None:
        """End every process."""
        for slot in self._slots:
            slot.close()


class _Slot:
    """One of the workers, started when it is first wanted and again when it has died."""

    def __init__(
        self, spec: Spec, logs: Path, note: Callable[[str], None] | None, devices: str | None, of: Replicas
    ) -> None:
        self.spec = spec
        self._log = logs / f"{spec.role}.log"
        self._note = note
        self._env = {} if devices is None else {_VISIBLE: devices}
        self._of = of
        self._worker: Worker | None = None
        self._deaths = 0
        self._closed = False

    def opened(self) -> Worker:
        """Return the worker, with the model of all of them open."""
        if self._worker is None:
            self._worker = Worker(self.spec, self._log, self._note, self._env)
        if self._of.model is not None:
            info = self._worker.open(self._of.model)
            if self._of.info is not None and self._of.model == self._worker.model:
                check_same(self._of.info, info, self.spec.role)
        return self._worker

    def ready(self, over: Callable[[], bool]) -> bool:
        """Say yes: a worker is started by the first unit."""
        return not self._closed

    def serve(self, unit: Unit) -> Iterator[Item]:
        """Yield what the worker yields of a unit."""
        return self.opened().generate(unit.requests)

    def lost(self, death: WorkerDied) -> bool:
        """Let a dead worker go; the next unit starts another."""
        self._deaths += 1
        self.drop()
        if self._note is not None and not self._closed:
            self._note(f"{death}; its requests go to the others")
        return self._deaths <= RESTARTS and not self._closed

    def drop(self) -> None:
        """End the process, if there is one."""
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.close()

    def close(self) -> None:
        """End the process for good; what is under way ends with it."""
        self._closed = True
        self.drop()


def shares(replicas: int, visible: str | None, there: int) -> list[str | None]:
    """Return the CUDA devices of each replica, as the environment names them; None leaves them alone.

    ``visible`` is what the environment says, ``there`` how many devices the machine has. With fewer
    devices than replicas several share one.
    """
    names = (
        [name for name in visible.split(",") if name] if visible is not None else [*map(str, range(there))]
    )
    if not names:
        return [None] * replicas
    each = max(1, len(names) // replicas)
    return [
        ",".join(names[(number * each + place) % len(names)] for place in range(each))
        for number in range(replicas)
    ]


def _devices() -> int:
    """Return how many NVIDIA devices there are, without a package that would look for them."""
    return sum(path.name.removeprefix("nvidia").isdigit() for path in Path("/dev").glob("nvidia*"))
