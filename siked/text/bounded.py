"""Running what a stranger's file makes of a text, such as a chat template, within limits of time and memory.

Standard library only: token ids are made in interpreters that have little else.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

if sys.platform != "win32":
    import resource

Result = TypeVar("Result")
SECONDS = 10.0
"""CPU seconds that it may take."""
MEMORY = 256 << 20
"""Bytes that it may take beyond what the process has."""


class Exceeded(Exception):
    """It took more time or memory than it may."""


class _Stop(BaseException):
    """Passes by what takes every exception for its own, as jinja does where it computes constants."""


def bounded(act: Callable[[], Result], seconds: float = SECONDS, memory: int = MEMORY) -> Result:
    """Return what ``act`` returns.

    Raises :class:`Exceeded` where it takes more CPU seconds, in the main thread, or more bytes, on Linux.
    """
    try:
        with _time(seconds), _memory(memory):
            return act()
    except _Stop:
        raise Exceeded(f"it takes more than {seconds:g} s") from None
    except MemoryError:
        raise Exceeded(f"it takes more than {memory >> 20} MiB") from None


@contextmanager
def _time(seconds: float) -> Iterator[None]:
    if sys.platform == "win32" or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        raise _Stop

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds, 1.0)  # again, should something swallow the first
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@contextmanager
def _memory(most: int) -> Iterator[None]:
    if sys.platform != "linux":
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    with open("/proc/self/statm", encoding="ascii") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    allowed = [used + most, *(limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY)]
    resource.setrlimit(resource.RLIMIT_AS, (min(allowed), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
