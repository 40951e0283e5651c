"""Following a run from another terminal, by its journal."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

import click

from siked.cli.watch import clock
from siked.engine.forecast import remaining
from siked.files import check_file
from siked.journal import Reader
from siked.journal.queries import scores, trainings
from siked.runs.run import stored_config
from siked.text.terminal import safe

EVERY = 1.0
"""Seconds between looks into the journal."""


def follow(folder: Path) -> None:
    """Print what happens in a run as it happens, until no process works on it."""
    steps = told = 0
    works = True
    while True:
        works = is_worked_on(folder)  # before the journal is read, so that its last rows are seen
        reader = Reader.at(folder)
        try:
            new = scores.timings(reader)[steps:]
            steps += len(new)
            for done in new:
                click.echo(f"{safe(done.track)} {done.iteration} {done.step}: done in {clock(done.seconds)}")
            told = _trainings(reader, told)
            left = remaining(reader, stored_config(reader)) if new else None
        finally:
            reader.close()
        if not works:
            break
        if left:
            click.echo(f"run: about {clock(left)} left")
        time.sleep(EVERY)
    if not (folder / "summary.json").exists():
        click.echo(safe(f"nobody works on it; go on with: siked resume {folder}"))


def _trainings(reader: Reader, seen: int) -> int:
    for row, track, iteration, told in trainings.told_after(reader, seen):
        speed = f", {told.tokens_per_second:.0f} tokens/s" if told.tokens_per_second is not None else ""
        where = f"{safe(track)} {iteration} train"
        click.echo(f"{where}: step {told.step} of {told.steps}, loss {told.loss:.3f}{speed}")
        seen = row
    return seen


def is_worked_on(folder: Path) -> bool:
    """Whether a process holds the lock of a run."""
    check_file(folder / "lock")
    try:
        descriptor = os.open(folder / "lock", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
