"""Several engines, each a worker with devices of its own: data parallelism without a word between them.

vLLM's offline engine has data-parallel ranks under a launcher only, and each step waits for the
slowest of them. Requests need nothing of each other, so here every engine has a share of the list.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from siked.errors import BackendError, UsageError
from siked.records import Call, Completion, Model, ModelInfo, Request
from siked.workers import Spec, Worker, WorkerDied
from siked_vllm.options import Options

_VISIBLE = "CUDA_VISIBLE_DEVICES"


class Replicas:
    """As many engines as ``options.data_parallel`` says. They end with this process, however it ends."""

    def __init__(self, options: Options, target: str) -> None:
        logs = Path(tempfile.mkdtemp(prefix="siked-vllm-"))
        print(f"the logs of {options.data_parallel} engines are in {logs}", flush=True)
        values = dataclasses.asdict(dataclasses.replace(options, data_parallel=1))
        self._workers: list[Worker] = []
        for number, devices in enumerate(shares(options, os.environ.get(_VISIBLE))):
            spec = Spec(role=f"engine-{number}", target=target, options=values)
            with _seeing(devices):
                self._workers.append(Worker(spec, logs / f"{spec.role}.log"))
        self._threads = ThreadPoolExecutor(len(self._workers))

    def open(self, model: Model) -> ModelInfo:
        """Make every engine open ``model``, all at once."""
        (info, *_) = self._all([partial(worker.open, model) for worker in self._workers])
        return info  # type: ignore[no-any-return]

    def generate(self, requests: Sequence[Request]) -> Iterator[Completion | Call]:
        """Yield what the engines yield, in the order in which it comes."""
        # Neighbours share a problem, and so the beginning of their prompts: they stay together.
        parts = _split(requests, len(self._workers))
        items: SimpleQueue[Any] = SimpleQueue()

        def pump(worker: Worker, part: Sequence[Request]) -> None:
            try:
                for item in worker.generate(part):
                    items.put(item)
                items.put(None)
            except BaseException as error:
                items.put(error)

        for worker, part in zip(self._workers, parts, strict=True):
            self._threads.submit(pump, worker, part)
        running = len(self._workers)
        while running:
            item = items.get()
            if item is None:
                running -= 1
            elif isinstance(item, WorkerDied):
                raise BackendError(str(item)) from None
            elif isinstance(item, BaseException):
                raise item
            else:
                yield item

    def score(
        self, requests: Sequence[Request], continuations: Sequence[Sequence[str]]
    ) -> Iterator[list[float]]:
        """Yield the log-probabilities of the continuations of each request, in order."""
        count = len(self._workers)
        parts = zip(self._workers, _split(requests, count), _split(continuations, count), strict=True)
        found = self._all([partial(_scores, *part) for part in parts])
        for part in found:
            yield from part

    def _all(self, work: Sequence[Callable[[], Any]]) -> list[Any]:
        futures = [self._threads.submit(one) for one in work]
        try:
            return [future.result() for future in futures]
        except WorkerDied as death:
            raise BackendError(str(death)) from None


def shares(options: Options, visible: str | None) -> list[str | None]:
    """Return the devices of each engine, as the environment names them; None leaves them as they are.

    Raises :class:`UsageError` where fewer are visible than the engines want.
    """
    from vllm.platforms import current_platform

    if current_platform.is_cpu():
        return [None] * options.data_parallel
    names = visible.split(",") if visible else [str(n) for n in range(current_platform.device_count())]
    each, want = options.tensor_parallel, options.tensor_parallel * options.data_parallel
    if len(names) < want:
        raise UsageError(
            f"backend.data_parallel={options.data_parallel} engines of {each} want {want} devices, "
            f"and {len(names)} are visible."
        )
    return [",".join(names[start : start + each]) for start in range(0, want, each)]


@contextlib.contextmanager
def _seeing(devices: str | None) -> Iterator[None]:
    before = os.environ.get(_VISIBLE)
    if devices is not None:
        os.environ[_VISIBLE] = devices
    try:
        yield
    finally:
        if devices is not None:
            os.environ.pop(_VISIBLE)
            if before is not None:
                os.environ[_VISIBLE] = before


def _split(items: Sequence[Any], count: int) -> list[Sequence[Any]]:
    size = -(-len(items) // count)
    return [items[start * size : (start + 1) * size] for start in range(count)]


def _scores(
    worker: Worker, requests: Sequence[Request], continuations: Sequence[Sequence[str]]
) -> list[list[float]]:
    return list(worker.score(requests, continuations))
