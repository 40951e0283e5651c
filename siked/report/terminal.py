"""A run as tables on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from siked.engine.stats import score
from siked.journal.queries import scores
from siked.report import tables
from siked.report.tables import Table
from siked.runs.run import Run
from siked.text.terminal import safe

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
    console.print(Text(safe(summary["run"]), style="bold") + Text(safe(f": {tables.heading(summary)}")))
    for table in filled_tables(run, summary):
        console.print(_rich(table))
    for line in tables.remarks(summary):
        console.print(safe(line))
    console.print(safe(tables.ending(summary)))
    console.print(tables.times(summary))


def filled_tables(run: Run, summary: Mapping[str, Any]) -> Iterator[Table]:
    """Yield the tables of a finished run that have rows, in the order in which they are printed."""
    found = (
        tables.accuracy,
        tables.stories,
        tables.mixture,
        tables.source,
        tables.choice,
        tables.votes,
    )
    for table in (*(make(summary) for make in found), tables.funnel(run)):
        if table.rows:
            yield table


def _rich(table: Table) -> Any:
    from rich import table as rich_table
    from rich.text import Text

    drawn = rich_table.Table(title=table.title, title_justify="left")
    for at, column in enumerate(table.columns):
        left = at == 0 or column in table.words
        drawn.add_column(Text(safe(column)), justify="left" if left else "right", no_wrap=at == 0)
    for row in table.rows:
        drawn.add_row(*(Text(safe(cell)) for cell in row))
    return drawn


def _print_progress(console: Any, run: Run) -> None:
    going_on = f"{run.folder.name}: not finished; go on with: siked resume {run.folder}"
    console.print(safe(going_on), soft_wrap=True)
    for done in scores.timings(run.journal):
        console.print(safe(f"  {done.track} {done.iteration} {done.step}: done in {done.seconds:.1f} s"))
    for row in scores.evaluations(run.journal):
        if row.mode == "free":
            found = score(row.correct, row.n, row.unverified)
            values = {"value": found.value, "ci95": found.ci95, "unverified": found.unverified}
            where = f"  {row.track} {row.iteration} on {row.set}"
            console.print(safe(f"{where}: {tables.cell(values)} of {row.n}"))
