"""``siked plugins check``."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from siked.cli.plugin_option import plugin_option
from siked.cli.plugin_view import View, named

if TYPE_CHECKING:
    from siked.plugins import Plugin
    from siked.registry import Offer


@click.command("check")
@click.argument("name", metavar="NAME|FILE.py")
@click.option("--set", "sets", multiple=True, metavar="KEY=VALUE", help="An option of the components.")
@click.option(
    "--model", default="tiny", show_default=True, help="What backends open and trainers train; small."
)
@plugin_option
def check(name: str, sets: tuple[str, ...], model: str, plugins: tuple[str, ...]) -> None:
    """Check whether a component, or all that a distribution, a plugin or a file offers, can be used.

    It is loaded and made, its types and tags are looked at, its contract suite of siked.testing is run
    by pytest, and observers hear a whole run on fakes. Exit code 1 where something fails.
    """
    from siked.cli.eval import dataset_options
    from siked.errors import PluginError
    from siked.testing.checking import run_suites
    from siked.text.terminal import one_line

    files = [*plugins, name] if name.endswith(".py") else list(plugins)
    view = View.of(files)
    mine = _plugins(view, name)
    offers = _offers(view, name, mine) if mine else named(view, name)
    bad = 0
    sound: list[Offer] = []
    for offer in offers:
        try:
            told = list(_looked_at(offer))
        except PluginError as error:
            bad += 1
            click.echo(f"FAIL  {one_line(str(error), 1000)}")
            continue
        sound.append(offer)
        for line in told:
            click.echo(f"note  {one_line(f'{offer}: {line}', 1000)}")
    for found in run_suites(view.registry, sound, files=files, options=dataset_options(sets), model=model):
        bad += bool(found.failed)
        left = f", {len(found.skipped)} do not apply" if found.skipped else ""
        word = "FAIL" if found.failed else "ok  "
        click.echo(f"{word}  {one_line(f'{found.offer}: {found.passed} checks passed{left}')}")
        for line in found.failed:
            click.echo(f"      {one_line(line, 1000)}")
    for plugin in mine:
        for line in _heard(view, plugin, files):
            bad += line.startswith("FAIL")
            click.echo(f"{line[:6]}{one_line(line[6:], 1000)}")
    if bad:
        raise SystemExit(1)


def _plugins(view: View, name: str) -> list[Plugin]:
    """Return the plugins that a file, a distribution or a plugin's own name means."""
    owner = Path(name).name if name.endswith(".py") else name
    loaded = view.registry.plugins.loaded
    return [p for p in loaded if p.owner == owner] or [
        p for p in loaded if p.name == name and not any(o.name == name for o in view.registry.offers)
    ]


def _offers(view: View, name: str, plugins: Sequence[Plugin]) -> list[Offer]:
    return [offer for plugin in plugins for offer in view.offers(plugin)]


def _looked_at(offer: Offer) -> Iterator[str]:
    """Yield what a user would miss; raises :class:`siked.errors.PluginError` for what cannot be used."""
    from siked.errors import PluginError
    from siked.option_table import option_table
    from siked.plugins import described

    cls: Any = offer.load()
    try:
        options = option_table(cls)
    except Exception as error:
        raise PluginError(f"{offer} cannot be used: the types of its Options: {described(error)}") from error
    for option in options:
        if not option.help:
            yield f"option {option.name!r} has no help (metadata={{'help': ...}})"
    if cls.name != offer.name:
        yield f"its class calls it {cls.name!r}"


def _heard(view: View, plugin: Plugin, files: Sequence[str]) -> Iterator[str]:
    hooks = view.observes(plugin)
    if not hooks:
        return
    from siked.testing.runs import run_on_fakes

    with tempfile.TemporaryDirectory(prefix="siked-check-") as folder:
        run = run_on_fakes(Path(folder) / "run", plugins=files)
        from siked.journal.queries.events import events

        failed = f"plugin {plugin.name!r} of {plugin.owner} "
        notes = [data["text"] for data in events(run.journal, "note") if data["text"].startswith(failed)]
    for note in dict.fromkeys(notes):
        yield f"FAIL  {note}"
    if not notes:
        yield f"ok    {failed}{plugin.version}: heard a run by {', '.join(hooks)}"
