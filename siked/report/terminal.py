"""A run as tables on a terminal."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from siked.engine.stats import score
from siked.journal.queries import scores
from siked.report import finding, tables
from siked.report.added import added_sections, section_table
from siked.report.tables import Table
from siked.runs.reading import shown
from siked.runs.run import Run
from siked.text.terminal import safe

FRAME = 3
"""Columns of the screen between two cells."""
LABEL = 20
"""Columns of the screen that words get at least, where they have as many; the rest wraps."""
WIDE = 180
"""Columns where output is no terminal and COLUMNS not set, so that a table in a file is never broken."""


def print_run(folder: Path, run: Run | None = None) -> None:
    """Print the tables of a finished run, or how far an unfinished one is; ``run`` is it where it is open."""
    with shown(folder):
        _print_run(screen(), run or Run(folder), folder)


def screen() -> Any:
    """Return rich's console for standard output: as wide as the terminal or COLUMNS, else :data:`WIDE`."""
    from rich.console import Console

    console = Console(highlight=False, markup=False)
    if console.is_terminal or os.environ.get("COLUMNS"):
        return console
    return Console(highlight=False, markup=False, width=WIDE)


def _print_run(console: Any, run: Run, folder: Path) -> None:
    from rich.text import Text

    if not (folder / "summary.json").exists():
        _print_progress(console, run)
        return
    summary = run.summary
    console.print(Text(safe(summary["run"]), style="bold") + Text(safe(f": {tables.heading(summary)}")))
    for table in filled_tables(run, summary):
        print_table(console, table)
    for section in added_sections(run):
        if section.rows:
            print_table(console, section_table(section))
        elif section.text:
            console.print(safe(f"{section.title}: {section.text}"))
    for line in tables.remarks(summary):
        console.print(safe(line))
    console.print(safe(tables.ending(summary)))
    console.print(tables.times(summary))
    console.print(Text(safe(finding.sentence(summary)), style="bold"))


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
    of_run = (tables.chosen(run, summary), tables.families(run, summary), tables.funnel(run))
    for table in (*(make(summary) for make in found), *of_run):
        if table.rows:
            yield table


def print_table(console: Any, table: Table) -> None:
    """Print a table; columns that do not fit beside each other go below."""
    from rich import table as rich_table
    from rich.text import Text

    for number, part in enumerate(_parts(table, console.width)):
        title = table.title + (", continued" if number else "")
        drawn = rich_table.Table(title=title, title_justify="left")
        # rich would crop what it cannot wrap, so it is told every width
        for at, width in part.items():
            column = table.columns[at]
            left = at == 0 or column in table.words
            drawn.add_column(Text(safe(column)), justify="left" if left else "right", width=width)
        for row in table.rows:
            drawn.add_row(*(Text(safe(row[at])) for at in part))
        console.print(drawn)


def _parts(table: Table, width: int) -> list[dict[int, int]]:
    """Return (column, width) of each part of a table of ``width`` at most: what names a row, what fits."""
    names = [0, 1] if len(table.columns) > 1 and table.columns[1] in table.words else [0]
    head = {at: _least(table, at) for at in names}
    spare = width - 1 - sum(least + FRAME for least in head.values())
    parts: list[dict[int, int]] = [dict(head)]
    left = [spare]
    for at in range(len(names), len(table.columns)):
        needs = _least(table, at) + FRAME
        if needs > left[-1] and len(parts[-1]) > len(names):
            parts.append(dict(head))
            left.append(spare)
        parts[-1][at] = needs - FRAME
        left[-1] -= needs
    for part, rest in zip(parts, left, strict=True):
        for at, least in part.items():
            more = max(0, min(rest, _most(table, at) - least))
            part[at] += more
            rest -= more
    return parts


def _most(table: Table, at: int) -> int:
    """Return the width at which no line of a column wraps."""
    lines = [line for row in table.rows for line in row[at].splitlines()]
    return max(map(len, [table.columns[at], *lines]))


def _least(table: Table, at: int) -> int:
    """Return the columns of the screen that a column needs: its longest word, of figures the longest line."""
    column = table.columns[at]
    wraps = at == 0 or column in table.words
    cells = [line for row in table.rows for line in row[at].splitlines()]
    longest = max((len(word) for text in cells for word in (text.split() if wraps else [text])), default=0)
    words = max(map(len, column.split()))
    return max(longest, words, min(max(map(len, cells), default=0), LABEL) if wraps else 0)


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
