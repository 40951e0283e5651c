"""What ``run`` and ``resume`` share: the watcher, Ctrl-C, and the words at the end."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from siked.cli.watch import Watch
from siked.engine.progress import Reporter
from siked.errors import RunError, SandboxError
from siked.text.terminal import safe

if TYPE_CHECKING:
    from siked.runs.run import Run

INTERRUPTED = 130


@contextlib.contextmanager
def guarded(folder: Path) -> Iterator[Reporter]:
    """Run the body with a watcher; whatever ends it early, say how to go on."""
    again = f"go on with: siked resume {folder}"
    previous = signal.signal(signal.SIGTERM, _terminated)
    try:
        with Watch() as reporter:
            yield reporter
    except KeyboardInterrupt:
        click.echo(safe(f"siked: interrupted; everything up to here is kept, {again}"), err=True)
        raise SystemExit(INTERRUPTED) from None
    except (RunError, SandboxError) as error:
        raise type(error)(f"{error}\nsiked: what is there is kept; {again}") from None
    except OSError as error:
        raise RunError(f"{error.filename or folder}: {error.strerror or error}\nsiked: {again}") from None
    finally:
        signal.signal(signal.SIGTERM, previous)
    from siked.report.terminal import print_run
    from siked.runs.run import Run

    run = Run(folder)
    print_run(folder, run)
    _write_report(folder, run)
    click.echo(safe(f"run folder: {folder}"))


def _write_report(folder: Path, run: Run) -> None:
    from siked.report.html import write_report

    try:
        click.echo(safe(f"report: {write_report(folder, run=run)}"))
    except Exception as error:
        # The run is done and kept; a full disk or a fault of the report is no fault of the run.
        click.echo(safe(f"siked: no report: {error}; once mended: siked report {folder}"), err=True)


def _terminated(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
