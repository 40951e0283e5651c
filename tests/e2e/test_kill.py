"""Kill -9 at random moments: what is resumed equals what was never interrupted."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

import siked
from siked.journal.canonical import digest
from siked.runs.run import Run


def start(arguments: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", "from siked.cli.main import main; main()", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def descendants(pid: int) -> list[int]:
    """Return the ids of all processes below ``pid``, from /proc."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                text = (entry / "stat").read_text()
            except OSError:
                continue
            parents.setdefault(int(text.rpartition(")")[2].split()[1]), []).append(int(entry.name))
    found, todo = [], [pid]
    while todo:
        children = parents.get(todo.pop(), [])
        found += children
        todo += children
    return found


def alive(pids: list[int]) -> list[int]:
    """Return those of ``pids`` that still run; a zombie does not."""
    running = []
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state not in "ZX":
            running.append(pid)
    return running


def hosts_component(pid: int) -> bool:
    """Whether a process is a backend's or trainer's worker.

    A sandbox's process is none: what dies under a program is put down to the program, which is
    then unverified, whoever killed it.
    """
    try:
        return b"workers/child.py" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def kill_and_resume(
    folder: Path,
    first: list[str],
    rng: random.Random,
    kills: int,
    victim: str,
    longest: float = 3.0,
    timeout: float = 120,
) -> None:
    process = start(first)
    seen: set[int] = set()
    for _ in range(kills):
        deadline = time.monotonic() + rng.uniform(0.3, longest)
        while time.monotonic() < deadline and process.poll() is None:
            seen |= set(descendants(process.pid))
            time.sleep(0.02)
        if process.poll() is None:
            target = process.pid
            if victim == "worker":
                below = [pid for pid in alive(descendants(process.pid)) if hosts_component(pid)]
                target = rng.choice(below) if below else process.pid
            os.kill(target, signal.SIGKILL)
        if victim == "orchestrator":
            process.wait(timeout)
            process = start(["resume", str(folder)] if (folder / "run.db").exists() else first)
    code = process.wait(timeout)
    while code != 0:
        # On a slow machine the kill falls before there is anything to go on with.
        process = start(["resume", str(folder)] if (folder / "run.db").exists() else first)
        code = process.wait(timeout)
    time.sleep(0.5)
    assert alive(sorted(seen)) == []


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads the process tree from /proc")
@pytest.mark.parametrize(("victim", "seed"), [("orchestrator", 1), ("orchestrator", 2), ("worker", 3)])
def test_killed_and_resumed_equals_uninterrupted(
    settings: dict[str, Any], tmp_path: Path, victim: str, seed: int
) -> None:
    settings["backend"] = {"name": "scripted", "delay": 0.004}
    settings["trainer"] = {**settings["trainer"], "seconds": 0.4}
    whole = siked.run(settings, tmp_path / "whole")
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump(settings))
    folder = tmp_path / "killed"
    first = ["run", "--config", str(file), "--out", str(folder)]
    kill_and_resume(folder, first, random.Random(seed), kills=3, victim=victim)
    assert digest(Run(folder).journal) == digest(whole.journal)
    assert not list((folder / "students").glob("*.tmp-*"))


@pytest.mark.slow
@pytest.mark.train
@pytest.mark.parametrize("seed", range(10))
def test_killed_for_real_and_resumed_equals_uninterrupted(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, seed: int
) -> None:
    """The bundled default, small, with torch: kills fall on sampling, training and evaluation."""
    pytest.importorskip("trl")
    values = {
        "preset": "tiny",
        "dataset": {"name": "wordproblems", "limit": 60, "dev": 30},
        "evaluate": {"limit": 30},
        "iterations": 1,
        "sample": {"k": 1},
    }
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump(values))
    base = tmp_path_factory.getbasetemp() / "whole-for-real"
    if not base.exists():
        assert start(["run", "--config", str(file), "--out", str(base)]).wait(600) == 0
    folder = tmp_path / "killed"
    rng = random.Random(seed)
    first = ["run", "--config", str(file), "--out", str(folder)]
    kill_and_resume(
        folder, first, rng, kills=2, victim=rng.choice(["orchestrator", "worker"]), longest=25.0, timeout=600
    )
    assert digest(Run(folder).journal) == digest(Run(base).journal)
