"""``siked check``."""

from __future__ import annotations

from typing import Any

import click

from siked.cli.run import config_options


@click.command()
@click.argument("config", required=False)
@config_options
@click.option("--quiet", "-q", is_flag=True, help="Say nothing where all is well.")
def command(config: str | None, quiet: bool, **values: Any) -> None:
    """Check a configuration without running anything, and print it with every default.

    Takes a file and the options of ``siked run``. Names, options, data files and the student are
    looked up; nothing is loaded, asked or written.
    """
    import yaml

    from siked.cli.run import config_from, needs_training
    from siked.config import check_components
    from siked.registry import load_registry

    if config is not None:
        values["file"] = config
    found = config_from(values)
    registry = load_registry()
    check_components(found, registry)
    needs_training(found)
    if not quiet:
        click.echo(yaml.safe_dump(found.dump(), sort_keys=False), nl=False)
        click.echo("# this configuration can run")
