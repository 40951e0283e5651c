"""``siked resume``."""

from __future__ import annotations

from pathlib import Path

import click

from siked.cli import completing
from siked.cli.plugin_option import plugin_option
from siked.text.terminal import safe


@click.command()
@click.argument("run", type=click.Path(path_type=Path), shell_complete=completing.run)
@click.option("--iterations", "-t", type=click.IntRange(0), metavar="T", help="Raise T to this.")
@click.option("--retry-failed", is_flag=True, help="Ask again where a request failed.")
@click.option("--max-cost", type=float, metavar="C", help="What the teacher may cost in all.")
@click.option("--max-tokens", type=int, metavar="N", help="What tokens the teacher may use in all.")
@click.option(
    "--set", "sets", multiple=True, metavar="KEY=VALUE", help="A setting that decides nothing made so far."
)
@click.option("--cache", metavar="DIR", help="Texts and students that runs share.")
@click.option("--sync", metavar="URL", help="Bring the run there after every step; see 'siked archive'.")
@plugin_option
@click.option("--trust", is_flag=True, help="Use what the run's settings name, whoever wrote them.")
def command(
    run: Path,
    iterations: int | None,
    retry_failed: bool,
    max_cost: float | None,
    max_tokens: int | None,
    sets: tuple[str, ...],
    cache: str | None,
    plugins: tuple[str, ...],
    sync: str | None,
    trust: bool,
) -> None:
    """Go on with a run from what is missing.

    Nothing that stands in the journal is asked or trained again. A finished run can be given more
    iterations or controls. --set changes what is still to be done; of a setting that decides what is
    there, it says what would have to be made again.
    """
    from siked.cli.finish import guarded
    from siked.runs.run import resume
    from siked.settings import assignment, merged

    click.echo(safe(f"run folder: {run}"))
    with guarded(run) as reporter:
        resume(
            run,
            iterations=iterations,
            retry_failed=retry_failed,
            budget={k: v for k, v in (("max_cost", max_cost), ("max_tokens", max_tokens)) if v is not None},
            settings=merged([assignment(text) for text in sets]),
            plugins=plugins,
            reporter=reporter,
            cache=cache,
            sync=sync,
            trust=trust,
        )
