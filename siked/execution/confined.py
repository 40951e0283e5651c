"""The ``confined`` sandbox: real CPython, one fresh child a program, under the kernel's locks.

The host's half: it starts the server (``server.py``), asks it for workers, hands each program to
one and reads the record its child wrote. Linux only.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, ClassVar

from siked.errors import SandboxError
from siked.execution.lanes import WINDOW, Lane, Line, Ran, Slot, Ticket
from siked.records import Program, ProgramOutcome, ProgramStatus

START_SECONDS = 120.0
_GRACE = 5.0
"""Seconds beyond a program's wall clock after which its worker is given up."""
_RECORD = 32768
WALL = 5.0
"""The wall clock is this many times the CPU limit: a backstop that only a busy machine reaches."""


@dataclass(frozen=True)
class ConfinedOptions:
    """Limits of one program and how many run at a time."""

    cpu: float = field(default=2.0, metadata={"help": "CPU seconds a program may take."})
    memory: int = field(default=512, metadata={"help": "MiB of memory a program may take."})
    workers: int = field(default=0, metadata={"help": "Programs at a time; 0 is one for each processor."})
    allow_weak: bool = field(
        default=False, metadata={"help": "Run with fewer locks than the minimum (see `siked doctor`)."}
    )


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return max(1, os.cpu_count() or 1)


class Confined:
    """Runs programs in real CPython on Linux, without files, network, processes or each other."""

    name: ClassVar[str] = "confined"
    Options: ClassVar[type[Any]] = ConfinedOptions

    def __init__(self, options: ConfinedOptions | None = None) -> None:
        self._options = options or ConfinedOptions()
        self._lane: Lane | None = None

    def lane(self) -> Lane:
        """Return the worker threads, started; raises :class:`SandboxError` below the minimum."""
        if self._lane is None:
            options = self._options
            server = Server(options.allow_weak)
            slots = [ConfinedSlot(server, options) for _ in range(options.workers or processors())]
            self._lane = Lane("confined", slots, server.close)
        return self._lane

    def submit(self, ticket: Ticket) -> None:
        """Queue one program; raises :class:`SandboxError` below the minimum."""
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


def _packages() -> dict[str, str]:
    """Return where the packages lie that programs may import, without importing them."""
    import importlib.util

    found = {}
    for name in ("sympy", "mpmath"):
        spec = importlib.util.find_spec(name)
        if spec is None or not spec.submodule_search_locations:
            raise SandboxError(f"the confined sandbox needs the package {name}")
        found[name] = os.path.abspath(next(iter(spec.submodule_search_locations)))
    return found


class Server:
    """The fork server as a child process."""

    def __init__(self, allow_weak: bool = False, python: str = sys.executable) -> None:
        if sys.platform != "linux":
            raise SandboxError("the confined sandbox needs Linux; use the sandbox 'monty' here")
        self._allow_weak = allow_weak
        self._python = python
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self.missing: list[str] = []
        self._start()

    def _start(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        settings = {"control": theirs.fileno(), "packages": _packages(), "allow_weak": self._allow_weak}
        script = str(Path(__file__).with_name("server.py"))
        with theirs:
            self._process = subprocess.Popen(
                [self._python, "-P", "-s", "-S", "-B", "-X", "utf8", script, json.dumps(settings)],
                env={"PYTHONHASHSEED": "0"},  # so that sets and dicts of strings have one order
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self._control = ours
        ours.settimeout(START_SECONDS)
        try:
            hello = ours.recv(65536)
        except TimeoutError:
            hello = b""
        if not hello:
            tail = self._stop(read=True)
            raise SandboxError(f"the confined sandbox did not start: {tail or 'it ended without a word'}")
        ours.settimeout(None)
        _close_stream(self._process.stderr)
        self.missing = list(json.loads(hello)["missing"])
        if self.missing and not self._allow_weak:
            self._stop()
            raise SandboxError(
                f"the confined sandbox cannot promise its minimum here; missing: {', '.join(self.missing)}. "
                "See 'siked doctor'; --allow-weak-sandbox runs programs all the same."
            )

    def worker(self) -> socket.socket:
        """Fork a worker and return the socket that jobs go to; a dead server is started again."""
        with self._lock:
            for attempt in (1, 2):
                ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                try:
                    if self._control is None:
                        raise OSError("the server is gone")
                    socket.send_fds(self._control, [b"worker"], [theirs.fileno()])
                    return ours
                except OSError:
                    ours.close()
                    if attempt == 2:
                        raise
                    self._stop()
                    self._start()
                finally:
                    theirs.close()
        raise AssertionError

    def close(self) -> None:
        """End the server and everything it forked."""
        with self._lock:
            self._stop()

    def _stop(self, read: bool = False) -> str:
        process, control = self._process, self._control
        self._process = self._control = None
        if control is not None:
            control.close()
        if process is None:
            return ""
        try:
            process.wait(timeout=_GRACE)
        except subprocess.TimeoutExpired:
            pass
        # Its session holds the server and the workers; a child dies with its worker.
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
        process.wait()
        tail = ""
        if read and process.stderr is not None and not process.stderr.closed:
            tail = process.stderr.read()[-2000:].decode("utf-8", "replace").strip()
        _close_stream(process.stderr)
        return tail


def _close_stream(stream: IO[bytes] | None) -> None:
    if stream is not None:
        stream.close()


class ConfinedSlot(Slot):
    """One worker of the server, used by one thread."""

    def __init__(self, server: Server, options: ConfinedOptions) -> None:
        self._server = server
        self._wall = WALL * options.cpu
        self._limits = {"cpu": options.cpu, "memory": options.memory << 20, "wall": self._wall}
        self._header = json.dumps(self._limits).encode()
        self._jobs: socket.socket | None = None

    def close(self) -> None:
        if self._jobs is not None:
            self._jobs.close()
            self._jobs = None

    def run(self, program: str, note: object = None) -> Ran:
        """Run one program in a fresh child."""
        nonce = secrets.token_hex(16)
        order = json.dumps({"nonce": nonce, "program": program}).encode()
        reply, record = self._exchange(order)
        if reply is None:
            return self._ran(ProgramStatus.MEMORY, detail="the worker died under this program")
        return self._judge(reply, record, nonce)

    def _exchange(self, order: bytes) -> tuple[dict[str, Any] | None, bytes]:
        for attempt in (1, 2):
            if self._jobs is None:
                self._jobs = self._server.worker()
                self._jobs.settimeout(self._wall + _GRACE)
            reading, writing = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
            try:
                job = os.memfd_create("job", os.MFD_CLOEXEC)
                try:
                    _write_all(job, order)
                    socket.send_fds(self._jobs, [self._header], [job, writing])
                finally:
                    os.close(job)
                    os.close(writing)
                reply = self._jobs.recv(4096)
                if reply:
                    return json.loads(reply), _read_all(reading)
            except OSError:
                # The first try meets a worker that died between two programs; nothing has run yet.
                if attempt == 1:
                    self.close()
                    continue
            finally:
                os.close(reading)
            break
        self.close()
        return None, b""

    def _judge(self, reply: dict[str, Any], record: bytes, nonce: str) -> Ran:
        seconds, status = float(reply["cpu"]), int(reply["status"])
        if reply["late"]:
            overdue = seconds < self._limits["cpu"] * 0.9
            return self._ran(
                ProgramStatus.TIMEOUT, seconds, f"over the wall clock of {self._wall:g} s", overdue
            )
        if os.WIFSIGNALED(status):
            return self._killed(os.WTERMSIG(status), seconds)
        fields = _parse(record, nonce)
        if fields is None:
            return self._ran(
                ProgramStatus.ERROR, seconds, "the program ended its process before it had an answer"
            )
        word, answer, detail = fields
        return self._ran(word, seconds, detail, answer=answer)

    def _killed(self, number: int, seconds: float) -> Ran:
        if number in (signal.SIGPROF, signal.SIGXCPU):
            limit = f"over the CPU limit of {self._limits['cpu']:g} s"
            return self._ran(ProgramStatus.TIMEOUT, seconds, limit)
        if number == signal.SIGSYS:
            return self._ran(ProgramStatus.DENIED, seconds, "killed for a forbidden system call")
        try:
            name = signal.Signals(number).name
        except ValueError:
            name = f"signal {number}"
        memory = number in (signal.SIGKILL, signal.SIGSEGV, signal.SIGBUS)
        return self._ran(
            ProgramStatus.MEMORY if memory else ProgramStatus.ERROR, seconds, f"killed by {name}"
        )

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


def clean(text: str) -> str:
    """Return ``text`` without lone surrogates, which no file or database could hold."""
    return text.encode("utf-8", "replace").decode()
