"""Programs a second: siked's sandboxes beside other ways to run a program, in one run.

    python tests/bench/bench_execution.py > docs/results/execution-bench.md

Every way runs the same programs. Two numbers a cell: programs a second by the wall clock while
this machine did whatever else it did, and CPU milliseconds a program of all processes together,
which other work changes little. Rounds of all ways alternate; the best round counts. ``--check``
exits with 1 where a budget is missed, by CPU time.
"""

from __future__ import annotations

import argparse
import multiprocessing
import platform
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from siked.execution.auto import Auto, AutoOptions
from siked.execution.confined import Confined, ConfinedOptions
from siked.execution.monty import MontyOptions, MontySandbox
from siked.execution.places import processors
from siked.records import Program

ARITHMETIC = """
eggs_a_day = 16
eaten = 3
baked = {n}
left = eggs_a_day - eaten - baked
price = 2
total = 0
for day in range(7):
    total += left * price
answer = total / 7
"""
KINDS = {
    "arithmetic": ARITHMETIC,
    "fractions": "from fractions import Fraction\na = Fraction({n}, 7)\nanswer = (a + Fraction(2, 3)) * 21",
    "one equation": "x = Symbol('x')\nanswer = solve(Eq(3 * x + {n}, 50), x)[0]",
    "two equations": "x, y = symbols('x y')\nanswer = solve([Eq(x + y, {n}), Eq(x - y, 2)], [x, y])[x]",
}
PRELUDE = "from math import *\nfrom sympy import Symbol, symbols, Eq, solve, simplify\n"


@dataclass(frozen=True)
class Measured:
    rate: float
    """Programs a second, wall clock."""
    cpu: float
    """CPU seconds a program, all processes together."""


NOTE = """\
Python {python}, {versions}, {machine}, {workers} shared processors; load average {before} before and
{after} after. Best of {rounds} rounds. In a cell: programs a second by the wall clock (CPU
milliseconds a program, all processes together). siked and the fresh interpreters run as many
programs at a time as there are processors, the others one. The prelude, which every program may
use, holds names of sympy; without it a fresh interpreter starts sooner and cannot run equations.
"""

Way = Callable[[list[str]], None]


def programs(kind: str, count: int) -> list[str]:
    return [KINDS[kind].format(n=n % 40 + 1) for n in range(count)]


def sandboxed(make: Callable[[], Any]) -> Way:
    def way(codes: list[str]) -> None:
        sandbox = make()
        try:
            list(sandbox.run([Program(codes[0])]))
            _Clock.start()
            outcomes = list(sandbox.run(map(Program, codes)))
        finally:
            _Clock.stop()
            sandbox.close()
        assert all(outcome.status == "ok" for outcome in outcomes), outcomes[0]

    return way


def bare_monty(codes: list[str]) -> None:
    import pydantic_monty

    with pydantic_monty.Monty(max_processes=1, request_timeout=10) as pool:
        limits: Any = {"max_feed_duration_secs": 2.0, "max_memory": 512 << 20, "max_total_sleep_secs": 0.0}
        with pool.checkout(limits=limits) as session:
            session.feed_run("1")
        _Clock.start()
        for code in codes:
            with pool.checkout(limits=limits) as session:
                session.feed_run(code)
                session.feed_run("answer")
        _Clock.stop()


def fresh_interpreter(prelude: str) -> Way:
    def one(code: str) -> None:
        command = [sys.executable, "-c", f"{prelude}{code}\nprint(answer)"]
        subprocess.run(command, check=True, capture_output=True, timeout=60)

    def way(codes: list[str]) -> None:
        _Clock.start()
        with ThreadPoolExecutor(processors()) as pool:
            list(pool.map(one, codes))
        _Clock.stop()

    return way


def _execute(code: str, space: dict[str, Any], found: Any) -> None:
    scope = dict(space)
    exec(code, scope)
    found.append(str(scope["answer"]))


def process_with_manager(codes: list[str]) -> None:
    """A manager and a forked process for each program, as HumanEval's checker has them."""
    space: dict[str, Any] = {}
    exec(PRELUDE, space)
    context = multiprocessing.get_context("fork")
    _Clock.start()
    for code in codes:
        with context.Manager() as manager:
            found = manager.list()
            process = context.Process(target=_execute, args=(code, space, found))
            process.start()
            process.join(timeout=3)
            assert len(found) == 1
    _Clock.stop()


def in_process(codes: list[str]) -> None:
    """``exec`` under an alarm in the process that holds everything, as the paper's code has it."""
    space: dict[str, Any] = {}
    exec(PRELUDE, space)
    signal.signal(signal.SIGALRM, lambda *_: (_ for _ in ()).throw(TimeoutError()))
    _Clock.start()
    for code in codes:
        signal.alarm(2)
        scope = dict(space)
        exec(code, scope)
        signal.alarm(0)
        str(scope["answer"])
    _Clock.stop()


class _Clock:
    """Wall time between start and stop; CPU time of this process and all that it has waited for."""

    began = ended = 0.0

    @classmethod
    def start(cls) -> None:
        cls.began = time.perf_counter()

    @classmethod
    def stop(cls) -> None:
        cls.ended = time.perf_counter()

    @staticmethod
    def cpu() -> float:
        usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def spent(way: Way, codes: list[str]) -> tuple[float, float]:
    """Return (wall seconds from the first program to the last, CPU seconds with start and end)."""
    before = _Clock.cpu()
    way(codes)
    return _Clock.ended - _Clock.began, _Clock.cpu() - before


def measure(way: Way, kind: str, count: int) -> Measured:
    """Run ``count`` programs; the CPU time of starting and ending is taken off."""
    _, empty = spent(way, programs(kind, 1))
    wall, cpu = spent(way, programs(kind, count))
    return Measured(count / wall, max(0.0, cpu - empty) / (count - 1))


def ways(workers: int) -> dict[str, tuple[Way, tuple[str, ...], int]]:
    """Return way, kinds of programs it can run, and how many it runs in a round."""
    every, plain = tuple(KINDS), ("arithmetic",)
    many: dict[str, Any] = {"workers": workers}
    return {
        "siked `auto`": (sandboxed(lambda: Auto(AutoOptions(**many))), every, 600),
        "siked `monty`": (sandboxed(lambda: MontySandbox(MontyOptions(**many))), plain, 4000),
        "siked `monty`, one at a time": (
            sandboxed(lambda: MontySandbox(MontyOptions(workers=1))),
            plain,
            3000,
        ),
        "bare Monty, one at a time": (bare_monty, plain, 3000),
        "siked `confined`": (sandboxed(lambda: Confined(ConfinedOptions(**many))), every, 600),
        "a fresh interpreter with the prelude": (fresh_interpreter(PRELUDE), every, 8),
        "a fresh interpreter without": (fresh_interpreter(""), ("arithmetic", "fractions"), 30),
        "a process with a manager": (process_with_manager, every, 25),
        "`exec` in-process under an alarm": (in_process, every, 1500),
    }


def table(found: dict[tuple[str, str], Measured], names: list[str]) -> str:
    lines = ["| way | " + " | ".join(KINDS) + " |", "| --- " * (len(KINDS) + 1) + "|"]
    for name in names:
        cells = []
        for kind in KINDS:
            cell = found.get((name, kind))
            cells.append("" if cell is None else f"{cell.rate:,.0f} ({cell.cpu * 1000:.2f})")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def budgets(found: dict[tuple[str, str], Measured], cores: int = 2) -> list[tuple[str, bool]]:
    """Return (sentence, met) for each budget; rates on idle processors follow from CPU time."""
    single = found["siked `monty`, one at a time", "arithmetic"]
    bare = found["bare Monty, one at a time", "arithmetic"]
    wall, cpu = single.rate / bare.rate, bare.cpu / single.cpu
    text = f"Monty path beside bare Monty: {wall:.2f} by the wall clock, {cpu:.2f} by CPU time; 0.7"
    rows = [(text, cpu >= 0.7)]
    for kind, budget in (("fractions", 300), ("one equation", 120)):
        mine, fresh = found["siked `confined`", kind], found["a fresh interpreter with the prelude", kind]
        rate, times = cores / mine.cpu, fresh.cpu / mine.cpu
        text = f"confined path, {kind}: {rate:,.0f} a second on {cores} idle processors; {budget}"
        rows.append((text, rate >= budget))
        rows.append((f"confined path, {kind}: {times:.0f} times a fresh interpreter; 20", times >= 20))
    return rows


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the programs of a round")
    parser.add_argument("--only", default="", help="ways whose name has this in it")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    workers = processors()
    every = {name: way for name, way in ways(workers).items() if options.only in name}
    found: dict[tuple[str, str], Measured] = {}
    before = _load()
    for _ in range(options.rounds):
        for name, (way, kinds, count) in every.items():
            for kind in kinds:
                size = count * (5 if name == "siked `auto`" and kind == "arithmetic" else 1)
                new = measure(way, kind, max(4, int(size * options.scale)))
                old = found.get((name, kind), new)
                found[name, kind] = Measured(max(old.rate, new.rate), min(old.cpu, new.cpu))
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("pydantic-monty", "sympy"))
    print(
        "# Programs a second\n\n    python tests/bench/bench_execution.py > docs/results/execution-bench.md\n"
    )
    print(
        NOTE.format(
            python=platform.python_version(),
            versions=versions,
            machine=platform.machine(),
            workers=workers,
            before=before,
            after=_load(),
            rounds=options.rounds,
        )
    )
    print(table(found, list(every)))
    if options.only:
        return 0
    print("\nBudgets, each after the semicolon:\n")
    rows = budgets(found)
    for sentence, met in rows:
        print(f"- {sentence}: {'met' if met else 'missed'}")
    return 1 if options.check and not all(met for _, met in rows) else 0


def _load() -> str:
    return Path("/proc/loadavg").read_text().split()[0]


if __name__ == "__main__":
    sys.exit(main())
