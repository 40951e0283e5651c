"""``siked report``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from siked.cli import completing
from siked.cli.plugin_option import plugin_option, registry_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from siked.report.figures import Figure
    from siked.report.tables import Table

    Made = tuple[list[Figure], list[Table]]


@click.command()
@click.argument(
    "runs",
    metavar="RUN...",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path),
    shell_complete=completing.run,
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Default: report.html in the folder; of several runs, comparison.html here.",
)
@click.option(
    "--figures",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Also write the figures as SVG, PDF and CSV, and the tables as LaTeX, into this folder.",
)
@plugin_option
@click.option("--trust", is_flag=True, help="Use what the run's settings name, whoever wrote them.")
def command(
    runs: tuple[Path, ...], out: Path | None, figures: Path | None, plugins: tuple[str, ...], trust: bool
) -> None:
    """Write what a run did as one HTML page, to send or print.

    It has the tables of siked show, figures, rationales to read, settings and versions. The page
    needs no network and runs no script. siked run and siked resume write it at their end. Where a
    verifier was upgraded since, its verdicts are given again first.

    Of a run that is not finished it tells where that stands. Several runs are compared with the first on
    one page. The folder of a study gives a page of its cells.
    """
    from siked.errors import UsageError
    from siked.runs.study.plan import is_study

    studies = [folder for folder in runs if is_study(folder)]
    if studies and len(runs) > 1:
        raise UsageError(f"{studies[0]}: is a study; a study has a page of its own, runs are compared on one")
    try:
        if studies:
            path, made = _study(studies[0], out)
        elif len(runs) > 1:
            path, made = _several(runs, out)
        else:
            path, made = _run(runs[0], out, plugins, trust)
    except OSError as error:
        raise UsageError(f"{error.filename or out or runs[0]}: {error.strerror or error}") from None
    click.echo(path)
    if figures is not None:
        _write_figures(figures, made)


def _run(
    folder: Path, out: Path | None, plugins: tuple[str, ...], trust: bool
) -> tuple[Path, Callable[[], Made]]:
    from siked.cli.watch import Watch
    from siked.report import standing
    from siked.report.html import run_figures, write_report
    from siked.report.terminal import filled_tables
    from siked.runs.reading import shown
    from siked.runs.run import Run, judged_by_others, resume

    registry = registry_of(plugins, folder, trust)
    if (folder / "summary.json").exists() and judged_by_others(folder, registry):
        with Watch() as reporter:
            resume(folder, registry=registry, reporter=reporter, trust=trust)
    path = write_report(folder, out)

    def made() -> Made:
        with shown(folder):
            run = Run(folder)
            return run_figures(run), list(filled_tables(run, standing.summary_of(run)))

    return path, made


def _several(folders: tuple[Path, ...], out: Path | None) -> tuple[Path, Callable[[], Made]]:
    from siked.report import several
    from siked.report.pages import write_page
    from siked.runs.reading import shown

    together = Path(", ".join(map(str, folders)))
    members = several.members(folders)
    with shown(together):
        text = several.page(members)

    def made() -> Made:
        with shown(together):
            return several.several_figures(members), several.several_tables(members)

    return write_page(out or Path("comparison.html"), text), made


def _study(folder: Path, out: Path | None) -> tuple[Path, Callable[[], Made]]:
    from siked.report import study
    from siked.report.pages import write_page

    path = write_page(out or folder / "report.html", study.page(folder))
    return path, lambda: (study.study_figures(folder), study.study_tables(folder))


def _write_figures(folder: Path, made: Callable[[], Made]) -> None:
    from siked.report import files

    figures, tables = made()
    written = files.write_files(folder, figures, tables)
    click.echo(f"{folder}: {len(figures)} figures, {len(tables)} tables, {len(written)} files")
    if not files.can_pdf():
        click.echo(files.MISSING, err=True)
