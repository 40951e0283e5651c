"""What the sandboxes can promise on this machine, found by trying forbidden acts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from siked.errors import SandboxError
from siked.execution.auto import AutoOptions
from siked.execution.places import free_memory, places
from siked.records import Program, ProgramStatus

_FORBIDDEN = (
    ("a file", "answer = open('/etc/passwd').read()"),
    ("a process", "import os\nanswer = os.fork()"),
    ("the network", "import socket\nanswer = socket.socket().fileno()"),
)
_CURE = "the confined sandbox refuses to run programs without it (--allow-weak-sandbox overrides)"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was tried. ``needed``: without it the sandbox refuses to run programs."""

    name: str
    ok: bool
    detail: str
    needed: bool = True


def checks() -> list[Check]:
    """Try every layer of the sandboxes; takes a second or two."""
    found = [_process(), _memory(), _monty()]
    if sys.platform != "linux":
        detail = "needs Linux; here programs run in monty only, and what needs more is denied"
        return [*found, Check("confined", True, detail, needed=False)]
    found += [_monty_locks(), *_layers()]
    if all(check.ok for check in found if check.needed):
        found += _whole()
    return found


def _process() -> Check:
    """Tell who asks: what is given up later is nothing where it is not there."""
    who = f"user {os.getuid()}" if os.getuid() else "root"
    status = dict(line.split(":\t", 1) for line in _lines("/proc/self/status") if ":\t" in line)
    if not status:
        return Check("process", True, who, needed=False)
    capabilities = int(status.get("CapEff", "0"), 16).bit_count()
    filtered = status.get("Seccomp", "0").strip() == "2"
    detail = f"{who} with {capabilities} capabilities, "
    detail += "under a filter of system calls, as in a container" if filtered else "under no filter"
    return Check("process", True, detail, needed=False)


def _memory() -> Check:
    """Tell how many programs run at a time, so that their memory fits."""
    memory = AutoOptions().memory
    free, lanes = free_memory(), places(0, memory)
    if free is None:
        detail = f"{lanes} programs of {memory} MiB at a time in each sandbox; what is free is not known"
        return Check("memory", True, detail, needed=False)
    detail = f"{lanes} programs of {memory} MiB at a time in each sandbox, of {free >> 20} MiB that are free"
    fits = lanes * (memory << 20) <= free
    return Check("memory", fits, detail if fits else f"{detail}: not enough", needed=False)


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


def _monty() -> Check:
    from siked.execution.monty import MontyOptions, MontySandbox

    sandbox = MontySandbox(MontyOptions(workers=1))
    try:
        programs = [Program("answer = 6 * 7"), Program("print(open('/etc/passwd').read())")]
        works, forbidden = sandbox.run(programs)
    except Exception as error:  # whatever is wrong with the worker is what we want to tell
        return Check("monty", False, f"{type(error).__name__}: {error}")
    finally:
        sandbox.close()
    ok = works.answer == "42" and forbidden.status is ProgramStatus.DENIED
    return Check("monty", ok, f"a program: {works.status}; a file: {forbidden.status}")


def _monty_locks() -> Check:
    """Try forbidden acts behind the locks that Monty's workers are started under."""
    script = str(Path(__file__).with_name("launch.py"))
    command = [sys.executable, "-I", "-S", "-B", script, "probe"]
    tried = "the network, a process, files, a signal, a root of its own"
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        allowed = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        return Check("monty locks", False, str(error), needed=False)
    said = f"not refused: {', '.join(allowed)}" if allowed else f"{tried}: refused"
    return Check("monty locks", not allowed, said, needed=False)


def _layers() -> list[Check]:
    from siked.execution.host import probe

    try:
        rows = probe()
    except (SandboxError, OSError) as error:
        return [Check("confined", False, str(error))]
    return [
        Check(name, ok, detail if ok or not needed else f"{detail}; {_CURE}", needed)
        for name, ok, detail, needed in rows
    ]


def _whole() -> list[Check]:
    """Try forbidden acts in the whole sandbox, as programs would."""
    from siked.execution.confined import Confined, ConfinedOptions

    sandbox = Confined(ConfinedOptions(workers=1))
    try:
        programs = [Program("x = Symbol('x')\nanswer = solve(Eq(2 * x, 84), x)")]
        programs += [Program(code) for _, code in _FORBIDDEN]
        works, *refused = sandbox.run(programs)
    except (SandboxError, OSError) as error:
        return [Check("confined", False, str(error))]
    finally:
        sandbox.close()
    told = ", ".join(
        f"{name}: {outcome.status}" for (name, _), outcome in zip(_FORBIDDEN, refused, strict=True)
    )
    ok = works.answer == "42" and all(outcome.status is ProgramStatus.DENIED for outcome in refused)
    return [Check("confined", ok, f"a program: {works.status}; {told}")]
