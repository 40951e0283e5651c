"""The ``monty`` sandbox: a Python interpreter of its own, in pooled worker processes.

The workers have no files, network or processes to give away. Each program has a fresh session;
its answer becomes text inside the session, so nothing of unbounded size reaches this process.
"""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar

from annotated_types import Ge, Gt, Le

from siked.execution.host import tell
from siked.execution.lanes import (
    WALL,
    WINDOW,
    Lane,
    Line,
    Ran,
    Ticket,
    check_limits,
    started,
)
from siked.execution.places import places
from siked.execution.routing import read
from siked.execution.session import MontySlot, ended
from siked.records import Program, ProgramOutcome, ProgramStatus

_WATCH = 0.02
"""Seconds between two looks at the CPU clocks of the workers."""


@dataclass(frozen=True)
class MontyOptions:
    """Limits of one program and how many run at a time."""

    cpu: Annotated[float, Gt(0), Le(86_400)] = field(
        default=2.0, metadata={"help": "CPU seconds a program may take."}
    )
    memory: Annotated[int, Ge(16)] = field(
        default=512, metadata={"help": "MiB of memory a program may take."}
    )
    workers: Annotated[int, Ge(0)] = field(
        default=0, metadata={"help": "Programs at a time; 0 is one for each processor."}
    )

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
        self._places = places(self._options.workers, self._options.memory)
        self._lane: Lane | None = None

    def lane(self) -> Lane:
        """Return the worker threads, started."""
        if self._lane is None:
            self._lane = started(self._start)
        return self._lane

    def _start(self) -> Lane:
        pool = Pool(self._options, self._places)
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
        return WINDOW * self._places

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


def launcher(folder: Path) -> str:
    """Write and return a program that becomes a worker of Monty under the kernel's locks (Linux)."""
    from pydantic_monty._binary import find_monty_binary

    parts = [
        *(sys.executable, "-I", "-S", "-B"),
        str(Path(__file__).with_name("launch.py")),
        os.path.realpath(find_monty_binary()),
    ]
    script = folder / "monty"
    script.write_text(f'#!/bin/sh\nexec {shlex.join(parts)} "$@"\n')
    script.chmod(0o700)
    return str(script)


class Pool:
    """The worker processes, one for each slot, and the thread that watches their CPU clocks."""

    def __init__(self, options: MontyOptions, count: int) -> None:
        wall = WALL * options.cpu
        settings = {
            "min_processes": 1,
            "max_processes": count,
            "request_timeout": wall + 2,
            "feed_duration_limit_grace": 1.0,
        }
        self._folder = tempfile.TemporaryDirectory(prefix="siked-") if sys.platform == "linux" else None
        self._monty = self._opened(settings)
        self.slots = [MontySlot(self._monty, options.cpu, wall, options.memory << 20) for _ in range(count)]
        self._stop = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="siked-monty-watch", daemon=True)
        self._watcher.start()

    def close(self) -> None:
        """End the workers."""
        self._stop.set()
        self._watcher.join()
        self._monty.__exit__(None, None, None)
        if self._folder is not None:
            self._folder.cleanup()

    def _opened(self, settings: dict[str, Any]) -> Any:
        """Return a running pool whose workers are under the kernel's locks, where that can be."""
        import pydantic_monty

        if self._folder is not None:
            monty = pydantic_monty.Monty(binary_path=launcher(Path(self._folder.name)), **settings)
            try:
                monty.__enter__()
                with monty.checkout() as session:
                    session.feed_run("1")
                return monty
            except (RuntimeError, pydantic_monty.MontyError):
                monty.__exit__(None, None, None)
                tell("Monty's workers run without the kernel's locks here (see 'siked doctor')")
        monty = pydantic_monty.Monty(**settings)
        monty.__enter__()
        return monty

    def _watch(self) -> None:
        while not self._stop.wait(_WATCH):
            for slot in self.slots:
                slot.check()
