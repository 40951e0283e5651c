"""A run as tables on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from siked.engine.run import Run
from siked.engine.stats import score
from siked.report import grids
from siked.report.grids import Grid

WIDE = 180
"""Columns where the output is no terminal, so that a table in a file is never broken."""


def print_run(folder: Path) -> None:
    """Print the tables of a finished run, or how far an unfinished one is."""
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, width=WIDE)
    run = Run(folder)
    if not (folder / "summary.json").exists():
        _print_progress(console, run)
        return
    summary = run.summary
    console.print(Text(summary["run"], style="bold") + Text(f": {grids.heading(summary)}"))
    for grid in tables(run, summary):
        console.print(_rich(grid))
    for line in grids.remarks(summary):
        console.print(line)
    console.print(grids.ending(summary))
    console.print(grids.times(summary))


def tables(run: Run, summary: Mapping[str, Any]) -> Iterator[Grid]:
    """Yield the tables of a finished run that have rows, in the order in which they are printed."""
    found = (grids.accuracy, grids.stories, grids.mixture, grids.source, grids.choice, grids.votes)
    for grid in (*(make(summary) for make in found), grids.funnel(run)):
        if grid.rows:
            yield grid


def _rich(grid: Grid) -> Any:
    from rich.table import Table
    from rich.text import Text

    table = Table(title=grid.title, title_justify="left")
    for at, column in enumerate(grid.columns):
        left = at == 0 or column in grid.words
        table.add_column(Text(column), justify="left" if left else "right", no_wrap=at == 0)
    for row in grid.rows:
        table.add_row(*(Text(cell) for cell in row))
    return table


def _print_progress(console: Any, run: Run) -> None:
    console.print(f"{run.folder.name}: not finished; go on with: siked resume {run.folder}", soft_wrap=True)
    steps = run.journal.rows("SELECT track, iteration, step, seconds FROM steps ORDER BY id")
    for row in steps:
        console.print(f"  {row['track']} {row['iteration']} {row['step']}: done in {row['seconds']:.1f} s")
    for row in run.journal.rows("SELECT * FROM evaluations WHERE mode = 'free' ORDER BY id"):
        found = score(row["correct"], row["n"], row["unverified"])
        values = {"value": found.value, "ci95": found.ci95, "unverified": found.unverified}
        name = "dev" if row["split"] == "dev" else row["dataset"]
        console.print(f"  {row['track']} {row['iteration']} on {name}: {grids.cell(values)} of {row['n']}")
