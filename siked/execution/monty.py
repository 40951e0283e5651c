"""The ``monty`` sandbox: a Python interpreter of its own, in pooled worker processes.

The workers have no files, network or processes to give away. Each program has a fresh session;
its answer becomes text inside the session, so nothing of unbounded size reaches this process.
"""

from __future__ import annotations

import builtins
import os
import re
import secrets
import signal
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

from siked.execution.child import OUTPUT
from siked.execution.confined import WALL, clean, processors
from siked.execution.lanes import WINDOW, Lane, Line, Ran, Slot, Ticket
from siked.execution.prelude import MATH, SYMBOLIC
from siked.execution.routing import Shape, shape
from siked.execution.values import LONGEST
from siked.records import Program, ProgramOutcome, ProgramStatus

_WATCH = 0.02
"""Seconds between two looks at the CPU clocks of the workers."""
_DETAIL = 300
_RECURSION = 1000


@dataclass(frozen=True)
class MontyOptions:
    """Limits of one program and how many run at a time."""

    cpu: float = field(default=2.0, metadata={"help": "CPU seconds a program may take."})
    memory: int = field(default=512, metadata={"help": "MiB of memory a program may take."})
    workers: int = field(default=0, metadata={"help": "Programs at a time; 0 is one for each processor."})


class MontySandbox:
    """Runs programs in Monty: a subset of Python, on every system, thousands a second."""

    name: ClassVar[str] = "monty"
    Options: ClassVar[type[Any]] = MontyOptions

    def __init__(self, options: MontyOptions | None = None) -> None:
        self._options = options or MontyOptions()
        self._lane: Lane | None = None

    def lane(self) -> Lane:
        """Return the worker threads, started."""
        if self._lane is None:
            pool = Pool(self._options)
            self._lane = Lane("monty", pool.slots, pool.close)
        return self._lane

    def submit(self, ticket: Ticket) -> None:
        """Queue one program; one that needs more than Monty has is refused at once."""
        if ticket.ran is not None and ticket.ran.lacking:
            ticket.done(ticket.settle(refusal(ticket.ran.outcome.detail)))
            return
        seen = shape(ticket.code)
        if seen.needs and seen.known:
            ticket.done(ticket.settle(refusal(f"it needs {seen.needs}")))
            return
        ticket.note = seen
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
    detail = f"only the confined sandbox could run this (Linux): {reason}"
    return Ran(ProgramOutcome(status=ProgramStatus.DENIED, sandbox="monty", detail=detail[:400]))


class Pool:
    """The worker processes, one for each slot, and the thread that watches their CPU clocks."""

    def __init__(self, options: MontyOptions) -> None:
        import pydantic_monty

        count = options.workers or processors()
        self.wall = WALL * options.cpu
        self.options = options
        self.monty = pydantic_monty.Monty(
            min_processes=1,
            max_processes=count,
            request_timeout=self.wall + 2,
            feed_duration_limit_grace=1.0,
        )
        self.monty.__enter__()
        self.slots = [MontySlot(self) for _ in range(count)]
        self._stop = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="siked-monty-watch", daemon=True)
        self._watcher.start()

    def close(self) -> None:
        """End the workers."""
        self._stop.set()
        self._watcher.join()
        self.monty.__exit__(None, None, None)

    def _watch(self) -> None:
        while not self._stop.wait(_WATCH):
            for slot in self.slots:
                slot.check()


_NAMES = frozenset({*MATH, "math"})
_WORD = re.compile(r"[A-Za-z_]\w*")
_OWN_TEXT = ("type", "str", "repr", "len", "sorted", "float", "isinstance", "bool", "int")


class MontySlot(Slot):
    """One session at a time, used by one thread."""

    def __init__(self, pool: Pool) -> None:
        import pydantic_monty

        options = pool.options
        self._pool = pool
        self._errors = pydantic_monty
        self._cpu = options.cpu
        self._limits: Any = {
            "max_feed_duration_secs": pool.wall,
            "max_memory": options.memory << 20,
            "max_recursion_depth": _RECURSION,
            "max_total_sleep_secs": 0.0,
        }
        self._policy: Any = {"random_start": {"seed": 0}}
        self._lock = threading.Lock()
        self._pid: int | None = None
        self._deadline = 0.0
        self._killed = False
        self._text = f"_{secrets.token_hex(6)}"
        self._lines = 0
        self._helper = _HELPER.replace("_TEXT", self._text)

    def close(self) -> None:
        """Nothing: the pool owns the workers."""

    def check(self) -> None:
        """Kill the worker if its program has used up its CPU time."""
        with self._lock:
            if self._pid is None or self._killed or _cpu_clock(self._pid) < self._deadline:
                return
            self._killed = True
            try:
                os.kill(self._pid, signal.SIGKILL)
            except ProcessLookupError:
                return

    def run(self, program: str, note: object = None) -> Ran:
        """Run one program in a fresh session."""
        seen = note if isinstance(note, Shape) else shape(program)
        if seen.syntax:
            return _ran(ProgramStatus.ERROR, 0.0, seen.syntax)
        self._killed = False
        start = 0.0
        try:
            with self._pool.monty.checkout(limits=self._limits, os_policy=self._policy) as session:
                start = self._begin(session.worker_pid)
                try:
                    ran = self._feed(session, program, seen)
                except self._errors.MontyCrashedError:
                    raise
                except self._errors.MontyError as error:
                    ran = self._failed(error, program)
                seconds = self._end(start)
                return Ran(_timed(ran.outcome, seconds), ran.overdue, ran.lacking)
        except self._errors.MontyCrashedError as error:
            with self._lock:
                self._pid = None
            return self._crashed(error)

    def _begin(self, pid: int | None) -> float:
        start = _cpu_clock(pid) if pid is not None else 0.0
        with self._lock:
            self._pid, self._deadline = pid, start + self._cpu
        return start

    def _end(self, start: float) -> float:
        with self._lock:
            pid, self._pid = self._pid, None
        return max(0.0, _cpu_clock(pid) - start) if pid is not None else 0.0

    # --- the feeds of one session ---------------------------------------------------------------

    def _feed(self, session: Any, program: str, seen: Shape) -> Ran:
        head, lines = self._head(program, seen)
        collector = self._errors.CollectString(OUTPUT)
        self._lines = lines
        plain = seen.known and not (seen.bound & _SHADOWS) and not (seen.used & _INDIRECT)
        if plain and "answer" in seen.bound:
            # The usual case in one round trip: a plain number needs no function to become text.
            try:
                value = session.feed_run(f"{head}{program}\n\n{_QUICK}", print_callback=collector)
            except self._errors.MontyRuntimeError as error:
                if not self._unbound(error, program):
                    raise
                value = None
            if type(value) is int or type(value) is float:
                return _answered(repr(value))
        else:
            helper = "" if plain else self._helper
            session.feed_run(f"{head}{helper}{program}\n\n", print_callback=collector)
        if plain:
            session.feed_run(self._helper, print_callback=collector)
        return self._ladder(session, collector, seen)

    def _unbound(self, error: Any, program: str) -> bool:
        """Say whether the program ran to its end and only left ``answer`` unset."""
        if not error.display("type-msg").startswith("NameError: name 'answer' is not defined"):
            return False
        frames = error.traceback()
        return len(frames) == 1 and frames[0].line > self._lines + program.count("\n") + 1

    def _head(self, program: str, seen: Shape) -> tuple[str, int]:
        used = (seen.used if seen.known else frozenset(_WORD.findall(program))) & _NAMES
        if not used:
            return "", 0
        names = ", ".join(sorted(used - {"math"}))
        return ("import math\n" if "math" in used else "") + (
            f"from math import {names}\n" if names else ""
        ), (("math" in used) + bool(names))

    def _ladder(self, session: Any, collector: Any, seen: Shape) -> Ran:
        for name in ("answer", "ans"):
            if not seen.known or name in seen.bound:
                found = self._rung(session, f"{self._text}({name})", name, collector)
                if found is not None:
                    return found
        for name in ("solution", "solver", "solve"):
            if not seen.known or name in seen.bound:
                found = self._rung(session, f"{self._text}({self._text}_call({name}))", name, collector)
                if found is not None:
                    return found
        lines = collector.output.rstrip().splitlines()
        if not lines:
            return _ran(ProgramStatus.NO_ANSWER, 0.0, "no answer, no solution() and no output")
        line = lines[-1].strip()
        return _too_long() if len(line) > LONGEST else _checked(line)

    def _rung(self, session: Any, code: str, name: str, collector: Any) -> Ran | None:
        try:
            text = session.feed_run(code, print_callback=collector)
        except self._errors.MontyRuntimeError as error:
            if error.display("type-msg").startswith(f"NameError: name '{name}' is not defined"):
                return None
            raise
        if text is None:
            return None
        if type(text) is not str or len(text) > 2 * LONGEST:
            return _too_long()
        return _checked(text)

    # --- what went wrong ------------------------------------------------------------------------

    def _failed(self, error: Any, program: str) -> Ran:
        kind, _, message = error.display("type-msg").partition(": ")
        detail = self._located(error, f"{kind}: {message[:_DETAIL]}")
        if isinstance(error, self._errors.MontySyntaxError):
            return _ran(ProgramStatus.DENIED, 0.0, detail, lacking=True)
        if _monty_lacks(kind, message, program):
            return _ran(ProgramStatus.DENIED, 0.0, detail, lacking=True)
        if kind == "MemoryError":
            if message.endswith(f"> {OUTPUT} bytes"):
                return _ran(ProgramStatus.ERROR, 0.0, f"more than {OUTPUT} bytes of output")
            return _ran(ProgramStatus.MEMORY, 0.0, detail)
        if kind == "TimeoutError" and message.startswith(("time limit", "sleep limit")):
            return _ran(ProgramStatus.TIMEOUT, 0.0, detail, overdue=message.startswith("time limit"))
        if (
            kind in ("PermissionError", "OSError", "FileNotFoundError")
            or "not supported in this environment" in message
        ):
            return _ran(ProgramStatus.DENIED, 0.0, detail)
        return _ran(ProgramStatus.ERROR, 0.0, detail)

    def _located(self, error: Any, detail: str) -> str:
        try:
            frames = error.traceback()
            line = frames[-1].line - self._lines if frames else 0
        except (AttributeError, IndexError):
            line = 0
        return f"{detail} (line {line})" if line > 0 else detail

    def _crashed(self, error: Any) -> Ran:
        if self._killed:
            return _ran(ProgramStatus.TIMEOUT, self._cpu, f"over the CPU limit of {self._cpu:g} s")
        if error.timed_out:
            return _ran(
                ProgramStatus.TIMEOUT, 0.0, f"over the wall clock of {self._pool.wall:g} s", overdue=True
            )
        status = ProgramStatus.MEMORY if error.exit_status is None else ProgramStatus.ERROR
        return _ran(status, 0.0, f"the worker died: {error}"[:_DETAIL])


_SHADOWS = frozenset(_OWN_TEXT)
_INDIRECT = frozenset(("eval", "exec"))
_QUICK = "answer if type(answer) is float or type(answer) is int and -(10**18) < answer < 10**18 else None"

# Runs inside the session, as text. It is put before a program that binds names this needs.
_HELPER = f"""\
def _TEXT_parts(v, depth, out, me, bad, type=type, str=str, repr=repr, len=len, sorted=sorted, isinstance=isinstance,
                int=int, float=float, bool=bool, list=list, tuple=tuple, set=set, frozenset=frozenset, dict=dict):
    t = type(v)
    if depth > 20:
        bad.append('!the answer is nested too deeply')
    elif t is bool:
        out.append(repr(v))
    elif t is int:
        if -(1 << 3600) < v < (1 << 3600):
            out.append(repr(v))
        else:
            bad.append('+')
    elif t is float:
        if v != v or v - v != 0.0:
            bad.append('!the answer is ' + repr(v))
        else:
            out.append(repr(v))
    elif t is str:
        if len(v) > {4 * LONGEST}:
            bad.append('+')
        else:
            out.append(v.strip())
    elif isinstance(v, list) or isinstance(v, tuple) or t.__name__ in ('range', 'deque', 'dict_values', 'dict_keys'):
        n = 0
        for x in v:
            me(x, depth + 1, out, me, bad)
            n = n + 1
            if bad or n > {LONGEST}:
                break
    elif isinstance(v, dict):
        me(list(v.values())[:{LONGEST + 1}], depth, out, me, bad)
    elif isinstance(v, set) or isinstance(v, frozenset):
        if len(v) > {LONGEST}:
            bad.append('+')
        else:
            keys = []
            for x in v:
                part = []
                me(x, depth + 1, part, me, bad)
                if bad:
                    break
                number = type(x) is int or type(x) is float or type(x) is bool
                keys.append((0, float(x), part) if number else (1, 0.0, part))
            for key in sorted(keys):
                for part in key[2]:
                    out.append(part)
    elif t.__name__ in ('complex', 'date', 'datetime', 'time', 'timedelta'):
        out.append(str(v))
    else:
        bad.append('!the answer is a ' + t.__name__)


def _TEXT(v, parts=_TEXT_parts, type=type, len=len, sum=sum):
    if v is None or type(v).__name__ in ('function', 'builtin_function_or_method', 'type'):
        return None
    out = []
    bad = []
    parts(v, 0, out, parts, bad)
    if bad:
        return bad[0]
    text = '; '.join(out)
    if len(text) > {LONGEST}:
        return '+'
    return '=' + text


def _TEXT_call(f, type=type):
    if type(f).__name__ != 'function':
        return None
    return f()
"""


def _answered(text: str) -> Ran:
    if text in ("nan", "inf", "-inf"):
        return _ran(ProgramStatus.NO_ANSWER, 0.0, f"the answer is {text}")
    return Ran(ProgramOutcome(status=ProgramStatus.OK, answer=clean(text), sandbox="monty"))


def _checked(text: str) -> Ran:
    """Read what the helper says: ``=`` an answer, ``!`` why there is none, ``+`` too long."""
    if text.startswith("+"):
        return _too_long()
    if text.startswith("!"):
        return _ran(ProgramStatus.NO_ANSWER, 0.0, text[1:])
    if text == "=":
        return _ran(ProgramStatus.NO_ANSWER, 0.0, "the answer is empty")
    return _answered(text.removeprefix("="))


def _too_long() -> Ran:
    return _ran(ProgramStatus.ERROR, 0.0, f"the answer is longer than {LONGEST} characters")


def _ran(
    status: ProgramStatus, seconds: float, detail: str, overdue: bool = False, lacking: bool = False
) -> Ran:
    outcome = ProgramOutcome(status=status, sandbox="monty", seconds=round(seconds, 6), detail=clean(detail))
    return Ran(outcome, overdue, lacking)


def _timed(outcome: ProgramOutcome, seconds: float) -> ProgramOutcome:
    return ProgramOutcome(
        status=outcome.status,
        answer=outcome.answer,
        sandbox=outcome.sandbox,
        seconds=round(seconds, 6),
        detail=outcome.detail,
    )


def _cpu_clock(pid: int) -> float:
    """Return the CPU seconds of a process so far, by the clock id that the kernel derives from its pid."""
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except (OSError, AttributeError):
        return 0.0


_ATTRIBUTE = re.compile(r"'(\w+)' object has no attribute '(\w+)'")
_UNDEFINED = re.compile(r"name '(\w+)' is not defined")


def _monty_lacks(kind: str, message: str, program: str) -> bool:
    """Say whether an exception shows a gap of Monty, not a fault of the program."""
    if kind == "NotImplementedError":
        return "NotImplementedError" not in program
    if kind in ("ImportError", "ModuleNotFoundError"):
        return True
    if "Internal error in monty" in message:
        return True
    if kind == "AttributeError":
        if message.startswith("module '"):
            return True
        match = _ATTRIBUTE.match(message)
        return match is not None and hasattr(getattr(builtins, match[1], None), match[2])
    if kind == "NameError":
        match = _UNDEFINED.match(message)
        return match is not None and (hasattr(builtins, match[1]) or match[1] in SYMBOLIC)
    return False
