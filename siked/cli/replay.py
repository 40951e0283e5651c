"""``siked replay``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from siked.cli import completing
from siked.cli.plugin_option import plugin_option, registry_of

if TYPE_CHECKING:
    from siked.runs.replay import Replayed

SHOWN = 10


@click.command()
@click.argument("run", type=click.Path(path_type=Path), shell_complete=completing.run)
@click.option(
    "--verifier",
    default="",
    metavar="NAME",
    help="Judge by another verifier.",
    shell_complete=completing.component("verifier"),
)
@click.option("--json", "as_json", is_flag=True, help="Print as JSON, with everything that differs.")
@plugin_option
@click.option("--trust", is_flag=True, help="Use what the run's settings name, whoever wrote them.")
def command(run: Path, verifier: str, as_json: bool, plugins: tuple[str, ...], trust: bool) -> None:
    """Verify and mix a run again from its journal, without a model, and say what differs.

    The run stays as it is. Exit code 0: every verdict and every training row is the same; 1: some differ.
    """
    import json
    import tempfile

    from siked.cli.watch import Watch
    from siked.runs.replay import replay
    from siked.text.terminal import one_line

    with tempfile.TemporaryDirectory(prefix="siked-") as scratch, Watch() as reporter:
        registry = registry_of(plugins, run, trust)
        found = replay(run, Path(scratch), registry, reporter, verifier, trust)
    if as_json:
        click.echo(json.dumps(_plain(found), indent=2))
        raise SystemExit(0 if found.same else 1)
    click.echo(f"verdicts: {found.verdicts} given again, {len(found.changed)} differ")
    for row, word in found.changed[:SHOWN]:
        where = (
            f"{row['problem']} {row['strategy'] or 'none'} {row['track']} {row['iteration']} {row['step']}"
        )
        click.echo("  " + one_line(f"{where}: was {row['word'].strip()}, is {word.strip()}"))
    if len(found.changed) > SHOWN:
        click.echo(f"  and {len(found.changed) - SHOWN} more")
    for iteration, (rows, added, gone, equal) in found.mixtures.items():
        told = "the same" if equal else f"{added} new, {gone} gone"
        click.echo(f"mixture of iteration {iteration}: {rows} rows, {told}")
    if not found.same:
        raise SystemExit(1)


def _plain(found: Replayed) -> dict[str, Any]:
    return {
        "same": found.same,
        "verdicts": found.verdicts,
        "changed": [
            {key: value for key, value in row.items() if key != "word"}
            | {"was": row["word"].strip(), "is": word.strip()}
            for row, word in found.changed
        ],
        "mixtures": [
            {"iteration": iteration, "rows": rows, "new": new, "gone": gone, "same": same}
            for iteration, (rows, new, gone, same) in found.mixtures.items()
        ],
    }
