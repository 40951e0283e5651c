"""``siked report``."""

from __future__ import annotations

from pathlib import Path

import click

from siked.cli import completing
from siked.cli.plugin_option import plugin_option, registry_of


@click.command()
@click.argument("run", type=click.Path(path_type=Path), shell_complete=completing.run)
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Default: RUN/report.html."
)
@plugin_option
@click.option("--trust", is_flag=True, help="Use what the run's settings name, whoever wrote them.")
def command(run: Path, out: Path | None, plugins: tuple[str, ...], trust: bool) -> None:
    """Write what a finished run did as one HTML page, to send or print.

    It has the tables of siked show, figures, rationales to read, settings and versions. The page
    needs no network and runs no script. siked run and siked resume write it at their end. Where a
    verifier was upgraded since, its verdicts are given again first.
    """
    from siked.cli.watch import Watch
    from siked.errors import UsageError
    from siked.report.html import write_report
    from siked.runs.run import judged_by_others, resume

    registry = registry_of(plugins, run, trust)
    if (run / "summary.json").exists() and judged_by_others(run, registry):
        with Watch() as reporter:
            resume(run, registry=registry, reporter=reporter, trust=trust)
    try:
        click.echo(write_report(run, out))
    except OSError as error:
        raise UsageError(f"{out or run / 'report.html'}: {error.strerror or error}") from None
