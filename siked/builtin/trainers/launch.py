"""Training in several processes: torchrun or another launcher, and a folder that says what to do."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from siked import errors
from siked.contracts import Progress
from siked.errors import RunError, SikedError, UsageError
from siked.records import Model, Trained, TrainRow, TrainSettings

if TYPE_CHECKING:
    from siked.builtin.trainers.sft import Sft

    Options = Sft.Options

MODULE = "siked.builtin.trainers.rank"
_POLL = 0.2
_ROOT = re.compile(r"Root Cause.*?rank\s*:\s*(\d+).*?exitcode\s*:\s*(-?\d+)", re.S)


def launch(
    options: Options,
    student: Model,
    rows: Sequence[TrainRow],
    settings: TrainSettings,
    out: Path,
    progress: Progress,
) -> Trained:
    """Train in processes of their own; see :meth:`siked.builtin.trainers.sft.Sft.train`.

    Raises :class:`UsageError` for a command that is not there, :class:`RunError` where a process ends
    before its time, and what a process raised.
    """
    job = Path(tempfile.mkdtemp(prefix="job-", dir=out.parent))
    try:
        _write(job, options, student, rows, settings, out)
        with (job / "log").open("wb") as log:
            code = _run(command(options, job), log, job, progress)
        text = (job / "log").read_text(encoding="utf-8", errors="replace")
        sys.stderr.write(text)
        if code:
            raise _failure(job, code, text)
        return Trained(**json.loads((job / "result.json").read_text(encoding="utf-8")))
    finally:
        shutil.rmtree(job, ignore_errors=True)


def command(options: Options, job: Path) -> list[str]:
    """Return what is started; the processes find ``job`` on a file system that all of them see."""
    if options.launcher:
        return [*shlex.split(options.launcher), "-m", MODULE, str(job)]
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--max-restarts=0"]
    return [*torchrun, f"--nproc-per-node={options.processes}", "-m", MODULE, str(job)]


def _write(
    job: Path, options: Options, student: Model, rows: Sequence[TrainRow], settings: TrainSettings, out: Path
) -> None:
    with (job / "rows.jsonl").open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(dataclasses.asdict(row), ensure_ascii=False) + "\n")
    values = {
        "options": dataclasses.asdict(options),
        "student": dataclasses.asdict(student),
        "settings": dataclasses.asdict(settings),
        "out": str(out.resolve()),
        "host": socket.gethostname(),
        "pid": os.getpid(),
    }
    (job / "job.json").write_text(json.dumps(values), encoding="utf-8")
    (job / "progress.jsonl").touch()


def _run(arguments: Sequence[str], log: Any, job: Path, progress: Progress) -> int:
    try:
        process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    except OSError as error:
        raise UsageError(f"trainer.launcher: {arguments[0]}: {error.strerror}") from None
    try:
        with (job / "progress.jsonl").open(encoding="utf-8") as told:
            while process.poll() is None:
                _pass_on(told, progress)
                time.sleep(_POLL)
            _pass_on(told, progress)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
    return process.returncode


def _pass_on(told: Any, progress: Progress) -> None:
    while True:
        at = told.tell()
        line = told.readline()
        if not line.endswith("\n"):
            told.seek(at)  # half a line is read again when it is whole
            return
        progress(*json.loads(line))


def _failure(job: Path, code: int, log: str) -> SikedError:
    """Return what went wrong first: what a process raised, else what the launcher saw."""
    for path in sorted(job.glob("error-*.json")):
        said = json.loads(path.read_text(encoding="utf-8"))
        cls = getattr(errors, said["kind"], None)
        if isinstance(cls, type) and issubclass(cls, SikedError):
            error = cls.__new__(cls)
            Exception.__init__(error, said["message"])
            return error
    found = _ROOT.search(log)
    if found is not None:
        rank, ended = int(found[1]), int(found[2])
        how = f"was killed by signal {-ended}" if ended < 0 else f"ended with exit code {ended}"
        return RunError(f"training: process {rank} {how}; 'siked resume' trains this student again")
    tail = " | ".join(log.strip().splitlines()[-3:])
    return RunError(f"training: the launcher ended with exit code {code}; its log ends: {tail}")
