"""What happens in the child that runs one program.

Loaded by path inside the confined server: standard library only, nothing from siked. Everything
it needs after the program has run is bound before the program starts.
"""

from __future__ import annotations

import io
import json
import os
import resource
import signal
import sys
import time
from typing import Any, NoReturn

OUTPUT = 1 << 20
"""Characters of printed output; a program that prints more is ended."""
_TAIL = 4096
_DETAIL = 300
_REFUSALS = (1, 13, 38)
"""EPERM, EACCES, ENOSYS: how the kernel refuses."""


_FUNCTIONS = (type(lambda: None), type(len), type)


class Stopped(BaseException):
    """Ends a program from within; ``status`` is what is recorded."""

    def __init__(self, status: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


class Output(io.TextIOBase):
    """Keeps the tail of what a program prints."""

    encoding = "utf-8"

    def __init__(self) -> None:
        self.tail = ""
        self._length = 0

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._length += len(text)
        if self._length > OUTPUT:
            raise Stopped("error", f"more than {OUTPUT} characters of output")
        self.tail = (self.tail + text)[-_TAIL:]
        return len(text)

    def writable(self) -> bool:
        return True

    def last_line(self) -> str | None:
        """Return the last line that is not blank, or None."""
        lines = self.tail.rstrip().splitlines()
        return lines[-1].strip() if lines else None


def main(server: Any, worker: int, control: int, limits: dict[str, Any], job: int, record: int) -> NoReturn:
    """Run the program that lies behind ``job`` and write one line to ``record``. Never returns."""
    leave = os._exit
    try:
        _run(server, worker, control, limits, job, record)
    finally:
        while True:
            leave(0)


def _run(server: Any, worker: int, control: int, limits: dict[str, Any], job: int, record: int) -> None:
    kernel = server.kernel
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != worker:
        return
    os.setsid()
    os.close(control)
    order = json.loads(os.pread(job, 64 << 20, 0))
    os.close(job)
    confine(server, limits)
    write, encode, nonce = os.write, json.dumps, order["nonce"]
    status, answer, detail = outcome(server, order["program"], limits)
    line = encode([nonce, status, answer, detail])
    write(record, line.encode())


def confine(server: Any, limits: dict[str, Any]) -> None:
    """Apply the layers that are this child's own; what the server gave up is inherited."""
    cpu, memory = float(limits["cpu"]), int(limits["memory"])
    seconds = int(cpu) + 1
    for limit, value in (
        (resource.RLIMIT_AS, server.size + memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_NPROC, 0),
    ):
        resource.setrlimit(limit, (value, value))
    signal.setitimer(signal.ITIMER_PROF, cpu)
    if server.filter is not None:
        server.filter.apply()


def outcome(server: Any, program: str, limits: dict[str, Any]) -> tuple[str, str | None, str]:
    """Run ``program``; return (status, answer, detail)."""
    values = sys.modules["values"]
    output = Output()
    space = {**server.space, "__name__": "__main__", "__builtins__": __builtins__}
    given = dict(space)
    find, text = answer_of, server.writer.text
    no_answer, too_long = values.NoAnswer, values.TooLong
    sys.stdout = sys.stderr = output  # type: ignore[assignment]
    sys.stdin = io.StringIO()
    _virtual_sleep(float(limits["cpu"]))
    try:
        code = compile(program, "<program>", "exec", dont_inherit=True)
        try:
            exec(code, space)
        except SystemExit as end:
            if end.code not in (None, 0):
                return "error", None, f"SystemExit: {end.code!r}"[:_DETAIL]
        found, value = find(space, given)
        if not found:
            line = output.last_line()
            if line is None:
                return "no_answer", None, "no answer, no solution() and no output"
            value = line
        return "ok", text(value), ""
    except no_answer as reason:
        return "no_answer", None, str(reason)[:_DETAIL]
    except too_long:
        return "error", None, "the answer is longer than 1024 characters"
    except Stopped as stop:
        return stop.status, None, stop.detail
    except BaseException as error:
        return _failure(error)


def answer_of(space: dict[str, Any], given: dict[str, Any]) -> tuple[bool, Any]:
    """Return (found, value) of ``answer``, ``ans``, or the first of the solving functions."""
    for name in ("answer", "ans"):
        value = space.get(name)
        if value is not None and type(value) not in _FUNCTIONS:
            return True, value
    for name in ("solution", "solver", "solve"):
        function = space.get(name)
        if type(function) is type(answer_of) and function is not given.get(name):
            code = function.__code__
            if code.co_argcount + code.co_kwonlyargcount == len(function.__defaults__ or ()) + len(
                function.__kwdefaults__ or ()
            ):
                value = function()
                if value is not None:
                    return True, value
    return False, None


def _failure(error: BaseException) -> tuple[str, str | None, str]:
    detail = _describe(error)
    if isinstance(error, MemoryError):
        return "memory", None, detail
    refused = isinstance(error, OSError) and error.errno in _REFUSALS
    if refused or (type(error) is RuntimeError and "can't start new thread" in detail):
        return "denied", None, detail
    return "error", None, detail


def _describe(error: BaseException) -> str:
    try:
        line = 0
        trace = error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == "<program>":
                line = trace.tb_lineno
            trace = trace.tb_next
        if isinstance(error, SyntaxError):
            line = error.lineno or 0
            message = str(error.msg)
        else:
            message = str(error)
        where = f" (line {line})" if line else ""
        return f"{type(error).__name__}: {message[:_DETAIL]}{where}"
    except BaseException:
        return type(error).__name__[:_DETAIL]


def _virtual_sleep(budget: float) -> None:
    """Let time.sleep() return at once; more sleep than the CPU limit in all ends the program."""
    left = [budget]

    def sleep(seconds: float, /) -> None:
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        left[0] -= seconds
        if left[0] < 0:
            raise Stopped("timeout", "the program sleeps longer than its CPU limit")

    time.sleep = sleep
