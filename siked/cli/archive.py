"""``siked archive`` and ``siked restore``."""

from __future__ import annotations

from pathlib import Path

import click

from siked.cli import completing
from siked.text.terminal import safe


@click.command()
@click.argument("run", type=click.Path(path_type=Path), shell_complete=completing.run)
@click.argument("url")
def command(run: Path, url: str) -> None:
    """Bring a run to other storage: its journal as Parquet, its students and tables as they are.

    URL is anything that fsspec reaches, such as s3://bucket/run or gs://bucket/run. Only what is
    new since the last time is sent.
    """
    from siked.errors import UsageError
    from siked.runs.archive import Archive

    if not (run / "run.db").exists():
        raise UsageError(f"{run}: no run there")
    archive = Archive(url)
    with archive.lock.held():
        sent = archive.push(run)
    click.echo(safe(f"{url}: {sent / 2**20:.1f} MiB sent"))


@click.command()
@click.argument("url")
@click.argument("run", type=click.Path(path_type=Path), shell_complete=completing.run)
def restore(url: str, run: Path) -> None:
    """Make the folder of a run from its archive; go on with it by 'siked resume'."""
    from siked.runs.archive import Archive

    Archive(url).pull(run)
    click.echo(safe(f"run folder: {run}"))
