"""``siked study``."""

from __future__ import annotations

from pathlib import Path

import click

from siked.cli.plugin_option import plugin_option, registry_of

_EPILOG = """\b
A study file:
  seeds: [0, 1, 2]
  base: {preset: tiny}
  cells:
    combined: {iterations: 0}
    adaptive: {schedule: {name: adaptive}}
    all: {schedule: {name: all}}
"""


@click.command(epilog=_EPILOG)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Default: studies/NAME.")
@click.option("--seeds", metavar="A,B", help="Seeds instead of those in the file.")
@click.option("--table", is_flag=True, help="Only print what is there; run nothing.")
@plugin_option
def command(file: Path, out: Path | None, seeds: str | None, table: bool, plugins: tuple[str, ...]) -> None:
    """Run a grid of settings and seeds, compare the cells, and print one table.

    Cells are compared with the first one, or with 'reference'. The same command goes on where a study
    was cut off. Results lie in DIR as study.json and study.md.
    """
    import json

    from siked.cli.finish import INTERRUPTED
    from siked.cli.watch import Watch
    from siked.errors import RunError
    from siked.files import write_atomically
    from siked.runs.study.execute import run_study
    from siked.runs.study.plan import load_plan
    from siked.runs.study.results import markdown, results
    from siked.text.terminal import safe

    plan = load_plan(file, _numbers(seeds))
    folder = out or Path("studies") / plan.name
    failed: dict[str, str] = {}
    if not table:
        try:
            with Watch() as reporter:
                failed = run_study(plan, folder, registry_of(plugins), reporter, reporter.note)
        except KeyboardInterrupt:
            click.echo("siked: interrupted; go on with the same command", err=True)
            raise SystemExit(INTERRUPTED) from None
    found = results(plan, folder)
    if found["runs"]:
        write_atomically(folder / "study.json", json.dumps(found, indent=2) + "\n")
        write_atomically(folder / "study.md", markdown(found))
        click.echo(safe(markdown(found)))
    click.echo(safe(f"study folder: {folder}"))
    if failed:
        raise RunError(f"{len(failed)} runs failed; the same command tries them again: {'; '.join(failed)}")


def _numbers(text: str | None) -> list[int] | None:
    if text is None:
        return None
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise click.BadParameter("seeds are whole numbers, such as 0,1,2", param_hint="--seeds") from None
