"""A hundred thousand programs in one go, one in twenty of them hostile, in 2 GiB of memory and 8 lanes."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="the confined sandbox needs Linux"),
]
HERE = Path(__file__).parent
ATTACKS = HERE.parents[2] / "siked" / "testing" / "attacks.txt"

SCRIPT = """
import json, os, random, sys, time
from pathlib import Path
from siked.execution.auto import Auto, AutoOptions
from siked.records import Program

total, attacks = int(sys.argv[1]), Path(sys.argv[2]).read_text().split("\\n=== ")[1:]
attacks = [block.partition("\\n")[2] for block in attacks]
draw = random.Random(7)
hostile = {n for n in range(total) if draw.random() < 0.05}
folder = os.getcwd()

def program(n):
    if n in hostile:
        code = draw.choice(attacks)
        for name in ("SECRET", "DIR", "UNIX", "ABSTRACT"):
            code = code.replace(f"@{name}@", f"{folder}/nothing")
        return code.replace("@PORT@", "1").replace("@HOST@", str(os.getpid())).replace("@SIBLING@", "1")
    if n % 20 == 0:
        return f"from fractions import Fraction\\nanswer = Fraction({n}, 1)"
    if n % 97 == 0:
        return f"x = Symbol('x')\\nanswer = solve(x - {n}, x)"
    return f"a = {n}\\nb = 0\\nfor i in range(3):\\n    b += i\\nanswer = a + b - 3"

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20

def below():
    mine, found = {os.getpid()}, 0
    parents = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                fields = Path(entry.path, "stat").read_text().rpartition(")")[2].split()
                parents[int(entry.name)] = int(fields[1])
            except OSError:
                pass
    while True:
        more = {pid for pid, parent in parents.items() if parent in mine} - mine
        if not more:
            return len(mine) - 1
        mine |= more

sandbox = Auto(AutoOptions(cpu=0.2, memory=512, workers=8))
sizes, counts, wrong = [], [], []
started = time.time()
for n, outcome in enumerate(sandbox.run(Program(program(n)) for n in range(total))):
    if n not in hostile and (outcome.status, outcome.answer) != ("ok", str(n)):
        wrong.append([n, str(outcome)])
    if n % (total // 20) == total // 40:
        sizes.append(resident())
        counts.append(len(os.listdir("/proc/self/fd")))
        print(n, round(time.time() - started), sizes[-1], counts[-1], below(), file=sys.stderr, flush=True)
sandbox.close()
time.sleep(0.5)
report = {"done": n + 1, "hostile": len(hostile), "wrong": wrong[:20], "sizes": sizes, "counts": counts}
print(json.dumps({**report, "left": below(), "seconds": time.time() - started}))
"""


LIMIT = 2 << 30
"""Bytes that all processes may take together."""


@contextlib.contextmanager
def control_group() -> Iterator[Path | None]:
    """Yield a control group (v2) with the limit, to put processes into; None where none can be made."""
    lines = Path("/proc/self/cgroup").read_text().split()
    own = Path("/sys/fs/cgroup" + next((line[3:] for line in lines if line.startswith("0::")), "/"))
    try:
        if "memory" not in (own / "cgroup.subtree_control").read_text().split():
            raise OSError
        group = own / f"siked-test-{os.getpid()}"
        group.mkdir()
    except OSError:
        yield None
        return
    try:
        (group / "memory.max").write_text(str(LIMIT))
        yield group
    finally:
        group.rmdir()


class Killer:
    """Does what the kernel does to a control group over its limit: kills who has the highest score."""

    def __init__(self, top: int) -> None:
        self.top = top
        self.killed = 0
        self.peak = 0

    def look(self) -> None:
        sizes = {pid: size for pid in self.processes() if (size := _share(pid))}
        self.peak = max(self.peak, sum(sizes.values()))
        while sizes and sum(sizes.values()) > LIMIT:
            worst = max(sizes, key=_score)
            with contextlib.suppress(ProcessLookupError):
                os.kill(worst, signal.SIGKILL)
                self.killed += 1
            del sizes[worst]

    def processes(self) -> set[int]:
        parents = {}
        for entry in os.scandir("/proc"):
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    parents[int(entry.name)] = int(
                        Path(entry.path, "stat").read_text().rpartition(")")[2].split()[1]
                    )
        found = {self.top}
        while more := {pid for pid, parent in parents.items() if parent in found} - found:
            found |= more
        return found


def _share(pid: int) -> int:
    """Bytes of a process, pages that several share divided among them."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) << 10
    return 0


def _score(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/oom_score").read_text())
    except OSError:
        return -1


def test_many_programs_keep_order_and_leave_nothing(tmp_path: Path) -> None:
    total = os.environ.get("SIKED_PROGRAMS", "100000")
    with control_group() as group:

        def enter() -> None:
            if group is not None:
                (group / "cgroup.procs").write_text(str(os.getpid()))

        process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, total, str(ATTACKS)],
            cwd=tmp_path, stdout=subprocess.PIPE, text=True, preexec_fn=enter,
        )  # fmt: skip
        killer = Killer(process.pid)
        while process.poll() is None:
            if group is None:
                killer.look()
            time.sleep(0.1)
        assert process.stdout is not None
        said = process.stdout.read()
        if group is not None:
            events = dict(line.split() for line in (group / "memory.events").read_text().splitlines())
            killer.killed = int(events["oom_kill"])
            killer.peak = int((group / "memory.peak").read_text())
    assert process.returncode == 0, "siked lives"
    report = json.loads(said)
    kind = "a control group" if group is not None else "a killer of our own"
    print(f"under {kind}: {killer.killed} killed, {killer.peak >> 20} MiB at most, {report}")
    assert report["done"] == int(total)
    assert report["hostile"] > int(total) * 0.04
    assert report["wrong"] == []
    assert report["left"] == 0
    assert max(report["sizes"]) <= report["sizes"][2] + 24, "memory stays flat"
    assert max(report["counts"]) <= max(report["counts"][:4]) + 32, "no descriptor leaks"
    assert list(tmp_path.iterdir()) == []
