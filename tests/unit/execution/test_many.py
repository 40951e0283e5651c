"""A hundred thousand programs in one go, one in a hundred of them hostile."""

from __future__ import annotations

import os
import subprocess
import sys
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
hostile = {n for n in range(total) if draw.random() < 0.01}
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

sandbox = Auto(AutoOptions(cpu=0.2, memory=256, workers=2))
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


def test_many_programs_keep_order_and_leave_nothing(tmp_path: Path) -> None:
    import json

    total = os.environ.get("SIKED_PROGRAMS", "100000")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, total, str(ATTACKS)], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    report = json.loads(done.stdout)
    print(report)
    assert report["done"] == int(total)
    assert report["hostile"] > int(total) * 0.008
    assert report["wrong"] == []
    assert report["left"] == 0
    assert max(report["sizes"]) <= report["sizes"][2] + 24, "memory stays flat"
    assert max(report["counts"]) <= report["counts"][0] + 8, "no descriptor leaks"
    assert list(tmp_path.iterdir()) == []
