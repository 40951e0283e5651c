"""One worker of Monty: a fresh session a program, and what its errors mean."""

from __future__ import annotations

import builtins
import contextlib
import os
import re
import secrets
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from siked.execution.lanes import MachineFailure, Ran, Slot, clean
from siked.execution.montytext import INDIRECT, QUICK, REBOUND, cutter, helper, sheltered
from siked.execution.prelude import MATH, SYMBOLIC
from siked.execution.routing import Shape, shape
from siked.execution.values import LONGEST, OUTPUT
from siked.records import ProgramOutcome, ProgramStatus

if sys.platform == "linux":
    import resource

_DETAIL = 300
_TAIL = 4096
_FIRST = 16 << 20
"""Bytes a session has at first. What a program raises reaches this process whole, so one that needs more
memory runs again with its exceptions cut inside the session."""
_CANARY = "answer = 1"
_RECURSION = 999  # Monty does not count the module's own frame
_NAMES = frozenset({*MATH, "math"})
_SPEAKING = frozenset(("print", "sys", "eval", "exec"))
_WORD = re.compile(r"[A-Za-z_]\w*")


class MontySlot(Slot):
    """One session at a time, used by one thread; ``check`` is called from another."""

    def __init__(self, monty: Any, cpu: float, wall: float, memory: int) -> None:
        import pydantic_monty

        self._monty = monty
        self._errors = pydantic_monty
        self._cpu = cpu
        self._wall = wall
        self._memory = memory
        self._limits: Any = {
            "max_feed_duration_secs": wall,
            "max_memory": min(memory, _FIRST),
            "max_recursion_depth": _RECURSION,
            "max_total_sleep_secs": 0.0,
        }
        self._policy: Any = {"random_start": {"seed": 0}}
        self._lock = threading.Lock()
        self._pid: int | None = None
        self._deadline = 0.0
        self._warm: int | None = None
        self._bound = (0, 0)
        self._closed = False
        self._killed = ""
        """Why the worker was killed: ``cpu``, ``output`` or ``closed``."""
        # A name no program can guess: nothing in Monty lists the names of a session.
        self._text = f"_{secrets.token_hex(6)}"
        self._helper = helper(self._text)

    def close(self) -> None:
        """Do nothing: the pool owns the workers."""

    def check(self) -> None:
        """Kill the worker if its program has used up its CPU time."""
        with self._lock:
            if self._pid is not None and cpu_clock(self._pid) >= self._deadline:
                self._kill("cpu")

    def abandon(self) -> None:
        """Kill the worker, whatever it does, and one that is about to start too."""
        with self._lock:
            self._closed = True
            self._kill("closed")

    def _stop_output(self) -> None:
        # Monty goes on with a program whose output was refused, so the worker has to go.
        with self._lock:
            if self._pid is not None:
                self._kill("output")

    def _kill(self, why: str) -> None:
        if self._pid is not None and not self._killed:
            self._killed = why
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)

    def run(self, program: str, note: object = None) -> Ran:
        """Run one program in a fresh session; raise where no session can be had."""
        seen = note if isinstance(note, Shape) else shape(program)
        ran = self._attempt(program, seen, False)
        if ran.outcome.status is ProgramStatus.MEMORY and not ran.overdue and self._memory > _FIRST:
            if sheltered(program, self._text) is None:
                return ended(ProgramStatus.DENIED, "it needs more memory and cannot be cut", lacking=True)
            ran = self._attempt(program, seen, True)
        if ran.overdue and ran.outcome.status is not ProgramStatus.TIMEOUT:
            # Something killed its worker. If that befalls a harmless program too, it is the machine.
            canary = self._attempt(_CANARY, shape(_CANARY), False)
            if canary.outcome.status is not ProgramStatus.OK:
                raise MachineFailure(f"workers die: {ran.outcome.detail}")
        return ran

    def _attempt(self, program: str, seen: Shape, whole: bool) -> Ran:
        """Run a program once; ``whole``: with all of its memory, and its exceptions cut."""
        self._killed = ""
        limits = {**self._limits, "max_memory": self._memory} if whole else self._limits
        try:
            with self._monty.checkout(limits=limits, os_policy=self._policy) as session:
                self._await_start(session)
                start = self._begin(session.worker_pid)
                feeds = _Feeds(self._errors, session, self._text, self._helper, self._stop_output, whole)
                try:
                    ran = feeds.answer(program, seen)
                except self._errors.MontyCrashedError:
                    raise
                except self._errors.MontyError as error:
                    ran = feeds.failure(error, program)
                seconds = self._end(start)
                return Ran(replace(ran.outcome, seconds=round(seconds, 6)), ran.overdue, ran.lacking)
        except self._errors.MontyCrashedError as error:
            with self._lock:
                self._pid = None
            return self._crashed(error)
        except self._errors.MontyError as error:
            with self._lock:
                self._pid = None
            raise MachineFailure(str(error)[:_DETAIL]) from None

    def _await_start(self, session: Any) -> None:
        """Wait until a new worker answers: how long it takes to start is not the program's time."""
        if session.worker_pid != self._warm:
            try:
                session.feed_run("None")
            except self._errors.MontyError as error:
                raise MachineFailure(f"a worker did not start: {error}"[:_DETAIL]) from None
            self._warm = session.worker_pid

    def _begin(self, pid: int | None) -> float:
        start = cpu_clock(pid) if pid is not None else 0.0
        seconds = int(start + self._cpu) + 2
        if pid is not None and self._bound != (pid, seconds):
            # Should this process be killed, nobody watches the worker: the kernel ends it all the same.
            self._bound = (pid, seconds)
            limit_cpu(pid, seconds)
        with self._lock:
            self._pid, self._deadline = pid, start + self._cpu
            if self._closed:
                self._kill("closed")
        return start

    def _end(self, start: float) -> float:
        with self._lock:
            pid, self._pid = self._pid, None
        return max(0.0, cpu_clock(pid) - start) if pid is not None else 0.0

    def _crashed(self, error: Any) -> Ran:
        if self._killed == "output":
            return ended(ProgramStatus.ERROR, f"more than {OUTPUT} characters of output")
        if self._killed:
            outcome = ended(ProgramStatus.TIMEOUT, f"over the CPU limit of {self._cpu:g} s").outcome
            return Ran(replace(outcome, seconds=self._cpu))
        if error.timed_out:
            return ended(ProgramStatus.TIMEOUT, f"over the wall clock of {self._wall:g} s", overdue=True)
        status = ProgramStatus.MEMORY if error.exit_status is None else ProgramStatus.ERROR
        return ended(status, f"the worker died: {error}"[:_DETAIL], overdue=True)


class _Output:
    """Keeps the tail of what a program prints; ``stop`` is called when it prints too much."""

    def __init__(self, stop: Callable[[], None]) -> None:
        self.tail = ""
        self._length = 0
        self._stop = stop

    def __call__(self, stream: str, text: str) -> None:
        self._length += len(text)
        if self._length > OUTPUT:
            self._stop()
        if stream == "stdout":
            self.tail = (self.tail + text)[-_TAIL:]


class _Feeds:
    """The feeds of one session."""

    def __init__(
        self,
        errors: Any,
        session: Any,
        text: str,
        helper: str,
        stop_output: Callable[[], None],
        cut: bool,
    ) -> None:
        self._cut = cut
        self._errors = errors
        self._session = session
        self._text = text
        self._helper = helper
        self._output = _Output(stop_output)
        self._listener: Any = self._output
        self._before = 0
        """Lines that stand before the program in its feed."""

    def answer(self, program: str, seen: Shape) -> Ran:
        """Run the program and read its answer."""
        if seen.known and not seen.used & _SPEAKING:
            # It cannot print; to be told of output nobody writes would cost each feed a little.
            self._listener = self._errors.CollectString(OUTPUT)
        head = _head(program, seen)
        plain = seen.known and not (seen.bound & REBOUND) and not (seen.used & INDIRECT)
        if not plain:
            head += self._helper
        self._before = head.count("\n")
        if self._cut:
            self._before = sys.maxsize  # the lines are gone with the exceptions
            self._feed(cutter(self._text))
            self._feed(head + (sheltered(program, self._text) or ""))
        elif plain and "answer" in seen.bound:
            value = self._quick(f"{head}{program}\n\n", program)
            if type(value) is int or type(value) is float:
                return _answered(repr(value))
        else:
            self._feed(f"{head}{program}\n\n")
        if not self._cut:
            self._before = 0
        if plain:
            self._feed(self._helper)
        return self._ladder(seen)

    def _ringed(self, code: str) -> str:
        value = f"{self._text}_value"
        return f"{sheltered(f'{value} = {code}', self._text)}{value}"

    def _feed(self, code: str) -> Any:
        return self._session.feed_run(code, print_callback=self._listener)

    def _quick(self, code: str, program: str) -> Any:
        try:
            return self._feed(code + QUICK)
        except self._errors.MontyRuntimeError as error:
            frames = error.traceback()
            last = len(frames) == 1 and frames[0].line > self._before + program.count("\n") + 1
            if last and error.display("msg") == "name 'answer' is not defined":
                return None  # the program ran to its end and left ``answer`` unset
            raise

    def _ladder(self, seen: Shape) -> Ran:
        """Try ``answer``, ``ans``, then the solving functions, then the last printed line."""
        values = [(name, f"{self._text}({name})") for name in ("answer", "ans")]
        calls = [
            (name, f"{self._text}({self._text}_call({name}))") for name in ("solution", "solver", "solve")
        ]
        for name, code in values + calls:
            if seen.known and name not in seen.bound:
                continue
            text = self._rung(name, self._ringed(code) if self._cut else code)
            if text is not None:
                return _read(text)
        lines = self._output.tail.rstrip().splitlines()
        if not lines:
            return ended(ProgramStatus.NO_ANSWER, "no answer, no solution() and no output")
        line = lines[-1].strip()
        return _read("+" if len(line) > LONGEST else f"={line}")

    def _rung(self, name: str, code: str) -> str | None:
        try:
            text = self._feed(code)
        except self._errors.MontyRuntimeError as error:
            said = error.display("msg")
            if said.startswith(self._text):
                said = said.partition(" ")[2].partition(": ")[2]
            absent = (f"name '{name}' is not defined", f"{name}() missing ")
            if len(error.traceback()) == 1 and said.startswith(absent):
                return None
            raise
        if text is None:
            return None
        return text if type(text) is str else "+"

    def failure(self, error: Any, program: str) -> Ran:
        """Say what an exception in the session means."""
        kind, _, message = error.display("type-msg").partition(": ")
        if message.startswith(self._text):
            kind, _, message = message.partition(" ")[2].partition(": ")
        detail = self._located(error, f"{kind}: {message[:_DETAIL]}")
        if isinstance(error, self._errors.MontySyntaxError) or _monty_lacks(kind, message, program):
            return ended(ProgramStatus.DENIED, detail, lacking=True)
        if kind == "MemoryError" and "limit" in message:
            return ended(ProgramStatus.MEMORY, detail)
        if kind == "TimeoutError" and "limit" in message:
            return ended(ProgramStatus.TIMEOUT, detail, overdue="sleep" not in message)
        refused = kind in ("PermissionError", "OSError", "FileNotFoundError")
        if refused or "not supported in this environment" in message:
            return ended(ProgramStatus.DENIED, detail)
        return ended(ProgramStatus.ERROR, detail)

    def _located(self, error: Any, detail: str) -> str:
        frames = error.traceback() if hasattr(error, "traceback") else []
        line = frames[-1].line - self._before if frames else 0
        return f"{detail} (line {line})" if line > 0 else detail


def _head(program: str, seen: Shape) -> str:
    """Return the imports that give a program the names of the prelude it uses."""
    used = (seen.used if seen.known else frozenset(_WORD.findall(program))) & _NAMES
    names = ", ".join(sorted(used - {"math"}))
    return ("import math\n" if "math" in used else "") + (f"from math import {names}\n" if names else "")


def _answered(text: str) -> Ran:
    if text.lower() in ("nan", "inf", "-inf"):
        return ended(ProgramStatus.NO_ANSWER, f"the answer is {text}")
    return Ran(ProgramOutcome(status=ProgramStatus.OK, answer=clean(text), sandbox="monty"))


def _read(text: str) -> Ran:
    """Read what the helper says."""
    if text.startswith("!"):
        return ended(ProgramStatus.NO_ANSWER, text[1:])
    if text == "=":
        return ended(ProgramStatus.NO_ANSWER, "the answer is empty")
    if not text.startswith("=") or len(text) > LONGEST + 1:
        return ended(ProgramStatus.ERROR, f"the answer is longer than {LONGEST} characters")
    return _answered(text[1:])


def ended(status: ProgramStatus, detail: str, overdue: bool = False, lacking: bool = False) -> Ran:
    """Return the end of a program that has no answer."""
    outcome = ProgramOutcome(status=status, sandbox="monty", detail=clean(detail)[:400])
    return Ran(outcome, overdue, lacking)


def cpu_clock(pid: int) -> float:
    """Return the CPU seconds of a process so far; 0.0 where that cannot be known.

    Linux derives a process's clock id from its pid (``MAKE_PROCESS_CPUCLOCK`` in posix-timers.h).
    """
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except (OSError, AttributeError):
        return 0.0


def limit_cpu(pid: int, seconds: int) -> None:
    """Have the kernel end a process after so many CPU seconds in all, where it can (Linux)."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, ValueError):
            hard = resource.prlimit(pid, resource.RLIMIT_CPU)[1]
            resource.prlimit(pid, resource.RLIMIT_CPU, (seconds, hard))


_ATTRIBUTE = re.compile(r"'(\w+)' object has no attribute '(\w+)'")
_UNDEFINED = re.compile(r"name '(\w+)' is not defined")


def _monty_lacks(kind: str, message: str, program: str) -> bool:
    """Say whether an exception shows a gap of Monty, not a fault of the program."""
    if kind == "NotImplementedError":
        return "NotImplementedError" not in program
    if kind in ("ImportError", "ModuleNotFoundError"):
        return "raise ImportError" not in program
    if "Internal error in monty" in message:
        return True
    if kind == "AttributeError":
        match = _ATTRIBUTE.match(message)
        gap = match is not None and hasattr(getattr(builtins, match[1], None), match[2])
        return gap or message.startswith("module '")
    if kind == "NameError":
        match = _UNDEFINED.match(message)
        return match is not None and (hasattr(builtins, match[1]) or match[1] in SYMBOLIC)
    return False
