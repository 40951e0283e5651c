"""What trainings told on their way, as figures and as a table."""

from __future__ import annotations

from collections.abc import Callable

from siked.journal import Reader
from siked.journal.queries import trainings
from siked.journal.stage import Told
from siked.report import figures
from siked.report.figures import Figure, Point, Series
from siked.report.tables import Table

LOSS, NORM, SPEED = "{:.2f}", "{:.2f}", "{:.0f}"
"""How numbers are written, in figures and in the table alike."""
MOST = 6
"""Trainings that a figure shows: the first, the last, and as many between."""


def panels(journal: Reader) -> list[Figure]:
    """Return figures of loss, gradient norm and speed over the steps of the run's own trainings."""
    logs = [
        (t, trainings.log(journal, track, t)) for track, t in trainings.logged(journal) if track == "main"
    ]
    shown = _some(logs)
    wanted: list[tuple[str, str, Callable[[Told], float | None], str]] = [
        ("loss", "training loss, nats a token", lambda told: told.loss, LOSS),
        ("gradient-norm", "gradient norm", lambda told: told.gradient_norm, NORM),
        ("speed", "tokens a second", lambda told: told.tokens_per_second, SPEED),
    ]
    found = []
    for name, title, pick, form in wanted:
        series = [
            Series(f"iteration {t}", figures.colour(at), _points(log, pick))
            for at, (t, log) in enumerate(shown)
        ]
        series = [one for one in series if one.points]
        if series:
            found.append(figures.lines(title, series, form.format, low=0, along="step", name=name))
    return found


def table(journal: Reader) -> Table:
    """Return a row for each training that told something, controls included."""
    rows = []
    for track, t in trainings.logged(journal):
        log = trainings.log(journal, track, t)
        last = log[-1]
        rows.append(
            [
                f"iteration {t}" if track == "main" else f"{track} {t}",
                f"{last.step} of {last.steps}",
                LOSS.format(log[0].loss),
                LOSS.format(last.loss),
                "" if last.gradient_norm is None else NORM.format(last.gradient_norm),
                "" if last.tokens_per_second is None else SPEED.format(last.tokens_per_second),
            ]
        )
    columns = ["training", "steps", "first loss", "last loss", "last gradient norm", "last tokens/s"]
    return Table("Training", columns, rows)


def _some(logs: list[tuple[int, list[Told]]]) -> list[tuple[int, list[Told]]]:
    if len(logs) <= MOST:
        return logs
    return [logs[round(at * (len(logs) - 1) / (MOST - 1))] for at in range(MOST)]


def _points(log: list[Told], pick: Callable[[Told], float | None]) -> list[Point]:
    return [Point(told.step, value) for told in log if (value := pick(told)) is not None]
