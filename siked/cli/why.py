"""``siked why``."""

from __future__ import annotations

from pathlib import Path

import click

from siked.cli import completing


@click.command()
@click.argument("run", type=click.Path(path_type=Path), shell_complete=completing.run)
@click.argument("row", metavar="ITERATION:ROW")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def command(run: Path, row: str, as_json: bool) -> None:
    """Show where a training row comes from: mixture, rationale, request, verdict, sandbox.

    ROW counts from 0 in training order, as in mixture_rows. For a control, write its track first:
    equal-steps:1:0.
    """
    import json

    from siked.runs.provenance import chain, origin
    from siked.runs.reading import shown
    from siked.runs.run import Run
    from siked.text.terminal import safe

    if as_json:
        with shown(run):
            found = origin(Run(run), row)
        click.echo(json.dumps(found, indent=2))
        return
    with shown(run):
        lines = chain(Run(run), row)
    click.echo(safe("\n".join(lines)))
