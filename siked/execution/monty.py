"""The ``monty`` sandbox: a Python interpreter of its own, in pooled worker processes.

The workers have no files, network or processes to give away. Each program has a fresh session;
its answer becomes text inside the session, so nothing of unbounded size reaches this process.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

from siked.execution.lanes import (
    WALL,
    WINDOW,
    Lane,
    Line,
    Ran,
    Ticket,
    check_limits,
    processors,
    started,
)
from siked.execution.routing import read
from siked.execution.session import MontySlot, ended
from siked.records import Program, ProgramOutcome, ProgramStatus

_WATCH = 0.02
"""Seconds between two looks at the CPU clocks of the workers."""


@dataclass(frozen=True)
class MontyOptions:
    """Limits of one program and how many run at a time."""

    cpu: float = field(default=2.0, metadata={"help": "CPU seconds a program may take."})
    memory: int = field(default=512, metadata={"help": "MiB of memory a program may take."})
    workers: int = field(default=0, metadata={"help": "Programs at a time; 0 is one for each processor."})

    def __post_init__(self) -> None:
        check_limits(self.cpu, self.memory, self.workers)


class MontySandbox:
    """Runs programs in Monty: a subset of Python, on every system, thousands a second.

    A program that needs more than Monty has is ``denied``. ``round(x, n)`` may differ from CPython
    in the last decimal where ``x`` lies half-way.
    """

    name: ClassVar[str] = "monty"
    Options: ClassVar[type[Any]] = MontyOptions

    def __init__(self, options: MontyOptions | None = None) -> None:
        self._options = options or MontyOptions()
        self._lane: Lane | None = None

    def lane(self) -> Lane:
        """Return the worker threads, started."""
        if self._lane is None:
            self._lane = started(self._start)
        return self._lane

    def _start(self) -> Lane:
        pool = Pool(self._options)
        return Lane("monty", pool.slots, pool.close)

    def submit(self, ticket: Ticket) -> None:
        """Queue one program; one that needs more than Monty has is refused at once."""
        if ticket.ran is None:
            seen = read(ticket.code)
            ticket.code = seen.program
            ticket.note = seen
            if seen.syntax:
                ticket.settle(ended(ProgramStatus.ERROR, seen.syntax))
            elif seen.needs and seen.known:
                ticket.settle(refusal(f"it needs {seen.needs}"))
        elif ticket.ran.lacking:
            ticket.settle(refusal(ticket.ran.outcome.detail))
        if not ticket.settled:
            self.lane().put(ticket)

    def window(self) -> int:
        """Return how many programs may be on their way."""
        return WINDOW * (self._options.workers or processors())

    def run(self, programs: Iterable[Program]) -> Iterator[ProgramOutcome]:
        """Yield one outcome a program, in order."""
        return Line(programs, self).outcomes()

    def close(self) -> None:
        """End every process."""
        if self._lane is not None:
            self._lane.close()
            self._lane = None


def refusal(reason: str) -> Ran:
    """Return the outcome of a program that only CPython could run."""
    return ended(ProgramStatus.DENIED, f"only the confined sandbox (Linux) could run this: {reason}")


class Pool:
    """The worker processes, one for each slot, and the thread that watches their CPU clocks."""

    def __init__(self, options: MontyOptions) -> None:
        import pydantic_monty

        count = options.workers or processors()
        wall = WALL * options.cpu
        self._monty = pydantic_monty.Monty(
            min_processes=1, max_processes=count, request_timeout=wall + 2, feed_duration_limit_grace=1.0
        )
        self._monty.__enter__()
        self.slots = [MontySlot(self._monty, options.cpu, wall, options.memory << 20) for _ in range(count)]
        self._stop = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="siked-monty-watch", daemon=True)
        self._watcher.start()

    def close(self) -> None:
        """End the workers."""
        self._stop.set()
        self._watcher.join()
        self._monty.__exit__(None, None, None)

    def _watch(self) -> None:
        while not self._stop.wait(_WATCH):
            for slot in self.slots:
                slot.check()
