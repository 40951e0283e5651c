"""``siked plugins``."""

from __future__ import annotations

import dataclasses
import json

import click


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def command(as_json: bool) -> None:
    """List every component that is installed, its distribution, and what could not be loaded."""
    from siked.registry import KINDS, load_registry

    registry = load_registry()
    skipped = registry.plugins.skipped
    if as_json:
        listed = {
            "offers": [dataclasses.asdict(offer) for offer in registry.offers],
            "skipped": [dataclasses.asdict(skip) for skip in skipped],
        }
        click.echo(json.dumps(listed, indent=2))
        return
    for kind in KINDS:
        offers = sorted((o for o in registry.offers if o.kind == kind), key=lambda o: (o.name, o.owner))
        for offer in offers:
            click.echo(f"{kind:10}{offer.name:24}{offer.owner} {offer.version}   {offer.target}")
    for skip in skipped:
        click.echo(f"skipped   {skip.name:24}{skip.owner} {skip.version}   {skip.reason}", err=True)
