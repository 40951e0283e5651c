"""Progress for people: bars with rate and time left on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType

import click

from siked.engine.progress import Reporter
from siked.text.terminal import one_line, safe

EVERY = 15.0
"""Seconds between plain lines about one piece of work."""


class Lines(Reporter):
    """Plain lines, at most one in :data:`EVERY` seconds a piece of work."""

    def __init__(self) -> None:
        self.end_at: float | None = None
        self.begin("", None)

    def begin(self, label: str, total: int | None) -> None:
        """Start showing a piece of work; ``total`` is None where it is not known."""
        self.label, self.total = one_line(label), total
        self.start = self.told = time.monotonic()
        self.first: int | None = None
        self.done = 0

    def advance(self, done: int) -> None:
        """Show how much is done."""
        if self.first is None:
            self.first = done
        self.done = done
        now = time.monotonic()
        if now - self.told >= EVERY:
            self.told = now
            self._say(now)

    def end(self) -> None:
        """Show that the work is done."""
        now = time.monotonic()
        if now - self.start >= 1 and self.done:
            click.echo(f"{self.label}: {self.done} in {clock(now - self.start)}", err=True)

    def left(self, seconds: float) -> None:
        """Remember when the run is to end."""
        self.end_at = time.monotonic() + seconds

    def note(self, text: str) -> None:
        """Show a line that a user should see."""
        click.echo(safe(text), err=True)

    def _say(self, now: float) -> None:
        rate = (self.done - (self.first or 0)) / (now - self.start)
        of = f"/{self.total}" if self.total else ""
        left = f", {clock((self.total - self.done) / rate)} left" if self.total and rate else ""
        run = "" if self.end_at is None else f"; run: about {clock(max(self.end_at - now, 0.0))} left"
        click.echo(f"{self.label}: {self.done}{of}, {rate:.1f}/s{left}{run}", err=True)


class Bars(Reporter):
    """Live bars by rich; a finished piece of work leaves one line."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.markup import escape
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TaskID,
            TextColumn,
            TimeRemainingColumn,
        )

        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[run]}"),
            console=Console(stderr=True, highlight=False),
            transient=True,
        )
        self._escape = escape
        self.progress.start()
        self.task: TaskID | None = None
        self.first: int | None = None
        self.end_at: float | None = None

    def begin(self, label: str, total: int | None) -> None:
        """Start showing a piece of work; ``total`` is None where it is not known."""
        self.label, self.start, self.done = one_line(label), time.monotonic(), 0
        self.first = None
        self.task = self.progress.add_task(self._escape(self.label), total=total, rate="", run="")

    def left(self, seconds: float) -> None:
        """Remember when the run is to end."""
        self.end_at = time.monotonic() + seconds

    def advance(self, done: int) -> None:
        """Show how much is done."""
        if self.first is None:
            self.first = done
        self.done = done
        seconds = max(time.monotonic() - self.start, 1e-9)
        if self.task is not None:
            rate = f"{(done - self.first) / seconds:.1f}/s" if seconds > 1 else ""
            end = self.end_at
            run = "" if end is None else f"run: about {clock(max(end - time.monotonic(), 0.0))} left"
            self.progress.update(self.task, completed=done, rate=rate, run=run)

    def end(self) -> None:
        """Show that the work is done."""
        seconds = time.monotonic() - self.start
        if self.task is not None:
            self.progress.remove_task(self.task)
            self.task = None
        if seconds >= 1 and self.done:
            self.progress.console.print(
                f"[dim]{self._escape(self.label)}: {self.done} in {clock(seconds)}[/dim]"
            )

    def note(self, text: str) -> None:
        """Show a line that a user should see."""
        self.progress.console.print(safe(text), markup=False)

    def stop(self) -> None:
        """Take the bars off the screen."""
        self.progress.stop()


class Watch:
    """The reporter that fits standard error, for the time of a ``with`` block."""

    def __enter__(self) -> Reporter:
        self.reporter: Reporter = Bars() if sys.stderr.isatty() else Lines()
        return self.reporter

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(self.reporter, Bars):
            self.reporter.stop()


def clock(seconds: float) -> str:
    """Return seconds as ``12 s``, ``3:07`` or ``1:02:33``."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
