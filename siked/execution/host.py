"""The host's half of the fork server: starting it, asking it for workers, ending it."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from siked.errors import SandboxError

START_SECONDS = 120.0
_GRACE = 5.0
_HELLO = 65536


class Server:
    """The fork server as a child process.

    Raises :class:`SandboxError` off Linux, where it does not start, and where it cannot promise
    its minimum and ``allow_weak`` is not set.
    """

    def __init__(self, allow_weak: bool = False) -> None:
        self._allow_weak = allow_weak
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self.missing: list[str] = []
        self._start()

    def worker(self) -> socket.socket:
        """Fork a worker and return the socket that jobs go to; a dead server is started again."""
        with self._lock:
            try:
                return self._fork()
            except OSError as error:
                if self._alive() and not isinstance(error, ConnectionError):
                    raise
                self._stop()
                self._start()
                return self._fork()

    def close(self) -> None:
        """End the server and everything it forked."""
        with self._lock:
            self._stop()

    def _start(self) -> None:
        self._process, self._control = launch(allow_weak=self._allow_weak)
        try:
            hello = hear(self._process, self._control)
            self.missing = list(hello["missing"])
            _tell(hello["without"])
            if self.missing and not self._allow_weak:
                raise SandboxError(
                    "the confined sandbox cannot promise its minimum here; missing: "
                    f"{', '.join(self.missing)}. See 'siked doctor'; --allow-weak-sandbox overrides this."
                )
        except BaseException:
            self._stop()
            raise

    def _alive(self) -> bool:
        if self._process is None:
            return False
        return os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None

    def _fork(self) -> socket.socket:
        if self._control is None:
            raise BrokenPipeError
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            try:
                socket.send_fds(self._control, [b"worker"], [theirs.fileno()])
            except OSError:
                ours.close()
                raise
        return ours

    def _stop(self) -> None:
        process, control = self._process, self._control
        self._process = self._control = None
        if control is not None:
            control.close()
        if process is not None:
            end(process)


def launch(allow_weak: bool = False, probe: bool = False) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """Execute ``server.py`` in a session of its own, with nothing of ours but one socket."""
    if sys.platform != "linux":
        raise SandboxError("the confined sandbox needs Linux; use the sandbox 'monty' here")
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    settings = {
        "control": theirs.fileno(),
        "packages": _packages(),
        "allow_weak": allow_weak,
        "probe": probe,
    }
    script = str(Path(__file__).with_name("server.py"))
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-P", "-s", "-S", "-B", "-X", "utf8", script, json.dumps(settings)],
            env=_environment(),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )
    return process, ours


def tell(line: str) -> None:
    """Say something about the locks of this machine, once a process."""
    if line not in _TOLD:
        _TOLD.add(line)
        print(f"siked: {line}", file=sys.stderr)


_TOLD: set[str] = set()


def _tell(without: list[str]) -> None:
    """Say once which layers beyond the minimum this machine has not."""
    if without:
        tell(
            f"the sandbox runs without {' and '.join(without)} here, which leaves fewer locks"
            " between programs and this machine (see 'siked doctor')"
        )


def _environment() -> dict[str, str]:
    """Return nothing of ours, but for what finds this Python's own libraries."""
    kept = ("LD_LIBRARY_PATH", "PYTHONHOME")
    found = {name: os.environ[name] for name in kept if name in os.environ}
    return {"PYTHONHASHSEED": "0", **found}  # so that sets of strings have one order in every run


def hear(process: subprocess.Popen[bytes], control: socket.socket) -> Any:
    """Return the server's first message; raise :class:`SandboxError` where there is none."""
    assert process.stderr is not None
    control.settimeout(START_SECONDS)
    try:
        hello = control.recv(_HELLO)
    except OSError:
        hello = b""
    control.settimeout(None)
    if not hello:
        _kill(process)
        said = process.stderr.read()[-2000:].decode("utf-8", "replace").strip()
        raise SandboxError(f"the confined sandbox did not start: {said or 'it ended without a word'}")
    process.stderr.close()
    return json.loads(hello)


def probe() -> list[tuple[str, bool, str, bool]]:
    """Return (layer, it holds, what was tried, it is part of the minimum) for each layer."""
    process, control = launch(probe=True)
    try:
        return [
            (str(name), bool(ok), str(why), bool(needed)) for name, ok, why, needed in hear(process, control)
        ]
    finally:
        control.close()
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """Give a server whose socket is closed time to end, then kill what is left of its session."""
    number = os.pidfd_open(process.pid)
    try:
        poll = select.poll()
        poll.register(number, select.POLLIN)
        poll.poll(_GRACE * 1000)
    finally:
        os.close(number)
    _kill(process)
    if process.stderr is not None:
        process.stderr.close()


def _kill(process: subprocess.Popen[bytes]) -> None:
    # Before the leader is reaped no other process group can have its number. The group holds the
    # server and its workers; a program's child dies with its worker.
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _packages() -> dict[str, str]:
    """Return where the packages lie that programs may import, without importing them."""
    found = {}
    for name in ("sympy", "mpmath"):
        spec = importlib.util.find_spec(name)
        if spec is None or not spec.submodule_search_locations:
            raise SandboxError(f"the confined sandbox needs the package {name}")
        found[name] = os.path.abspath(next(iter(spec.submodule_search_locations)))
    return found
