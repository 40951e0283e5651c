"""``siked plugins``: what is installed, what a component takes, and whether a plugin keeps its contracts."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from siked.cli.plugin_option import plugin_option
from siked.cli.plugin_view import View, named, plain_offer, skipped_line

if TYPE_CHECKING:
    from siked.registry import Offer, Registry


class _Group(click.Group):
    """A group whose command ``check`` is imported when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all."""
        return [*super().list_commands(ctx), "check"]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one."""
        if cmd_name == "check":
            from siked.cli.plugins_check import check

            return check
        return super().get_command(ctx, cmd_name)


@click.group(cls=_Group, invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@plugin_option
@click.pass_context
def command(context: click.Context, as_json: bool, plugins: tuple[str, ...]) -> None:
    """List every plugin with its distribution, components, observers and commands, and what is skipped
    and why.

    \b
      siked plugins show numeric        what a component is and its options
      siked plugins check mine.py       whether a plugin keeps its contracts
    """
    if context.invoked_subcommand is not None:
        if as_json or plugins:
            raise click.UsageError(
                f"write the options behind the word: siked plugins {context.invoked_subcommand}"
            )
        return
    found = View.of(plugins)
    if as_json:
        click.echo(json.dumps(found.plain(), indent=2))
        return
    for line in found.lines():
        click.echo(line)
    for skipped in found.registry.plugins.skipped:
        click.echo(skipped_line(skipped), err=True)


@command.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@plugin_option
def show(name: str, as_json: bool, plugins: tuple[str, ...]) -> None:
    """Show what NAME is: a component, owner/component, a distribution or a plugin, with every option's
    type, default, limits and meaning."""
    view = View.of(plugins)
    offers = named(view, name)
    if as_json:
        click.echo(json.dumps([_shown(offer) for offer in offers], indent=2))
        return
    click.echo("\n\n".join("\n".join(_page(view.registry, offer)) for offer in offers))


def _shown(offer: Offer) -> dict[str, Any]:
    from siked.errors import PluginError
    from siked.option_table import option_table
    from siked.plugins import described

    cls = offer.load()
    try:
        options = option_table(cls)
    except Exception as error:
        raise PluginError(f"{offer} cannot be used: the types of its Options: {described(error)}") from error
    return {
        **plain_offer(offer),
        "component_version": str(getattr(cls, "version", "")),
        "summary": _summary(cls),
        "options": [dataclasses.asdict(option) for option in options],
    }


def _page(registry: Registry, offer: Offer) -> Iterator[str]:
    from siked.errors import PluginError
    from siked.text.terminal import one_line, safe

    yield one_line(offer.full)
    try:
        shown = _shown(offer)
    except PluginError as error:
        yield f"  {one_line(str(error), 1000)}"
        return
    if shown["summary"]:
        yield f"  {one_line(shown['summary'])}"
    yield f"  class    {one_line(offer.target)}"
    if shown["component_version"]:
        yield f"  version  {one_line(shown['component_version'])}"
    yield f"  asked as {one_line(registry.address(offer))}"
    if not shown["options"]:
        yield "  no options"
    for option in shown["options"]:
        limits = f", {option['limits']}" if option["limits"] else ""
        yield safe(f"  {option['name']}: {option['type']}{limits}; default {option['default']}")
        if option["help"]:
            yield f"      {one_line(option['help'], 1000)}"


def _summary(cls: type[Any]) -> str:
    import inspect

    text = inspect.cleandoc(cls.__doc__ or "")
    return " ".join(text.partition("\n\n")[0].split())
