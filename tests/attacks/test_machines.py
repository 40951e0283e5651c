"""Machines that lack something, each made with a filter over siked: doctor tells them as they are, and
programs run under what is left or, below the minimum, not at all.
"""

from __future__ import annotations

import errno
import json
import os
import platform
import subprocess
import sys
from dataclasses import dataclass

import pytest

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the confined sandbox needs Linux"),
    pytest.mark.skipif(platform.machine() != "x86_64", reason="the filters are written in x86_64's numbers"),
    pytest.mark.timeout(300),
]

EPERM, ENOSYS = errno.EPERM, errno.ENOSYS
LANDLOCK = (444, 445, 446)
DOCKER = (
    272, 308, 165, 166, 155, 321, 298, 248, 249, 250, 246, 320, 175, 313, 176, 169, 167, 168, 164, 227, 310,
    311, 323, 425, 426, 427, 304, 179, 163, 103, 180, 212, 237, 238, 239, 256, 279, 303, 135, 153, 154, 156,
    172, 173, 174, 177, 178, 134, 136, 139, 428, 429, 430, 431, 432, 433, 442, 312,
)  # fmt: skip
"""Calls that Docker's default profile refuses without capabilities: namespaces, mounts, modules, keys,
bpf, perf, io_uring, other processes' memory, NUMA, clocks, swap, accounting and what is obsolete."""
ALL = "denied denied denied ok"
"""A file, a process, the network, a system of equations."""


@dataclass(frozen=True)
class Machine:
    """What is refused, (number, argument or None, its value, error); what doctor says; what programs get."""

    refused: tuple[tuple[int, int | None, int, int], ...]
    marks: dict[str, str]
    """Layer to what stands before it; all others are ok."""
    programs: str = ALL
    user: int = 0


def whole(*numbers: int, error: int = EPERM) -> tuple[tuple[int, int | None, int, int], ...]:
    return tuple((number, None, 0, error) for number in numbers)


NAMESPACES = tuple((56, 0, bit, EPERM) for bit in (0x10000000, 0x20000000, 0x40000000, 0x00020000))
CONTAINER = (*whole(*DOCKER), *whole(435, error=ENOSYS), *NAMESPACES)
NO_LANDLOCK = {"landlock": "warn", "monty locks": "warn"}
MACHINES = {
    "Docker's default profile": Machine(CONTAINER, {}),
    "an older Docker, that knows no Landlock": Machine((*CONTAINER, *whole(*LANDLOCK)), NO_LANDLOCK),
    "a kernel without Landlock": Machine(whole(*LANDLOCK, error=ENOSYS), NO_LANDLOCK),
    "a plain user": Machine((), {}, user=65534),
    "a plain user in Docker": Machine(CONTAINER, {}, user=65534),
    "a plain user without Landlock": Machine(whole(*LANDLOCK, error=ENOSYS), NO_LANDLOCK, user=65534),
    "no seccomp": Machine(
        ((157, 0, 22, errno.EINVAL), *whole(317, error=ENOSYS)),
        {"seccomp": "FAIL", "monty locks": "warn"},
        "refused: seccomp",
    ),
    "seccomp that is forbidden": Machine(
        ((157, 0, 22, EPERM), *whole(317)), {"seccomp": "FAIL", "monty locks": "warn"}, "refused: seccomp"
    ),
    "no timers": Machine(whole(38, error=ENOSYS), {"cpu limit": "FAIL"}, "refused: cpu limit"),
    "limits that cannot be set": Machine(whole(160, 302), {"rlimits": "FAIL"}, "refused: rlimits"),
    "no handles of processes": Machine(
        whole(434, error=ENOSYS), {"confined": "FAIL"}, "refused: the sandbox cannot be started"
    ),
}
QUICK = ("an older Docker, that knows no Landlock", "a plain user in Docker", "no seccomp")
"""The others are slow: each takes a second or two."""


SCRIPT = """
import json, os, sys
import siked.execution.kernel as kernel
from siked.execution.doctor import checks
from siked.errors import SandboxError
from siked.execution.confined import Confined, ConfinedOptions
from siked.records import Program
code = [(0x20, 0, 0, 4), (0x15, 1, 0, kernel.architecture()[0]), (6, 0, 0, 0x7fff0000), (0x20, 0, 0, 0)]
for number, argument, value, error in json.loads(sys.argv[1]):
    if argument is None:
        code += [(0x15, 0, 1, number), (6, 0, 0, 0x50000 | error)]
    elif number == 56:  # flags: any of them
        code += [(0x15, 0, 4, number), (0x20, 0, 0, 16 + 8 * argument), (0x45, 0, 1, value),
                 (6, 0, 0, 0x50000 | error), (0x20, 0, 0, 0)]
    else:
        code += [(0x15, 0, 4, number), (0x20, 0, 0, 16 + 8 * argument), (0x15, 0, 1, value),
                 (6, 0, 0, 0x50000 | error), (0x20, 0, 0, 0)]
code.append((6, 0, 0, 0x7fff0000))
if len(code) > 5:
    kernel.no_new_privs()
    kernel.Filter(code).apply()
print(json.dumps([[check.name, check.ok, check.needed, check.detail] for check in checks()]))
programs = ["answer = open('/etc/passwd').read()", "import os\\nanswer = os.fork()",
            "import socket\\nanswer = socket.socket()", "x = Symbol('x')\\nanswer = solve(2 * x - 6, x)"]
runner = Confined(ConfinedOptions(workers=1))
try:
    print(*[outcome.status for outcome in runner.run(map(Program, programs))])
except SandboxError as error:
    print("refused:", error)
runner.close()
"""


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in MACHINES]
)
def test_a_machine_is_told_as_it_is(name: str, ordinary: tuple[list[str], dict[str, str]]) -> None:
    machine = MACHINES[name]
    command, environment = ordinary if machine.user else ([sys.executable], dict(os.environ))
    if machine.user and os.getuid() != 0:
        pytest.skip("only root can become another user")
    user = {"user": machine.user, "group": machine.user, "extra_groups": []} if machine.user else {}
    done = subprocess.run(
        [*command, "-c", SCRIPT, json.dumps(machine.refused)],
        env=environment, cwd="/", capture_output=True, text=True, timeout=240, **user,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    first, ran = done.stdout.strip().split("\n", 1)
    rows = json.loads(first)
    marks = {name: "ok" if ok else "FAIL" if needed else "warn" for name, ok, needed, _ in rows}
    assert marks == {name: machine.marks.get(name, "ok") for name in marks}, rows
    assert set(machine.marks) <= set(marks), rows
    process = rows[0][3]
    assert ("under a filter" in process) == bool(machine.refused)
    assert process.startswith(f"user {machine.user} with 0 capabilities" if machine.user else "root with")
    if not machine.programs.startswith("refused"):
        assert ran == machine.programs
        return
    assert ran.startswith("refused: ")
    assert machine.programs.removeprefix("refused: ") in ran, ran
    assert "Traceback" not in done.stderr
    assert len(ran.splitlines()) == 1
