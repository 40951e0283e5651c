"""Finding plugins: distributions with entry points in the group ``siked``.

Nothing is loaded at import; :func:`load_plugins` returns a fresh manager every time. One broken
plugin never hides the others: it is skipped with a reason, and ``SIKED_STRICT_PLUGINS=1`` raises
instead. ``SIKED_PLUGINS=acme,other`` lets only those distributions in beside siked's own, an
empty value none.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from importlib.metadata import Distribution, EntryPoint, distributions
from typing import TYPE_CHECKING, Any

import pluggy

from siked import hookspecs
from siked.errors import PluginError

if TYPE_CHECKING:
    import click

GROUP = "siked"
OWN = "siked"
"""The distribution whose entry points always load."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """One entry point that was loaded."""

    name: str
    owner: str
    """Name of the distribution, normalised."""
    version: str
    target: str
    module: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """One entry point that was not loaded, and why."""

    name: str
    owner: str
    version: str
    reason: str


@dataclass(slots=True)
class Plugins:
    """What is installed: the pluggy manager, and the entry points behind it."""

    manager: pluggy.PluginManager
    loaded: list[Plugin] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)

    def call_each(self, hook: str, **arguments: Any) -> list[tuple[Plugin, BaseException]]:
        """Call ``hook`` of one plugin after the other; return those that raised."""
        failed: list[tuple[Plugin, BaseException]] = []
        modules = {id(p.module) for p in self.loaded}
        for plugin in self.loaded:
            if not hasattr(plugin.module, hook):
                continue
            others = [p.module for p in self.loaded if p.module is not plugin.module]
            caller = self.manager.subset_hook_caller(hook, others if len(modules) > 1 else [])
            try:
                caller(**arguments)
            except Exception as error:
                if strict():
                    raise
                failed.append((plugin, error))
        return failed


def strict() -> bool:
    """Whether a plugin's failure is ours too (``SIKED_STRICT_PLUGINS=1``)."""
    return os.environ.get("SIKED_STRICT_PLUGINS", "") not in ("", "0")


def load_plugins() -> Plugins:
    """Load every entry point of the group and return them with a fresh manager."""
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    plugins = Plugins(manager)
    for dist, point in _entry_points():
        owner, version = _normal(dist.name), dist.version
        reason = _load(plugins, dist, point, owner)
        if reason:
            if strict():
                raise PluginError(f"plugin {point.name!r} of {owner} {version}: {reason}")
            plugins.skipped.append(Skipped(name=point.name, owner=owner, version=version, reason=reason))
    return plugins


def added_commands(taken: Collection[str]) -> dict[str, click.Command]:
    """Return the commands that plugins add; names in ``taken`` stay with siked."""
    import click

    group = click.Group()
    load_plugins().call_each("siked_add_commands", group=group)
    return {name: command for name, command in group.commands.items() if name not in taken}


def _entry_points() -> list[tuple[Distribution, EntryPoint]]:
    # importlib lists distributions in sys.path order, and an editable install can stand there
    # twice; sort, and take each name once.
    allowed = os.environ.get("SIKED_PLUGINS")
    allow = None if allowed is None else {_normal(name) for name in allowed.split(",") if name.strip()}
    found: dict[tuple[str, str], tuple[Distribution, EntryPoint]] = {}
    for dist in distributions():
        name = dist.metadata["Name"]
        if not name or (allow is not None and _normal(name) not in allow | {OWN}):
            continue
        for point in dist.entry_points:
            if point.group == GROUP:
                found.setdefault((_normal(name), point.name), (dist, point))
    return [found[key] for key in sorted(found, key=lambda k: (k[0] != OWN, k))]


def _load(plugins: Plugins, dist: Distribution, point: EntryPoint, owner: str) -> str:
    """Load one entry point; return why it was skipped, or nothing."""
    wrong = _wrong_siked(dist) if owner != OWN else ""
    if wrong:
        return wrong
    try:
        module = point.load()
    except Exception as error:
        return f"cannot be imported: {type(error).__name__}: {error}"
    if any(p.module is module for p in plugins.loaded):
        return ""  # two entry points may name one module: its hooks must run once
    name = f"{owner}:{point.name}"
    try:
        plugins.manager.register(module, name)
        plugins.manager.check_pending()
    except (pluggy.PluginValidationError, ValueError) as error:
        # pluggy up to 1.6 keeps a plugin that it has refused half registered
        if plugins.manager.get_plugin(name) is not None:
            plugins.manager.unregister(name=name)
        return str(error).splitlines()[-1]
    plugins.loaded.append(
        Plugin(name=point.name, owner=owner, version=dist.version, target=point.value, module=module)
    )
    return ""


def _wrong_siked(dist: Distribution) -> str:
    """Say whether ``dist`` asks for another siked than this one."""
    from packaging.requirements import InvalidRequirement, Requirement

    from siked import __version__

    for line in dist.requires or []:
        try:
            need = Requirement(line)
        except InvalidRequirement:
            continue
        if (
            _normal(need.name) == OWN
            and not need.marker
            and not need.specifier.contains(__version__, prereleases=True)
        ):
            return f"wants siked{need.specifier}, this is siked {__version__}"
    return ""


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
