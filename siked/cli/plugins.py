"""``siked plugins``."""

from __future__ import annotations

import dataclasses
import json

import click


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def command(as_json: bool) -> None:
    """List every component, observer and command that is installed, its distribution, and what could
    not be loaded."""
    from siked.cli.main import COMMANDS
    from siked.plugins import added_commands
    from siked.registry import KINDS, load_registry

    registry = load_registry()
    plugins = registry.plugins
    observers = [
        {"hook": hook, "owner": plugin.owner, "version": plugin.version, "target": plugin.target}
        for plugin in plugins.loaded
        for hook in plugins.hooks(plugin)
        if not hook.startswith(("siked_register_", "siked_add_"))
    ]
    commands = [
        {"name": name, "owner": plugin.owner, "version": plugin.version, "target": plugin.target}
        for name, (_, plugin) in sorted(added_commands(plugins, COMMANDS).items())
    ]
    if as_json:
        listed = {
            "offers": [dataclasses.asdict(offer) for offer in registry.offers],
            "observers": observers,
            "commands": commands,
            "skipped": [dataclasses.asdict(skip) for skip in plugins.skipped],
        }
        click.echo(json.dumps(listed, indent=2))
        return
    for kind in KINDS:
        offers = sorted((o for o in registry.offers if o.kind == kind), key=lambda o: (o.name, o.owner))
        for offer in offers:
            _line(kind, registry.address(offer), dataclasses.asdict(offer))
    for found in observers:
        _line("observer", found["hook"], found)
    for found in commands:
        _line("command", found["name"], found)
    for skip in plugins.skipped:
        click.echo(f"skipped   {skip.name:24}{skip.owner} {skip.version}   {skip.reason}", err=True)


def _line(kind: str, name: str, found: dict[str, str]) -> None:
    click.echo(f"{kind:10}{name:24} {found['owner']} {found['version']}   {found['target']}")
