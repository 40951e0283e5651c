"""Whether each layer of the confined sandbox holds here, by trying what it forbids.

Loaded by path inside the confined server: standard library only, nothing from siked. Every check
forks a child that applies one layer and then tries a forbidden act.
"""

from __future__ import annotations

import os
import resource
import select
import signal
import socket
import time
from collections.abc import Callable
from typing import Any

MINIMUM = ("no_new_privs", "seccomp", "rlimits", "cpu limit", "deadline")
"""Layers without which the sandbox refuses to run programs."""
_SOON = 0.02
_SLACK = 0.1
"""CPU seconds beyond its limit after which a program is killed from outside."""
_ALLOWED, _REFUSED, _BROKEN = 1, 0, 2


def checks(kernel: Any) -> list[tuple[str, bool, str]]:
    """Return (layer, it holds, what was tried) for each layer."""
    return [
        ("no_new_privs", *_no_new_privs(kernel)),
        ("seccomp", *_seccomp(kernel)),
        ("rlimits", *_rlimits()),
        ("cpu limit", *_cpu_limit()),
        ("deadline", *_deadline()),
        ("landlock", *_landlock(kernel)),
        ("capabilities", *_capabilities(kernel)),
    ]


def wait(pid: int, wall: float, other_end: socket.socket | None = None, cpu: float | None = None) -> bool:
    """Wait for a child; kill it at its deadline, beyond its CPU limit, or when the other end is closed.

    Returns whether it had to be killed for anything but its CPU time. The clock read here is exact,
    whereas the kernel's own limits count ticks.
    """
    number = os.pidfd_open(pid)
    try:
        poll = select.poll()
        poll.register(number, select.POLLIN)
        if other_end is not None:
            poll.register(other_end, 0)  # only that the other end is closed
        until = time.monotonic() + wall
        look = wall if cpu is None else cpu + _SLACK
        while True:
            left = until - time.monotonic()
            ready = [descriptor for descriptor, _ in poll.poll(max(0.0, min(left, look)) * 1000)]
            if number in ready:
                return False
            used = _cpu_clock(pid)
            if ready or cpu is None or left <= look:
                os.kill(pid, signal.SIGKILL)
                return True
            if used >= cpu + _SLACK:
                os.kill(pid, signal.SIGKILL)
                return False
            look = max(_SOON, cpu + _SLACK - used)
    finally:
        os.close(number)


def _cpu_clock(pid: int) -> float:
    """Return the CPU seconds of a process (``MAKE_PROCESS_CPUCLOCK`` in posix-timers.h)."""
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return 0.0


def _child(act: Callable[[], Any], wall: float = 5.0) -> tuple[int, bool]:
    """Fork, run ``act`` there; return (wait status, it was killed at the deadline).

    The exit code says what came of it: refused, allowed, or broken before it could be tried.
    """
    pid = os.fork()
    if pid == 0:
        code = _BROKEN
        try:
            code = _ALLOWED if act() else _REFUSED
        finally:
            os._exit(code)
    late = wait(pid, wall)
    return os.waitpid(pid, 0)[1], late


def _refused(act: Callable[[], Any]) -> bool:
    try:
        act()
    except OSError:
        return True
    return False


def _verdict(status: int, refused: str) -> tuple[bool, str]:
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) == _REFUSED:
        return True, f"{refused}: refused"
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) == _ALLOWED:
        return False, f"{refused}: not refused"
    return False, "cannot be applied here"


def _no_new_privs(kernel: Any) -> tuple[bool, str]:
    def act() -> bool:
        kernel.no_new_privs()
        return not _refused(lambda: kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 0))

    return _verdict(_child(act)[0], "taking it back")


def _seccomp(kernel: Any) -> tuple[bool, str]:
    def act() -> bool:
        rules = kernel.program_filter()
        kernel.no_new_privs()
        rules.apply()
        acts: list[Callable[[], Any]] = [
            socket.socket,
            os.fork,
            lambda: os.open("/", os.O_RDONLY),
            lambda: os.kill(os.getpid(), 0),
            lambda: os.execv("/bin/true", ["true"]),
            lambda: time.sleep(0.001),
        ]
        return not all(_refused(each) for each in acts)

    return _verdict(_child(act)[0], "a socket, a fork, a file, a signal, a program, a sleep")


def _rlimits() -> tuple[bool, str]:
    def act() -> bool:
        with open("/proc/self/statm") as file:
            used = int(file.read().split()[0]) * resource.getpagesize()
        limit = used + (32 << 20)
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        try:
            bytearray(256 << 20)
        except MemoryError:
            return False
        return True

    return _verdict(_child(act)[0], "256 MiB under a limit of 32")


def _cpu_limit() -> tuple[bool, str]:
    def act() -> bool:
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, _SOON)
        while True:
            pass

    status, late = _child(act)
    ended = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGPROF and not late
    return ended, f"an endless loop under a limit of {_SOON:g} s: {'ended' if ended else 'not ended'}"


def _deadline() -> tuple[bool, str]:
    status, late = _child(lambda: time.sleep(5), wall=_SOON)
    ended = late and os.WIFSIGNALED(status)
    return ended, f"a wait of 5 s under a deadline of {_SOON:g} s: {'ended' if ended else 'not ended'}"


def _landlock(kernel: Any) -> tuple[bool, str]:
    def act() -> bool:
        kernel.no_new_privs()
        kernel.landlock_everything()
        return not _refused(lambda: os.listdir("/"))

    ok, detail = _verdict(_child(act)[0], "listing /")
    return ok, f"{detail} (ABI {kernel.landlock_abi()})"


def _capabilities(kernel: Any) -> tuple[bool, str]:
    def act() -> bool:
        kernel.drop_capabilities()
        return kernel.effective_capabilities() != 0 or not _refused(lambda: os.chroot("/"))

    return _verdict(_child(act)[0], "chroot")
