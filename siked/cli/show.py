"""``siked show``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from siked.cli import completing


@click.command()
@click.argument("run", type=click.Path(path_type=Path), shell_complete=completing.run)
@click.option("--json", "as_json", is_flag=True, help="Print summary.json.")
@click.option("--follow", "-f", is_flag=True, help="Tell what happens until no process works on the run.")
def command(run: Path, as_json: bool, follow: bool) -> None:
    """Show what a run did: accuracy by iteration and set, choice of strategy, alpha, KL, time."""
    if follow:
        from siked.cli.follow import follow as tell

        tell(run)
    if as_json:
        import json

        from siked.runs.run import Run

        # What JSON leaves as it is may still be more than text to a terminal.
        click.echo(json.dumps(Run(run).summary, indent=2, ensure_ascii=sys.stdout.isatty()))
        return
    from siked.report.terminal import print_run

    print_run(run)
