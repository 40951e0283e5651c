"""``siked init``."""

from __future__ import annotations

from pathlib import Path

import click

from siked.text.terminal import safe

KINDS = (
    *("strategy", "verifier", "schedule", "backend", "trainer", "dataset", "sandbox", "stopping"),
    *("observer", "run"),
)


@click.command()
@click.argument("kind", type=click.Choice(KINDS), metavar="KIND|run")
@click.argument("name", required=False)
@click.option("--out", default=".", type=click.Path(path_type=Path), metavar="DIR", help="Where to write.")
def command(kind: str, name: str | None, out: Path) -> None:
    """Write the start of a plugin, or a configuration.

    KIND is strategy, verifier, schedule, backend, trainer, dataset, sandbox, stopping or observer: a
    distribution siked-NAME with one of these, that installs and passes its tests as it is. With 'run' a file
    of settings, NAME or siked.yaml, that has every key with what it means, and its schema for editors.

    \b
      siked init strategy tree-of-thought
      pip install -e "siked-tree-of-thought[test]" && pytest siked-tree-of-thought
    """
    if kind == "run":
        from siked.scaffold.settings import write_settings

        for path in write_settings(out / (name or "siked.yaml")):
            click.echo(safe(f"written: {path}"))
        return
    if name is None:
        raise click.UsageError(f"name the {kind}: siked init {kind} NAME")
    from siked.scaffold.plugin import write_plugin

    root = write_plugin(kind, name, out)
    click.echo(safe(f"written: {root}"))
    click.echo(f'next: pip install -e "{root}[test]"; siked plugins check {root.name}; pytest {root}')
