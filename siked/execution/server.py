"""The fork server of the confined sandbox: a program that siked executes, never a module it imports.

It is started with an empty environment and no descriptors but its own. It loads what programs
may import, gives up its rights, and forks *workers*; a worker forks one child for each program
and waits for it. Neither ever reads a program: the child gets its job in a descriptor of its own.

Messages are datagrams on socket pairs. To the server: ``worker`` with one socket. To a worker: a
JSON object ``{"wall", "cpu", "memory"}`` (seconds, seconds, bytes) with two descriptors, the job
to read and the pipe for the record. From a worker: ``{"status", "cpu", "wall", "late"}``, or
``{"failed"}`` where the machine has no process for the program.
"""

from __future__ import annotations

import builtins
import contextlib
import gc
import importlib
import importlib.util
import json
import os
import resource
import signal
import socket
import sys
import time
from types import ModuleType
from typing import Any

PRELOADED = (
    "abc", "array", "bisect", "calendar", "cmath", "collections", "collections.abc", "contextlib",
    "copy", "csv", "dataclasses", "datetime", "decimal", "enum", "fractions", "functools", "heapq", "io",
    "itertools", "json", "math", "numbers", "operator", "pprint", "queue", "random", "re", "statistics",
    "string", "struct", "textwrap", "threading", "time", "traceback", "types", "typing", "unicodedata",
    "warnings", "weakref", "binascii", "_sha256", "_md5", "_sha1", "_sha3", "_blake2", "_pickle",
    "_contextvars", "_zoneinfo", "sympy",
)  # fmt: skip
"""Modules that are loaded before the first program; the rest comes from memory when it is asked for."""

WARM_UP = (
    "x = Symbol('x')\nanswer = solve(Eq(2 * x + 3, 11), x)[0]",
    "x, y = symbols('x y')\nanswer = solve([Eq(x + y, 10), Eq(x - y, 2)], [x, y])[x]",
    "x = Symbol('x', positive=True)\nanswer = solve(x ** 2 - 5 * x + 6, x)",
    "x = Symbol('x')\nanswer = simplify(solve_it(x * 0.25 - 5, x)[x])",
    "from sympy import *\nx = symbols('x', integer=True)\nanswer = Rational(1, 3) + solve(12 - x)[0]",
    "import sympy as sp\nx = sp.Symbol('x')\nanswer = float(sp.nsolve(x ** 3 - 2, x, 1)) + sp.N(sp.sqrt(2))",
    "from fractions import Fraction\nfrom decimal import Decimal\nimport statistics\n"
    "answer = Fraction(1, 3) + Fraction(statistics.mean([1, 2]))\nd = Decimal('1.5') / 3",
)
"""Programs of ours that make sympy load what it loads on first use."""


def load(name: str) -> ModuleType:
    """Load a file that lies beside this one; siked itself is never imported here."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), f"{name}.py")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


class Server:
    """Everything that is made once, before the first fork."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.kernel = load("kernel")
        self.kernel.default_signals()
        self.child = load("child")
        self.layers = load("layers")
        self.found = self.layers.checks(self.kernel)
        """(layer, it holds, what was tried), by forbidden acts in children of this process."""
        folders = [(name, folder) for name, folder in settings["packages"].items()]
        load("archive").install([*folders, ("", os.path.dirname(os.path.abspath(os.__file__)))])
        sys.dont_write_bytecode = True
        for name in PRELOADED:
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
        setattr(builtins, "exit", sys.exit)  # noqa: B010 - what site would bring
        setattr(builtins, "quit", sys.exit)  # noqa: B010
        self.space = load("prelude").names()
        self.writer = load("values").Writer(sys.modules.get("sympy"))
        held = {name for name, ok, _ in self.found if ok}
        self.filter = self.kernel.program_filter() if "seccomp" in held else None
        for program in WARM_UP:
            scope = {**self.space, "__name__": "__main__"}
            exec(compile(program, "<warm-up>", "exec"), scope)
            self.writer.text(scope["answer"])
        time.tzset()
        with open("/proc/self/statm") as file:
            self.size = int(file.read().split()[0]) * resource.getpagesize()
        sys.path.clear()
        sys.argv = [""]
        gc.collect()
        gc.freeze()
        with contextlib.suppress(OSError):
            self.kernel.huge_pages()
        with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000")  # when the machine's memory ends, a program goes first

    def missing(self) -> list[str]:
        """Return what lacks for the minimum."""
        return [f"{name} ({why})" for name, ok, why in self.found if name in self.layers.MINIMUM and not ok]

    def without(self) -> list[str]:
        """Return the layers beyond the minimum that do not hold here."""
        return [name for name, ok, _ in self.found if name not in self.layers.MINIMUM and not ok]

    def settle(self) -> None:
        """Give up every right that forking programs does not need; children inherit the loss."""
        kernel = self.kernel
        for layer in (
            kernel.no_new_privs,
            _limit_server,
            kernel.drop_capabilities,
            kernel.landlock_everything,
            lambda: kernel.prctl(kernel.PR_SET_DUMPABLE, 0),
        ):
            # What fails here failed in the checks, and they decide whether programs run at all.
            with contextlib.suppress(OSError, ValueError):
                layer()

    def serve(self, control: socket.socket) -> None:
        """Fork a worker for each socket that arrives, until the other end is closed."""
        workers: set[int] = set()
        while True:
            message, descriptors, _, _ = socket.recv_fds(control, 256, 1)
            if not message:
                break
            try:
                pid = os.fork()
            except OSError:  # whoever asked sees the other end of its socket closed
                os.close(descriptors[0])
                continue
            if pid == 0:
                control.close()
                try:
                    self.work(socket.socket(fileno=descriptors[0]))
                finally:
                    os._exit(0)
            os.close(descriptors[0])
            workers.add(pid)
            for done in list(workers):
                if os.waitpid(done, os.WNOHANG)[0]:
                    workers.discard(done)
        for pid in workers:
            os.waitpid(pid, 0)

    def work(self, jobs: socket.socket) -> None:
        """Fork a child for each job, one at a time, until the other end is closed."""
        worker = os.getpid()
        self.kernel.prctl(self.kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
        self.kernel.prctl(self.kernel.PR_SET_CHILD_SUBREAPER, 1)
        while True:
            message, descriptors, _, _ = socket.recv_fds(jobs, 4096, 2)
            if not message:
                return
            job = json.loads(message)
            started = time.monotonic()
            try:
                pid = os.fork()
                if pid == 0:
                    self.child.main(self, worker, job, *descriptors)
            except OSError as error:
                jobs.send(json.dumps({"failed": f"no process for a program: {error.strerror}"}).encode())
                continue
            finally:
                for number in descriptors:
                    os.close(number)
            late = self.layers.wait(pid, job["wall"], jobs, job["cpu"])
            _, status, usage = os.wait4(pid, 0)
            _end_the_rest(pid)
            reply = {
                "status": status,
                "cpu": usage.ru_utime + usage.ru_stime,
                "wall": time.monotonic() - started,
                "late": late,
            }
            jobs.send(json.dumps(reply).encode())


def _end_the_rest(group: int) -> None:
    """Kill and wait for what a program may have forked; where all layers hold there is nothing."""
    until = time.monotonic() + 1.0
    with contextlib.suppress(ChildProcessError):
        while time.monotonic() < until:
            pid, _ = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(group, signal.SIGKILL)
                time.sleep(0.001)


def _limit_server() -> None:
    for limit in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE, resource.RLIMIT_MEMLOCK):
        resource.setrlimit(limit, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))


def main() -> None:
    """Load, give up rights, say what came of it, serve."""
    settings = json.loads(sys.argv[1])
    control = socket.socket(fileno=int(settings["control"]))
    if settings["probe"]:
        layers, kernel = load("layers"), load("kernel")
        kernel.default_signals()
        rows = [(*row, row[0] in layers.MINIMUM) for row in layers.checks(kernel)]
        control.send(json.dumps(rows).encode())
        return
    server = Server(settings)
    missing = server.missing()
    threads = len(os.listdir("/proc/self/task"))
    if threads != 1:  # a fork would copy a lock that another thread holds
        missing.append(f"a single thread (there are {threads})")
    server.settle()
    control.send(json.dumps({"missing": missing, "without": server.without()}).encode())
    os.dup2(1, 2)  # nothing that a program writes to its descriptors reaches siked
    if not missing or settings["allow_weak"]:
        server.serve(control)


if __name__ == "__main__":
    main()
