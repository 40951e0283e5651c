"""What ``siked plugins`` and its subcommands look at: everything that is installed, plugin by plugin."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from siked.plugins import Plugin, Skipped
    from siked.registry import Offer, Registry

REGISTERS = ("siked_register_", "siked_add_", "siked_report_")


@dataclasses.dataclass(frozen=True, slots=True)
class View:
    """Everything that is installed, plugin by plugin."""

    registry: Registry
    commands: dict[str, Plugin]

    @classmethod
    def of(cls, files: Sequence[str] = ()) -> View:
        """Look for what is installed."""
        from siked.cli.main import COMMANDS
        from siked.plugin_files import read_files
        from siked.plugin_probe import deadly_plugins
        from siked.plugins import added_commands, load_plugins
        from siked.registry import Registry

        read = read_files(files)
        registry = Registry(load_plugins(files=read, avoided=deadly_plugins(read)))
        added = added_commands(registry.plugins, COMMANDS)
        return cls(registry, {name: plugin for name, (_, plugin) in sorted(added.items())})

    def offers(self, plugin: Plugin) -> list[Offer]:
        """Return the components of one plugin."""
        return [o for o in self.registry.offers if (o.owner, o.plugin) == (plugin.owner, plugin.name)]

    def observes(self, plugin: Plugin) -> list[str]:
        """Return the hooks of one plugin that hear of runs."""
        hooks = self.registry.plugins.hooks(plugin)
        return [hook for hook in hooks if not hook.startswith(REGISTERS)]

    def lines(self) -> Iterator[str]:
        """Yield what is printed: by distribution, then by plugin."""
        from siked.cli.main import SLOW
        from siked.text.terminal import one_line

        owner = ""
        for plugin in self.registry.plugins.loaded:
            if plugin.owner != owner:
                owner = plugin.owner
                yield one_line(f"{plugin.owner} {plugin.version}")
            slow = f", {plugin.seconds:.1f} s to import" if plugin.seconds >= SLOW else ""
            yield "  " + one_line(f"{plugin.name} ({plugin.target}{slow})")
            for word, names in self._rows(plugin):
                yield f"    {word:10} {one_line(', '.join(names))}"

    def _rows(self, plugin: Plugin) -> Iterator[tuple[str, list[str]]]:
        by_kind: dict[str, list[str]] = {}
        for offer in self.offers(plugin):
            by_kind.setdefault(offer.kind, []).append(self.registry.address(offer))
        yield from ((kind, sorted(names)) for kind, names in by_kind.items())
        if observed := self.observes(plugin):
            yield "observes", observed
        if "siked_report_sections" in self.registry.plugins.hooks(plugin):
            yield "report", ["sections"]
        if mine := [name for name, owner in self.commands.items() if owner is plugin]:
            yield "commands", mine

    def plain(self) -> dict[str, Any]:
        """Return everything as plain values."""
        loaded = self.registry.plugins.loaded
        return {
            "plugins": [
                {
                    "name": plugin.name,
                    **_source(plugin),
                    "seconds": round(plugin.seconds, 3),
                    "hooks": self.registry.plugins.hooks(plugin),
                    "components": [{"kind": o.kind, "name": o.name} for o in self.offers(plugin)],
                    "commands": [name for name, owner in self.commands.items() if owner is plugin],
                }
                for plugin in loaded
            ],
            "offers": [plain_offer(offer) for offer in self.registry.offers],
            "observers": [
                {"hook": hook, **_source(plugin)} for plugin in loaded for hook in self.observes(plugin)
            ],
            "commands": [{"name": name, **_source(plugin)} for name, plugin in self.commands.items()],
            "skipped": [dataclasses.asdict(skip) for skip in self.registry.plugins.skipped],
        }


def _source(plugin: Plugin) -> dict[str, str]:
    return {"owner": plugin.owner, "version": plugin.version, "target": plugin.target}


def plain_offer(offer: Offer) -> dict[str, str]:
    """Return a component as plain values."""
    return {key: getattr(offer, key) for key in ("kind", "name", "owner", "version", "target", "plugin")}


def skipped_line(skipped: Skipped) -> str:
    """Return what is printed of a plugin that is not used."""
    from siked.text.terminal import one_line

    name, source = one_line(skipped.name), one_line(f"{skipped.owner} {skipped.version}")
    return f"skipped   {name:24} {source}   {one_line(skipped.reason, 1000)}"


def named(view: View, name: str) -> list[Offer]:
    """Return the components that ``name`` means: those of that name, else of that distribution or plugin.

    Raises :class:`siked.errors.UsageError` where there is none, with the reason if it is skipped.
    """
    from siked.errors import UsageError

    owner, slash, bare = name.rpartition("/")
    registry = view.registry
    found = [o for o in registry.offers if o.name == bare and (not slash or o.owner == owner)]
    found = found or [o for o in registry.offers if name in (o.owner, o.plugin)]
    if found:
        return found
    for skipped in registry.plugins.skipped:
        if name in (skipped.name, skipped.owner):
            raise UsageError(str(skipped))
    for plugin in registry.plugins.loaded:
        if name in (plugin.name, plugin.owner):
            hooks = ", ".join(registry.plugins.hooks(plugin))
            raise UsageError(f"{plugin.owner} {plugin.version} offers no component; its hooks: {hooks}")
    names = ", ".join(sorted({registry.address(o) for o in registry.offers}))
    raise UsageError(f"no component, distribution or plugin named {name!r}; components: {names}")
