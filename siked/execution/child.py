"""What happens in the child that runs one program.

Loaded by path inside the confined server: standard library only, nothing from siked. Everything
it needs after the program has run is bound before the program starts.
"""

from __future__ import annotations

import io
import json
import os
import random
import resource
import signal
import sys
import time
import types
from collections.abc import Callable
from typing import Any, NoReturn

STARTED = b"+"
"""Written before the program runs: whatever ends the process earlier is not the program's doing."""
_TAIL = 4096
_DESCRIPTORS = 64
"""How many descriptors the server may hold."""
_RECURSION = 1000
_DETAIL = 300
_REFUSALS = (1, 13, 38, -3)
"""EPERM, EACCES, ENOSYS: how the kernel refuses; EAI_AGAIN: how the resolver tells it."""
_FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType, type)


class Stopped(BaseException):
    """Ends a program from within; ``status`` is what is recorded."""

    def __init__(self, status: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


class Output(io.TextIOBase):
    """Keeps the tail of what a program prints."""

    def __init__(self, limit: int) -> None:
        self.tail = ""
        self._limit = limit
        self._length = 0

    def write(self, text: str, /) -> int:
        """Keep the end of what is written."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._length += len(text)
        if self._length > self._limit:
            raise Stopped("error", f"more than {self._limit} characters of output")
        self.tail = (self.tail + text)[-_TAIL:]
        return len(text)

    def writable(self) -> bool:
        """Whether it can be written to: always."""
        return True

    def last_line(self) -> str | None:
        """Return the last line that is not blank, or None."""
        lines = self.tail.rstrip().splitlines()
        return lines[-1].strip() if lines else None


def main(server: Any, worker: int, limits: dict[str, Any], job: int, record: int) -> NoReturn:
    """Run the program behind ``job``; write a ``+`` and one line to ``record``. Never returns."""
    leave = os._exit
    try:
        _run(server, worker, limits, job, record)
    finally:
        while True:
            leave(0)


def _run(server: Any, worker: int, limits: dict[str, Any], job: int, record: int) -> None:
    kernel = server.kernel
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != worker:
        return
    os.setsid()
    order = json.loads(os.pread(job, 1 << 30, 0))
    os.closerange(3, record)
    os.closerange(record + 1, _DESCRIPTORS)
    confine(server, limits)
    write, encode, nonce = os.write, json.dumps, order["nonce"]
    write(record, STARTED)
    line = encode([nonce, *outcome(server, order["program"], limits["cpu"])])
    write(record, line.encode())


def confine(server: Any, limits: dict[str, Any]) -> None:
    """Apply the layers that are this child's own; what the server gave up is inherited.

    The interval timer ends the program at its CPU limit to the millisecond. Its signal cannot be
    caught, blocked or put off: the filter refuses all calls that could. RLIMIT_CPU, in whole
    seconds, stands behind it.
    """
    seconds = int(limits["cpu"]) + 1
    for limit, value in (
        (resource.RLIMIT_AS, server.size + int(limits["memory"])),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_NPROC, 0),
    ):
        resource.setrlimit(limit, (value, value))
    signal.setitimer(signal.ITIMER_PROF, limits["cpu"])
    if server.filter is not None:
        server.filter.apply()


def outcome(server: Any, program: str, cpu: float) -> tuple[str, str | None, str]:
    """Run ``program``; return (status, answer, detail)."""
    values = sys.modules["values"]
    output = Output(values.OUTPUT)
    space = _namespace(server.space)
    find, text = answer_of, server.writer.text
    no_answer, too_long, longest = values.NoAnswer, values.TooLong, values.LONGEST
    sys.stdout, sys.stderr, sys.stdin = output, Output(values.OUTPUT), io.StringIO()
    setattr(time, "sleep", _sleep(cpu))  # noqa: B010
    random.seed(0)  # programs that draw numbers draw the same ones in every run
    _whole_recursion()
    try:
        try:
            exec(compile(program, "<program>", "exec", dont_inherit=True), space)
        except SystemExit as end:
            if end.code not in (None, 0):
                return "error", None, f"SystemExit: {end.code!r}"[:_DETAIL]
        found, value = find(space, server.space)
        if not found:
            value = output.last_line()
            if value is None:
                return "no_answer", None, "no answer, no solution() and no output"
        return "ok", text(value), ""
    except no_answer as reason:
        return "no_answer", None, str(reason)[:_DETAIL]
    except too_long:
        return "error", None, f"the answer is longer than {longest} characters"
    except Stopped as stop:
        return stop.status, None, stop.detail
    except BaseException as error:
        return _failure(error)


def _whole_recursion() -> None:
    """Give a program the recursion depth a script has: the frames below it do not count."""
    depth = 1
    frame: types.FrameType | None = sys._getframe(1)
    while frame is not None:
        depth, frame = depth + 1, frame.f_back
    sys.setrecursionlimit(_RECURSION + depth)


def _namespace(names: dict[str, Any]) -> dict[str, Any]:
    """Return the globals of the program: those of a module named ``__main__``, as a script has."""
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module
    space = module.__dict__
    space.update(names)
    return space


def answer_of(space: dict[str, Any], given: dict[str, Any]) -> tuple[bool, Any]:
    """Return (found, value) of ``answer``, ``ans``, or the first of the solving functions."""
    for name in ("answer", "ans"):
        value = space.get(name)
        if value is not None and type(value) not in _FUNCTIONS:
            return True, value
    for name in ("solution", "solver", "solve"):
        function = space.get(name)
        if type(function) is types.FunctionType and function is not given.get(name) and _callable(function):
            value = function()
            if value is not None:
                return True, value
    return False, None


def _callable(function: types.FunctionType) -> bool:
    """Say whether a function can be called without arguments."""
    code = function.__code__
    needed = code.co_argcount - len(function.__defaults__ or ())
    return needed <= 0 and code.co_kwonlyargcount == len(function.__kwdefaults__ or ())


def _failure(error: BaseException) -> tuple[str, str | None, str]:
    detail = _describe(error)
    if isinstance(error, MemoryError):
        return "memory", None, detail
    return "denied" if _refused(error) else "error", None, detail


def _refused(error: BaseException | None) -> bool:
    """Say whether a refusal of the sandbox stands behind an exception."""
    for _ in range(8):
        if isinstance(error, OSError) and error.errno in _REFUSALS:
            return True
        if isinstance(error, ModuleNotFoundError):
            # A part of the standard library that only reaches out of the sandbox was left out of it.
            return str(error.name).partition(".")[0] in sys.stdlib_module_names
        if type(error) is RuntimeError and str(error) == "can't start new thread":
            return True
        if error is None:
            return False
        error = error.__cause__ or error.__context__
    return False


def _describe(error: BaseException) -> str:
    try:
        line = 0
        trace = error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == "<program>":
                line = trace.tb_lineno
            trace = trace.tb_next
        message = str(error)
        if isinstance(error, SyntaxError):
            line, message = error.lineno or 0, str(error.msg)
        where = f" (line {line})" if line else ""
        return f"{type(error).__name__[:_DETAIL]}: {message[:_DETAIL]}{where}"
    except BaseException:
        return type(error).__name__[:_DETAIL]


def _sleep(budget: float) -> Callable[[float], None]:
    """Return a sleep that takes no time; more of it than the CPU limit in all ends the program."""
    left = [budget]

    def sleep(seconds: float, /) -> None:
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        left[0] -= seconds
        if left[0] < 0:
            raise Stopped("timeout", "the program sleeps longer than its CPU limit")

    return sleep
