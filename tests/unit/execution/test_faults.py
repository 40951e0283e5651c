"""What the machine does is never a verdict: a table of calls by faults, injected one at a time.

A fault that passes costs nothing; one that stays ends the run with a line, and no program that was on
its way has an outcome.
"""

from __future__ import annotations

import errno
import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import siked.execution.confined as confined_module
from siked.errors import SandboxError
from siked.execution import lanes
from siked.execution.auto import Auto, AutoOptions
from siked.execution.confined import Confined, ConfinedOptions
from siked.execution.monty import MontyOptions, MontySandbox
from siked.records import Program, ProgramOutcome

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the confined sandbox needs Linux")
FAULTS = (errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.ENOSPC)
PROGRAMS = [Program(f"from fractions import Fraction\nanswer = Fraction({n}, 1)") for n in range(6)]
ANSWERS = [str(n) for n in range(6)]


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "PATIENCE", (0.01, 0.01, 0.01))


class Fault:
    """Makes a call fail: from the ``first`` time on, ``times`` times."""

    def __init__(self, call: Callable[..., Any], error: BaseException, first: int, times: int) -> None:
        self.call, self.error, self.times = call, error, times
        self.skip = first
        self.met = 0

    def __call__(self, *given: Any, **named: Any) -> Any:
        if self.skip > 0:
            self.skip -= 1
            return self.call(*given, **named)
        if self.met < self.times:
            self.met += 1
            raise self.error
        return self.call(*given, **named)


CALLS: dict[str, tuple[Any, str]] = {
    "pipe": (os, "pipe2"),
    "memory file": (os, "memfd_create"),
    "writing": (confined_module, "_write_all"),
    "sending": (socket, "send_fds"),
    "socket pair": (socket, "socketpair"),
    "process": (subprocess, "Popen"),
    "thread": (threading.Thread, "start"),
    "opening a worker": (confined_module.Server, "worker"),
}
STARTING = ("socket pair", "process", "thread")


def collected(sandbox: Any) -> tuple[list[ProgramOutcome], SandboxError | None]:
    found: list[ProgramOutcome] = []
    try:
        for outcome in sandbox.run(PROGRAMS):
            found.append(outcome)
    except SandboxError as error:
        return found, error
    return found, None


@pytest.fixture(scope="module")
def running() -> Iterator[Confined]:
    """A sandbox that has its server and its worker."""
    sandbox = Confined(ConfinedOptions(workers=1, memory=256))
    assert [outcome.answer for outcome in sandbox.run(PROGRAMS)] == ANSWERS
    yield sandbox
    sandbox.close()


class NoServer:
    """Stands for a server that is never asked."""

    def __init__(self, allow_weak: bool = False) -> None:
        self.close = lambda: None


@pytest.mark.parametrize("number", FAULTS, ids=lambda number: errno.errorcode[number])
@pytest.mark.parametrize("call", list(CALLS))
def test_a_fault_that_stays_is_no_verdict(
    call: str, number: int, running: Confined, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, name = CALLS[call]
    error: BaseException = OSError(number, os.strerror(number))
    if call == "thread":
        error = RuntimeError("can't start new thread")
    fault = Fault(getattr(owner, name), error, 0, 10**9)
    sandbox = running
    if call in STARTING:
        sandbox = Confined(ConfinedOptions(workers=1, memory=256))
    elif call == "opening a worker":
        running.lane()._slots[0].close()
    with monkeypatch.context() as patch:
        if call == "thread":
            patch.setattr(confined_module, "Server", NoServer)
        patch.setattr(owner, name, lambda *given, **named: fault(*given, **named))
        found, ended = collected(sandbox)
    assert fault.met
    assert found == []
    assert ended is not None
    assert str(error if call == "thread" else os.strerror(number)) in str(ended)
    assert "\n" not in str(ended)


@pytest.mark.parametrize("call", ["pipe", "memory file", "writing", "sending", "opening a worker"])
@pytest.mark.parametrize("times", [1, 2])
def test_a_fault_that_passes_costs_nothing(
    call: str, times: int, running: Confined, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, name = CALLS[call]
    first = 0 if call == "opening a worker" else 2
    if call == "opening a worker":
        running.lane()._slots[0].close()
    fault = Fault(getattr(owner, name), OSError(errno.EMFILE, "too many"), first, times)
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, lambda *given, **named: fault(*given, **named))
        found, ended = collected(running)
    assert ended is None
    assert fault.met == times
    assert [outcome.answer for outcome in found] == ANSWERS


# --- workers that fail in the middle of a program ---------------------------------------------------


def _reply(**more: Any) -> bytes:
    return json.dumps({"status": 0, "cpu": 0.0, "wall": 0.0, "late": False, **more}).encode()


def _server_of(act: Callable[[socket.socket, list[int]], None]) -> type:
    """Return a server whose workers treat every job as ``act`` does."""

    def serve(theirs: socket.socket) -> None:
        with theirs:
            while True:
                message, descriptors, _, _ = socket.recv_fds(theirs, 4096, 2)
                if not message:
                    return
                act(theirs, descriptors)
                for number in descriptors:
                    os.close(number)

    def give(server: Any) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        threading.Thread(target=serve, args=(theirs,), daemon=True).start()
        return ours

    return type("Server", (NoServer,), {"worker": give})


WORKERS: dict[str, Callable[[socket.socket, list[int]], Any]] = {
    "no process for a program": lambda jobs, given: jobs.send(json.dumps({"failed": "no process"}).encode()),
    "the worker dies": lambda jobs, given: jobs.shutdown(socket.SHUT_RDWR),
    "the process ends before the program": lambda jobs, given: jobs.send(_reply()),
    "the process is killed before the program": lambda jobs, given: jobs.send(_reply(status=signal.SIGKILL)),
    "every process is killed": lambda jobs, given: (
        os.write(given[1], b"+"),
        jobs.send(_reply(status=signal.SIGKILL)),
    ),
    "every process breaks": lambda jobs, given: (
        os.write(given[1], b"+"),
        jobs.send(_reply(status=signal.SIGSEGV)),
    ),
}


@pytest.mark.parametrize("kind", list(WORKERS))
def test_workers_that_fail_for_every_program_are_no_verdict(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confined_module, "Server", _server_of(WORKERS[kind]))
    sandbox = Confined(ConfinedOptions(workers=2, memory=256))
    found, ended = collected(sandbox)
    sandbox.close()
    assert found == []
    assert ended is not None


def test_a_program_that_breaks_its_process_each_time_is_put_down_to_it(running: Confined) -> None:
    crash = "import ctypes\nctypes.string_at(0)"
    outcomes = list(running.run([Program("answer = 1"), Program(crash), Program("answer = 2")]))
    assert [str(outcome.status) for outcome in outcomes] == ["ok", "error", "ok"]
    assert "SIGSEGV" in outcomes[1].detail


def _server() -> Any:
    path = Path(confined_module.__file__).with_name("server.py")
    spec = importlib.util.spec_from_file_location("server_under_test", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_worker_that_cannot_fork_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    module = _server()
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.settimeout(20)
    kernel = SimpleNamespace(prctl=lambda *_: None, PR_SET_PDEATHSIG=1, PR_SET_CHILD_SUBREAPER=36)
    server = SimpleNamespace(kernel=kernel, child=None, layers=None)

    def fork() -> int:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    monkeypatch.setattr(os, "fork", fork)
    thread = threading.Thread(target=module.Server.work, args=(server, theirs), daemon=True)
    thread.start()
    for _ in range(3):
        reading, writing = os.pipe()
        socket.send_fds(ours, [json.dumps({"wall": 1, "cpu": 1, "memory": 1}).encode()], [reading, writing])
        os.close(writing)
        assert "no process" in json.loads(ours.recv(4096))["failed"]
        assert os.read(reading, 1) == b""  # the worker holds no descriptor back
        os.close(reading)
    ours.close()
    thread.join(10)


# --- Monty ------------------------------------------------------------------------------------------

PLAIN = [Program(f"answer = {n}") for n in range(6)]


class Killer(threading.Thread):
    """Kills every worker of Monty below this process."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.over = threading.Event()

    def run(self) -> None:
        mine = os.getpid()
        while not self.over.wait(0.001):
            for entry in Path(f"/proc/{mine}/task").iterdir():
                for pid in (entry / "children").read_text().split():
                    try:
                        if "monty" in Path(f"/proc/{pid}/comm").read_text():
                            os.kill(int(pid), signal.SIGKILL)
                    except OSError:
                        continue


@pytest.fixture
def killer() -> Iterator[Killer]:
    thread = Killer()
    yield thread
    thread.over.set()
    thread.join()


@pytest.mark.parametrize("make", ["monty", "auto"])
def test_no_monty_worker_is_no_verdict(make: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import pydantic_monty

    def refuse(*given: Any, **named: Any) -> Any:
        raise RuntimeError("failed to spawn monty worker: Resource temporarily unavailable (os error 11)")

    monkeypatch.setattr(pydantic_monty, "Monty", refuse)
    sandbox: Any = MontySandbox(MontyOptions(workers=1)) if make == "monty" else Auto(AutoOptions(workers=1))
    with pytest.raises(SandboxError, match="Resource temporarily unavailable"):
        list(sandbox.run(PLAIN))
    sandbox.close()


def test_monty_workers_that_die_under_every_program_are_no_verdict(killer: Killer) -> None:
    sandbox = MontySandbox(MontyOptions(workers=1))
    assert [outcome.answer for outcome in sandbox.run(PLAIN)] == ANSWERS
    killer.start()
    slow = [Program("total = 0\nfor i in range(300_000):\n    total += i\nanswer = total")]
    found = []
    try:
        for outcome in sandbox.run(slow * 3):
            found.append(outcome)
    except SandboxError:
        pass
    finally:
        killer.over.set()
        killer.join()
        sandbox.close()
    assert {str(outcome.status) for outcome in found} <= {"ok"}
