"""``siked check``."""

from __future__ import annotations

from typing import Any

import click

from siked.cli.plugin_option import plugin_option, registry_of
from siked.cli.run import config_options
from siked.text.terminal import safe


@click.command()
@click.argument("config", required=False)
@config_options
@click.option("--schema", is_flag=True, help="Print the JSON Schema of a file of settings, for editors.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@click.option("--quiet", "-q", is_flag=True, help="Say nothing where all is well.")
@plugin_option
def command(
    config: str | None,
    schema: bool,
    as_json: bool,
    quiet: bool,
    plugins: tuple[str, ...],
    **values: Any,
) -> None:
    """Check a configuration without running anything, and print it with every default.

    Takes a file and the options of ``siked run``. Names, options and their limits, data files, packages,
    devices, the student and the teacher's files are looked up; nothing is loaded, asked or written.
    """
    import json

    import yaml

    from siked.cli.run import config_from, preset_line
    from siked.runs.lookup import look_up, with_defaults

    if schema:
        from siked.config_schema import config_schema

        click.echo(json.dumps(config_schema(registry_of(plugins)), indent=2))
        return
    if config is not None:
        values["file"] = config
    checked = config_from(values)
    registry = registry_of(plugins)
    found = look_up(checked, registry)
    if quiet:
        return
    notes = [*map(str, registry.plugins.skipped), *found.data_notes, *found.notes]
    if as_json:
        told = {
            "preset": preset_line(values) or None,
            "train": len(found.train),
            "available": found.available,
            "notes": notes,
            "config": with_defaults(checked, registry),
        }
        click.echo(json.dumps(told, indent=2))
        return
    if applied := preset_line(values):
        click.echo(f"# preset {applied}")
    click.echo(yaml.safe_dump(with_defaults(checked, registry), sort_keys=False), nl=False)
    if len(found.train) < found.available:
        click.echo(f"# trains on {len(found.train)} of {found.available} problems (dataset.limit)")
    for note in notes:
        click.echo(safe(f"# {note}"))
    click.echo("# this configuration can run")
