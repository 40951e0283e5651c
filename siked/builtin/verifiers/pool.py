"""A small pool of killable worker processes: one JSON line in, one JSON line out, each with a deadline.

Signals and threads cannot stop a computer algebra system that is deep in one call; the end of its
process does. Workers are started by :mod:`subprocess`, so that a pool works from threads, from
notebooks and without a ``__main__`` guard.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import subprocess
import sys
import time
import weakref
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

START_SECONDS = 120.0
"""A worker imports its packages in this time."""
ITEMS = 1_000
"""Items after which a worker is replaced: caches of algebra systems only grow."""


@dataclass(frozen=True, slots=True)
class Reply:
    """How one item ended; ``value`` is set only where it is ``ok``."""

    status: Literal["ok", "timeout", "crash"]
    value: Any = None


@dataclass(slots=True, eq=False)
class _Worker:
    process: subprocess.Popen[bytes]
    buffer: bytearray = field(default_factory=bytearray)
    item: int | None = None
    deadline: float = 0.0
    ready: bool = False
    done: int = 0


class Pool:
    """``size`` workers that run ``python -m module SECONDS MEGABYTES``."""

    def __init__(self, module: str, size: int, seconds: float, megabytes: int) -> None:
        self._module = module
        self._size = size
        self._seconds = seconds
        self._megabytes = megabytes
        self._workers: list[_Worker] = []
        self._finalizer = weakref.finalize(self, _end_all, self._workers)

    def map(self, items: Sequence[object]) -> list[Reply]:
        """Return one reply an item, in order. A worker that is late or dies costs its own item only."""
        replies: list[Reply | None] = [None] * len(items)
        waiting = deque(range(len(items)))
        left = len(items)
        failed_starts = 0
        while left:
            self._hire(min(self._size, left))
            for worker in self._workers:
                if worker.ready and worker.item is None and waiting:
                    _send(worker, waiting.popleft(), items, self._seconds)
            for worker, line in self._wait():
                index = worker.item
                if line is not None and index is None:
                    worker.ready, failed_starts = True, 0
                    continue
                if line is not None and index is not None:
                    replies[index] = Reply("ok", line)
                    worker.item, worker.done = None, worker.done + 1
                    left -= 1
                    if worker.done >= ITEMS:
                        self._dismiss(worker)
                    continue
                late = time.monotonic() >= worker.deadline
                self._dismiss(worker)
                if index is not None:
                    replies[index] = Reply("timeout" if late else "crash")
                    left -= 1
                    continue
                failed_starts += 1
                if failed_starts > 2 * self._size:
                    return [reply or Reply("crash") for reply in replies]
        return [reply or Reply("crash") for reply in replies]

    def close(self) -> None:
        """End every worker; safe to call twice."""
        _end_all(self._workers)

    def _hire(self, size: int) -> None:
        while len(self._workers) < size:
            environment = dict(os.environ, PYTHONPATH=os.pathsep.join(path for path in sys.path if path))
            process = subprocess.Popen(
                [sys.executable, "-m", self._module, str(self._seconds), str(self._megabytes)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
            )
            assert process.stdout is not None
            os.set_blocking(process.stdout.fileno(), False)
            self._workers.append(_Worker(process, deadline=time.monotonic() + START_SECONDS))

    def _dismiss(self, worker: _Worker) -> None:
        if worker in self._workers:
            self._workers.remove(worker)
        _end(worker)

    def _wait(self) -> list[tuple[_Worker, Any]]:
        """Wait for lines; None stands for a worker that is late or dead."""
        busy = [worker for worker in self._workers if worker.item is not None or not worker.ready]
        with selectors.DefaultSelector() as selector:
            for worker in busy:
                assert worker.process.stdout is not None
                selector.register(worker.process.stdout, selectors.EVENT_READ, worker)
            pause = min((worker.deadline for worker in busy), default=0.0) - time.monotonic()
            events = selector.select(max(0.0, pause))
            found: list[tuple[_Worker, Any]] = [
                (key.data, line) for key, _ in events for line in _read(key.data)
            ]
        now = time.monotonic()
        seen = {id(worker) for worker, _ in found}
        found += [(worker, None) for worker in busy if id(worker) not in seen and now >= worker.deadline]
        return found


def _send(worker: _Worker, index: int, items: Sequence[object], seconds: float) -> None:
    worker.item = index
    worker.deadline = time.monotonic() + seconds
    assert worker.process.stdin is not None
    # A worker that died is noticed when its output ends.
    with contextlib.suppress(BrokenPipeError):
        worker.process.stdin.write(json.dumps(items[index]).encode() + b"\n")
        worker.process.stdin.flush()


def _read(worker: _Worker) -> list[Any]:
    """Return what a worker wrote: at most one line; None where its output ended."""
    assert worker.process.stdout is not None
    chunk = os.read(worker.process.stdout.fileno(), 65_536)
    if not chunk:
        return [None]
    worker.buffer += chunk
    line, newline, rest = bytes(worker.buffer).partition(b"\n")
    if not newline:
        return []
    worker.buffer = bytearray(rest)
    try:
        return [json.loads(line)]
    except ValueError:
        return [None]


def _end(worker: _Worker) -> None:
    worker.process.kill()
    for stream in (worker.process.stdin, worker.process.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()
    worker.process.wait()


def _end_all(workers: list[_Worker]) -> None:
    while workers:
        _end(workers.pop())
