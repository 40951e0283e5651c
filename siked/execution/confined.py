"""The ``confined`` sandbox: real CPython, one fresh child a program, under the kernel's locks.

A slot hands each program to a worker of the fork server (``server.py``) and reads the record that
the program's child wrote. Linux only.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

from annotated_types import Ge, Gt, Le

from siked.execution.host import Server
from siked.execution.lanes import (
    WALL,
    WINDOW,
    Lane,
    Line,
    MachineFailure,
    Ran,
    Slot,
    Ticket,
    check_limits,
    clean,
    started,
)
from siked.execution.places import places
from siked.execution.routing import read
from siked.records import Program, ProgramOutcome, ProgramStatus

_GRACE = 5.0
"""Seconds beyond a program's wall clock after which its worker is given up."""
_RECORD = 32768
_STARTED = b"+"
_GONE = (EOFError, ConnectionError, TimeoutError)
"""How it shows that a worker is dead, or so stopped that it says nothing."""
_CANARY = "answer = 1"
_REPLY = 4096


@dataclass(frozen=True)
class ConfinedOptions:
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


class Confined:
    """Runs programs in real CPython on Linux, without files, network, processes or each other."""

    name: ClassVar[str] = "confined"
    Options: ClassVar[type[Any]] = ConfinedOptions

    def __init__(self, options: ConfinedOptions | None = None) -> None:
        self._options = options or ConfinedOptions()
        self._places = places(self._options.workers, self._options.memory)
        self._lane: Lane | None = None

    def lane(self) -> Lane:
        """Return the worker threads, started; raises :class:`siked.errors.SandboxError` below the minimum."""
        if self._lane is None:
            self._lane = started(self._start)
        return self._lane

    def _start(self) -> Lane:
        options = self._options
        server = Server(options.allow_weak)
        slots = [ConfinedSlot(server, options) for _ in range(self._places)]
        return Lane("confined", slots, server.close)

    def submit(self, ticket: Ticket) -> None:
        """Queue one program; raises :class:`siked.errors.SandboxError` below the minimum."""
        lane = self.lane()
        if ticket.note is None:
            ticket.note = seen = read(ticket.code)
            ticket.code = seen.program
        lane.put(ticket)

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


class ConfinedSlot(Slot):
    """One worker of the server, used by one thread."""

    def __init__(self, server: Server, options: ConfinedOptions) -> None:
        self._server = server
        self._wall = WALL * options.cpu
        self._limits = {"cpu": options.cpu, "memory": options.memory << 20, "wall": self._wall}
        self._header = json.dumps(self._limits).encode()
        self._jobs: socket.socket | None = None
        self._abandoned = False

    def close(self) -> None:
        """End every process; safe to call twice."""
        if self._jobs is not None:
            self._jobs.close()
            self._jobs = None

    def run(self, program: str, note: object = None) -> Ran:
        """Run one program in a fresh child; raise :class:`MachineFailure` where that cannot be had."""
        ran = self._attempt(program)
        if ran.overdue and ran.outcome.status is not ProgramStatus.TIMEOUT:
            # Something killed its process. If that befalls a harmless program too, it is the machine.
            canary = self._attempt(_CANARY)
            if canary.outcome.status is not ProgramStatus.OK:
                raise MachineFailure(f"processes die: {ran.outcome.detail}")
        return ran

    def _attempt(self, program: str) -> Ran:
        nonce = secrets.token_hex(16)
        order = json.dumps({"nonce": nonce, "program": program}).encode()
        try:
            reply, record = self._send(order)
        except _GONE:
            self.close()
            if self._abandoned:
                raise
            return self._ran(ProgramStatus.MEMORY, detail="the worker died under this program", overdue=True)
        except BaseException:
            self.close()
            raise
        if "failed" in reply:
            raise MachineFailure(str(reply["failed"]))
        return self._judge(reply, record, nonce)

    def abandon(self) -> None:
        """Close the socket under a program that runs: its worker kills it and ends."""
        self._abandoned = True
        jobs = self._jobs
        if jobs is not None:
            with contextlib.suppress(OSError):
                jobs.shutdown(socket.SHUT_RDWR)

    def _send(self, order: bytes) -> tuple[dict[str, Any], bytes]:
        if self._jobs is None:
            self._jobs = self._server.worker()
            self._jobs.settimeout(self._wall + _GRACE)
        with contextlib.ExitStack() as stack:
            reading, writing = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
            stack.callback(os.close, reading)
            with contextlib.ExitStack() as given:
                given.callback(os.close, writing)
                job = os.memfd_create("job", os.MFD_CLOEXEC)
                given.callback(os.close, job)
                _write_all(job, order)
                socket.send_fds(self._jobs, [self._header], [job, writing])
            reply = self._jobs.recv(_REPLY)
            if not reply:
                raise EOFError
            return json.loads(reply), _read_all(reading)

    def _judge(self, reply: dict[str, Any], record: bytes, nonce: str) -> Ran:
        seconds, status = float(reply["cpu"]), int(reply["status"])
        if not record.startswith(_STARTED):
            raise MachineFailure("the process of a program ended before the program began")
        if reply["late"]:
            overdue = seconds < self._limits["cpu"] * 0.9
            return self._ran(
                ProgramStatus.TIMEOUT, seconds, f"over the wall clock of {self._wall:g} s", overdue
            )
        if os.WIFSIGNALED(status):
            return self._killed(os.WTERMSIG(status), seconds)
        fields = _parse(record.removeprefix(_STARTED), nonce)
        if fields is None:
            return self._ran(
                ProgramStatus.ERROR, seconds, "the program ended its process before it had an answer"
            )
        word, answer, detail = fields
        return self._ran(word, seconds, detail, answer=answer)

    def _killed(self, number: int, seconds: float) -> Ran:
        if number in (signal.SIGPROF, signal.SIGXCPU) or seconds >= self._limits["cpu"]:
            limit = f"over the CPU limit of {self._limits['cpu']:g} s"
            return self._ran(ProgramStatus.TIMEOUT, seconds, limit)
        if number == signal.SIGSYS:
            return self._ran(ProgramStatus.DENIED, seconds, "killed for a forbidden system call")
        try:
            name = signal.Signals(number).name
        except ValueError:
            name = f"signal {number}"
        memory = number in (signal.SIGKILL, signal.SIGBUS)
        status = ProgramStatus.MEMORY if memory else ProgramStatus.ERROR
        return self._ran(status, seconds, f"killed by {name}", overdue=True)

    def _ran(
        self,
        status: ProgramStatus,
        seconds: float = 0.0,
        detail: str = "",
        overdue: bool = False,
        answer: str | None = None,
    ) -> Ran:
        outcome = ProgramOutcome(
            status=status, answer=answer, sandbox="confined", seconds=round(seconds, 6), detail=detail
        )
        return Ran(outcome, overdue)


def _write_all(number: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(number, view) :]


def _read_all(number: int) -> bytes:
    """Return what lies in a pipe whose writer is dead, at most one byte more than a record may have."""
    parts: list[bytes] = []
    size = 0
    while size <= _RECORD:
        try:
            part = os.read(number, _RECORD + 1 - size)
        except BlockingIOError:
            break
        if not part:
            break
        parts.append(part)
        size += len(part)
    return b"".join(parts)


def _parse(record: bytes, nonce: str) -> tuple[ProgramStatus, str | None, str] | None:
    """Read a record that a program may have forged; None unless it is exactly one of ours."""
    if not record or len(record) > _RECORD:
        return None
    try:
        fields = json.loads(record)
        if not isinstance(fields, list) or len(fields) != 4 or fields[0] != nonce:
            return None
        status = ProgramStatus(fields[1])
    except (ValueError, RecursionError):
        return None
    answer, detail = fields[2], fields[3]
    if not isinstance(detail, str) or not isinstance(answer, str | None):
        return None
    if (status is ProgramStatus.OK) != (answer is not None) or len(answer or "") > 1024:
        return None
    return status, None if answer is None else clean(answer), clean(detail)[:400]
