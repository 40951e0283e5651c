"""The fork server of the confined sandbox: a program that siked executes, never a module it imports.

It is started with an empty environment and no descriptors but its own. It loads what programs
may import, gives up its rights, and forks *workers*; a worker forks one child for each program
and waits for it. Neither ever reads a program: the child gets its job in a descriptor of its own.

Messages are datagrams on socket pairs. To the server: ``worker`` with one socket. To a worker: a
JSON object ``{"wall", "cpu", "memory"}`` (seconds, seconds, bytes) with two descriptors, the job
to read and the pipe for the record. From a worker: ``{"status", "cpu", "wall", "late"}``.
"""

from __future__ import annotations

import gc
import importlib
import importlib.util
import json
import os
import resource
import select
import signal
import socket
import sys
import time
from types import ModuleType
from typing import Any

PRELOADED = (
    "abc", "array", "base64", "bisect", "calendar", "cmath", "collections", "collections.abc", "contextlib",
    "copy", "csv", "dataclasses", "datetime", "decimal", "enum", "fractions", "functools", "hashlib", "heapq",
    "inspect", "io", "itertools", "json", "locale", "math", "numbers", "operator", "pickle", "pprint",
    "queue", "random", "re", "secrets", "statistics", "string", "struct", "textwrap", "threading", "time",
    "timeit", "traceback", "types", "typing", "unicodedata", "uuid", "warnings", "weakref", "zlib",
    "ast", "binascii", "colorsys", "difflib", "fnmatch", "glob", "graphlib", "linecache", "logging", "mmap",
    "multiprocessing", "pathlib", "platform", "shutil", "select", "signal", "socket", "subprocess", "tempfile",
    "asyncio", "concurrent.futures", "ctypes", "fcntl", "resource", "zoneinfo", "gettext", "getpass", "cProfile",
    "_elementtree", "_lsprof", "_zoneinfo", "_lzma", "_bz2", "_queue", "_contextvars", "encodings.ascii",
    "encodings.latin_1", "encodings.utf_16", "encodings.idna", "encodings.unicode_escape",
    "encodings.raw_unicode_escape", "sympy",
)  # fmt: skip
"""Modules that are loaded before the first program; the rest comes from memory when it is asked for."""

WARM_UP = (
    "x = Symbol('x')\nanswer = solve(Eq(2 * x + 3, 11), x)[0]",
    "x, y = symbols('x y')\nanswer = solve([Eq(x + y, 10), Eq(x - y, 2)], [x, y])[x]",
    "x = Symbol('x', positive=True)\nanswer = solve(x ** 2 - 5 * x + 6, x)",
    "x = Symbol('x')\nanswer = simplify(solve_it(x * 0.25 - 5, x)[x])",
    "from sympy import *\nx = symbols('x', integer=True)\nanswer = Rational(1, 3) + solve(3 * x - 4 * x + 12)[0]",
    "import sympy as sp\nx = sp.Symbol('x')\nanswer = float(sp.nsolve(x ** 3 - 2, x, 1)) + float(sp.N(sp.sqrt(2)))",
    "from fractions import Fraction\nfrom decimal import Decimal\nimport statistics\n"
    "answer = Fraction(1, 3) + Fraction(statistics.mean([1, 2]))\nd = Decimal('1.5') / 3",
)
"""Programs of ours that make sympy load what it loads on first use."""


def load(name: str) -> ModuleType:
    """Load a file that lies beside this one; siked itself is never imported here."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), f"{name}.py")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


class Server:
    """Everything that is made once, before the first fork."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.kernel = load("kernel")
        self.child = load("child")
        self.allow_weak = bool(settings["allow_weak"])
        self.missing: list[str] = []
        folders = [(name, folder) for name, folder in settings["packages"].items()]
        load("archive").install([*folders, ("", os.path.dirname(os.path.abspath(os.__file__)))])
        sys.dont_write_bytecode = True
        for name in PRELOADED:
            try:
                importlib.import_module(name)
            except ImportError:
                continue
        self.space = load("prelude").names()
        self.writer = load("values").Writer(sys.modules.get("sympy"))
        self.filter = self._filter()
        for program in WARM_UP:
            scope = {**self.space, "__name__": "__main__"}
            exec(compile(program, "<warm-up>", "exec"), scope)
            self.writer.text(scope["answer"])
        time.tzset()
        with open("/proc/self/statm") as file:
            self.size = int(file.read().split()[0]) * resource.getpagesize()
        sys.path.clear()
        sys.argv = [""]

    def _filter(self) -> Any:
        try:
            return self.kernel.program_filter()
        except OSError as error:
            self.missing.append(f"seccomp ({error.strerror or error})")
            return None

    def settle(self) -> None:
        """Give up every right that forking programs does not need."""
        kernel = self.kernel
        minimum = {"no_new_privs": kernel.no_new_privs, "rlimits": _limit_server}
        extra = {
            "capabilities": kernel.drop_capabilities,
            "landlock": kernel.landlock_everything,
            "dumpable": lambda: kernel.prctl(kernel.PR_SET_DUMPABLE, 0),
        }
        for name, layer in {**minimum, **extra}.items():
            try:
                layer()
            except (OSError, ValueError) as error:
                if name in minimum:
                    self.missing.append(f"{name} ({error})")

    def serve(self, control: socket.socket) -> None:
        """Fork a worker for each socket that arrives, until the other end is closed."""
        workers: set[int] = set()
        while True:
            message, descriptors, _, _ = socket.recv_fds(control, 256, 1)
            if not message:
                break
            pid = os.fork()
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
        while True:
            message, descriptors, _, _ = socket.recv_fds(jobs, 4096, 2)
            if not message:
                return
            job = json.loads(message)
            started = time.monotonic()
            pid = os.fork()
            if pid == 0:
                self.child.main(self, worker, jobs.fileno(), job, *descriptors)
            for number in descriptors:
                os.close(number)
            late = _wait(pid, jobs, job["wall"])
            _, status, usage = os.wait4(pid, 0)
            reply = {
                "status": status,
                "cpu": usage.ru_utime + usage.ru_stime,
                "wall": time.monotonic() - started,
                "late": late,
            }
            jobs.send(json.dumps(reply).encode())


def _wait(pid: int, jobs: socket.socket, wall: float) -> bool:
    """Wait for a child; kill it at its deadline or when siked is gone. Say whether it was late."""
    number = os.pidfd_open(pid)
    try:
        poll = select.poll()
        poll.register(number, select.POLLIN)
        poll.register(jobs, 0)  # only that the other end is closed
        if any(ready == number for ready, _ in poll.poll(wall * 1000)):
            return False
        os.kill(pid, signal.SIGKILL)
        return True
    finally:
        os.close(number)


def _limit_server() -> None:
    for limit in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE, resource.RLIMIT_MEMLOCK):
        resource.setrlimit(limit, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))


def main() -> None:
    """Load, give up rights, say what came of it, serve."""
    settings = json.loads(sys.argv[1])
    control = socket.socket(fileno=int(settings["control"]))
    server = Server(settings)
    threads = len(os.listdir("/proc/self/task"))
    if threads != 1:
        server.missing.append(f"one thread (there are {threads})")
    server.settle()
    control.send(json.dumps({"missing": server.missing}).encode())
    os.dup2(1, 2)  # nothing that a program writes to its descriptors reaches siked
    if server.missing and not server.allow_weak:
        return
    gc.collect()
    gc.freeze()
    server.serve(control)


if __name__ == "__main__":
    main()
