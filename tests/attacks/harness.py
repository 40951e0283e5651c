"""Runs the attacks in a sandbox and reports, as JSON, what effect they had. A program of its own:

    python harness.py SANDBOX ATTACKS.TXT [CONTROL]

With CONTROL the attacks marked ``+`` run in a plain Python instead, to show that they are real.
"""

from __future__ import annotations

import ctypes
import json
import os
import platform
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from siked.testing.attacks import SECRET, Scene, attacks

CPU = 1.0
MEMORY = 256
WORKERS = 2
MARKERS = [Path(folder) / "siked-attack" for folder in ("/dev/shm", "/tmp", "/var/tmp", "/", ".")]
WITNESSES = (
    "from fractions import Fraction\nanswer = sum([Fraction({0}), Fraction(1)]) - 1",
    "x = Symbol('x')\nanswer = solve(Eq(x + lcm(2, 4), {0} + 4), x)[0]",
    "import math, sys\nanswer = sum([{0}, len(str(7))]) - int(math.sqrt(1))",
    "import os\nanswer = {0} if 'LEAKED' not in os.environ and 'leaked' not in globals() else 'leaked'",
    "import random\na = random.random()\nrandom.seed(0)\nanswer = {0} if a == random.random() else a",
    "import colorsys, sympy.physics.units.prefixes as p\nanswer = {0} if p.kilo.name else 0",
    "from decimal import Decimal\nanswer = int(Decimal({0}) / 3 * 3 + Decimal('0.0000001'))",
)


def descendants() -> set[int]:
    """Return the pids of all processes below this one."""
    parents = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                fields = Path(entry.path, "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(fields[1])
    found = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {os.getpid()}


def memory(pids: set[int]) -> int:
    """Return the resident memory of some processes, in bytes."""
    total = 0
    for pid in pids:
        try:
            total += int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except OSError:
            continue
    return total


class Watch(threading.Thread):
    """Samples the memory of everything below this process."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak = 0
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.wait(0.05):
            self.peak = max(self.peak, memory(descendants()))


def sandbox(name: str) -> Any:
    """Make the sandbox under attack."""
    from siked.execution.auto import Auto, AutoOptions
    from siked.execution.confined import Confined, ConfinedOptions
    from siked.execution.monty import MontyOptions, MontySandbox

    limits: Any = {"cpu": CPU, "memory": MEMORY, "workers": WORKERS}
    if name == "auto":
        return Auto(AutoOptions(**limits))
    if name == "confined":
        return Confined(ConfinedOptions(**limits))
    return MontySandbox(MontyOptions(**limits))


def programs(scene: Scene, path: str) -> Iterator[Any]:
    """Yield every attack and after each a witness: a program whose answer must not change."""
    from siked.records import Program

    for number, (_, code) in enumerate(attacks(path)):
        yield Program(scene.fill(code))
        yield Program(WITNESSES[number % len(WITNESSES)].format(number))


def attack(name: str, path: str) -> dict[str, Any]:
    """Run all attacks in a sandbox; return what came of it."""
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER: who outlives the run becomes ours
    os.environ["SIKED_ATTACK_SECRET"] = SECRET
    _first_use(name)
    scene = Scene()
    before, files = set(os.listdir("/proc/self/fd")), scene.snapshot()
    watch = Watch()
    watch.start()
    started = time.monotonic()
    runner = sandbox(name)
    rows = [
        [str(o.status), o.answer, o.detail, o.seconds, o.sandbox] for o in runner.run(programs(scene, path))
    ]
    runner.close()
    wall = time.monotonic() - started
    watch.over.set()
    watch.join()
    time.sleep(0.3)
    report = {
        "uid": os.getuid(),
        "cpu": CPU,
        "memory": MEMORY,
        "workers": WORKERS,
        "wall": wall,
        "peak": watch.peak,
        "outcomes": rows,
        "witnesses": len(WITNESSES),
        "secret": SECRET,
        "changed": _changes(files, scene.snapshot()) + [str(m) for m in MARKERS if m.exists()],
        "heard": list(scene.heard),
        "sibling": scene.sibling.poll() is None and os.getpriority(os.PRIO_PROCESS, scene.sibling.pid),
        "left": sorted(descendants() - {scene.sibling.pid}),
        "descriptors": sorted(set(os.listdir("/proc/self/fd")) - before),
    }
    scene.close()
    return report


def _first_use(name: str) -> None:
    """Use and close the sandbox once: what a library keeps for good is not a leak."""
    from siked.records import Program

    runner = sandbox(name)
    for program in ("answer = 1", "from fractions import Fraction\nanswer = Fraction(1)"):
        list(runner.run([Program(program)]))
    runner.close()


def _changes(before: dict[str, list[Any]], after: dict[str, list[Any]]) -> list[str]:
    return sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))


def control(path: str) -> dict[str, Any]:
    """Run the attacks marked ``+`` in a plain Python; return those that had no effect."""
    harmless = []
    tried = 0
    for kind, code in attacks(path):
        if not kind.endswith("+") or ("syscall(" in code and platform.machine() != "x86_64"):
            continue
        tried += 1
        scene = Scene()
        files = scene.snapshot()
        done = subprocess.run(
            [sys.executable, "-c", scene.fill(code) + "\nprint(globals().get('answer'))"],
            capture_output=True,
            text=True,
            timeout=60,
        )
        time.sleep(0.02)
        if SECRET not in done.stdout and files == scene.snapshot() and not scene.heard:
            harmless.append([kind, code, done.stderr[-300:]])
        scene.close()
    return {"tried": tried, "harmless": harmless}


if __name__ == "__main__":
    print(json.dumps(control(sys.argv[2]) if "CONTROL" in sys.argv else attack(sys.argv[1], sys.argv[2])))
