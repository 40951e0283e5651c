"""``siked why``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("row", metavar="ITERATION:ROW")
def command(run: Path, row: str) -> None:
    """Show where a training row comes from: mixture, rationale, request, verdict, sandbox.

    ROW counts from 0 in training order, as in mixture_rows. For a control, write its track first:
    equal-steps:1:0.
    """
    from siked.runs.provenance import chain
    from siked.runs.reading import shown
    from siked.runs.run import Run
    from siked.text.terminal import safe

    with shown(run):
        lines = chain(Run(run), row)
    click.echo(safe("\n".join(lines)))
