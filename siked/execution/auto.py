"""The ``auto`` sandbox: chooses Monty or real CPython for each program before it runs."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

from annotated_types import Ge, Gt, Le

from siked.execution.confined import Confined, ConfinedOptions
from siked.execution.lanes import Line, Ticket, check_limits
from siked.execution.monty import MontyOptions, MontySandbox, refusal
from siked.execution.routing import read
from siked.execution.session import ended
from siked.records import Program, ProgramOutcome, ProgramStatus


@dataclass(frozen=True)
class AutoOptions:
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
    allow_weak: bool = field(
        default=False, metadata={"help": "Run with fewer locks than the minimum (see `siked doctor`)."}
    )

    def __post_init__(self) -> None:
        check_limits(self.cpu, self.memory, self.workers)


class Auto:
    """Runs each program where it gets CPython's answer soonest.

    The syntax tree decides before anything runs; a program that meets a gap of Monty all the same
    is run again in CPython; one that fails on its own account is not. Off Linux, where there is
    no confined CPython, what needs it is ``denied``.
    """

    name: ClassVar[str] = "auto"
    Options: ClassVar[type[Any]] = AutoOptions

    def __init__(self, options: AutoOptions | None = None) -> None:
        chosen = options or AutoOptions()
        self._monty = MontySandbox(MontyOptions(cpu=chosen.cpu, memory=chosen.memory, workers=chosen.workers))
        self._confined = Confined(
            ConfinedOptions(
                cpu=chosen.cpu, memory=chosen.memory, workers=chosen.workers, allow_weak=chosen.allow_weak
            )
        )

    def submit(self, ticket: Ticket) -> None:
        """Hand a program to one of the two; raises :class:`siked.errors.SandboxError`."""
        if ticket.ran is None:
            seen = read(ticket.code)
            ticket.code = seen.program
            ticket.note, ticket.elsewhere = seen, not seen.monty
            reason = f"it needs {seen.needs or seen.differs}"
            if seen.syntax:
                ticket.settle(ended(ProgramStatus.ERROR, seen.syntax))
                return
        else:
            reason = ticket.ran.outcome.detail
            ticket.elsewhere = ticket.elsewhere or ticket.ran.lacking
        if not ticket.elsewhere:
            self._monty.lane().put(ticket)
        elif sys.platform == "linux":
            self._confined.submit(ticket)
        else:
            ticket.settle(refusal(reason))

    def window(self) -> int:
        """Return how many programs may be on their way."""
        return self._monty.window() + self._confined.window()

    def run(self, programs: Iterable[Program]) -> Iterator[ProgramOutcome]:
        """Yield one outcome a program, in order."""
        return Line(programs, self).outcomes()

    def close(self) -> None:
        """End every process."""
        self._monty.close()
        self._confined.close()
