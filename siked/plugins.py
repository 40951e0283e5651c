"""Finding plugins: distributions with entry points in the group ``siked``.

Nothing is loaded at import; :func:`load_plugins` returns a fresh manager every time. One broken
plugin never hides the others, whatever it raises: it is skipped with a reason, and
``SIKED_STRICT_PLUGINS=1`` raises instead. ``SIKED_PLUGINS=acme,other`` lets only those
distributions in beside siked's own, an empty value none. What a plugin prints while it is loaded
goes to standard error, where it cannot spoil what a command prints. A plugin without packaging is a
file that the user names; where it cannot be loaded that is an error, since it was asked for.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import time
import traceback
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import Distribution, EntryPoint, distributions
from typing import TYPE_CHECKING, Any

import pluggy

from siked import hookspecs
from siked.errors import PluginError
from siked.plugin_files import PluginFile

if TYPE_CHECKING:
    import click

GROUP = "siked"
OWN = "siked"
"""The distribution whose entry points always load."""
Avoided = Mapping[tuple[str, str], str]
"""(owner, name) of plugins that are not to be loaded, and why."""
Before = Callable[[str, str], None]
"""Told owner and name of a plugin each time that its code is about to run."""
LONGEST = 600
"""Characters of an exception that a line shows; its log has them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """One entry point that was loaded."""

    name: str
    owner: str
    """Name of the distribution, normalised."""
    version: str
    target: str
    module: Any
    seconds: float = 0.0
    """How long its import took."""
    file: PluginFile | None = None
    """The file of a plugin without packaging."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """One entry point that is not used, or one of its commands that is not, and why."""

    name: str
    owner: str
    version: str
    reason: str

    def __str__(self) -> str:
        return f"plugin {self.name!r} of {self.owner} {self.version} is skipped: {self.reason}"


@dataclass(slots=True)
class Plugins:
    """What is installed: the pluggy manager, and the entry points behind it."""

    manager: pluggy.PluginManager
    loaded: list[Plugin] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    before: Before | None = None

    def hooks(self, plugin: Plugin) -> list[str]:
        """Return the names of the hooks that a plugin implements, sorted."""
        return sorted(caller.name for caller in self.manager.get_hookcallers(plugin.module) or ())

    def call(self, plugin: Plugin, hook: str, **arguments: Any) -> None:
        """Call ``hook`` of one plugin, if it implements it; what it raises is passed on."""
        self.ask(plugin, hook, **arguments)

    def ask(self, plugin: Plugin, hook: str, **arguments: Any) -> list[Any]:
        """Call ``hook`` of one plugin and return its answers but None; what it raises is passed on."""
        if self.before is not None:
            self.before(plugin.owner, plugin.name)
        others = [other.module for other in self.loaded if other is not plugin]
        answers: list[Any] = self.manager.subset_hook_caller(hook, others)(**arguments)
        return answers

    def call_each(self, hook: str, **arguments: Any) -> list[tuple[Plugin, BaseException]]:
        """Call ``hook`` of one plugin after the other; return those that raised."""
        failed: list[tuple[Plugin, BaseException]] = []
        for plugin in self.implementing(hook):
            try:
                self.call(plugin, hook, **arguments)
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                if strict():
                    raise
                failed.append((plugin, error))
        return failed

    def implementing(self, hook: str) -> list[Plugin]:
        """Return the plugins that implement ``hook``, in the order they were loaded."""
        modules = {id(found.plugin) for found in getattr(self.manager.hook, hook).get_hookimpls()}
        return [plugin for plugin in self.loaded if id(plugin.module) in modules]

    def skip(self, plugin: Plugin, reason: str) -> None:
        """Take a plugin out that was loaded but cannot be used.

        Raises :class:`PluginError` for a file that the user named, and for any under
        ``SIKED_STRICT_PLUGINS=1``.
        """
        self.loaded.remove(plugin)
        self.manager.unregister(plugin.module)
        skipped = Skipped(name=plugin.name, owner=plugin.owner, version=plugin.version, reason=reason)
        if plugin.file is not None:
            raise PluginError(f"plugin {plugin.file.path} cannot be used: {reason}")
        self.tell(skipped)

    @property
    def files(self) -> list[PluginFile]:
        """The plugin files that are loaded."""
        return [plugin.file for plugin in self.loaded if plugin.file is not None]

    def tell(self, skipped: Skipped) -> None:
        """Note what is not used; raises :class:`PluginError` under ``SIKED_STRICT_PLUGINS=1``."""
        if strict():
            raise PluginError(str(skipped))
        self.skipped.append(skipped)


def strict() -> bool:
    """Whether a plugin's failure is ours too (``SIKED_STRICT_PLUGINS=1``)."""
    return os.environ.get("SIKED_STRICT_PLUGINS", "") not in ("", "0")


def load_plugins(
    *,
    own: bool = True,
    files: Sequence[PluginFile] = (),
    avoided: Avoided | None = None,
    before: Before | None = None,
) -> Plugins:
    """Load every entry point of the group and return them with a fresh manager; without ``own`` those
    of other distributions only. ``files`` come after them. What is ``avoided`` is skipped with its reason.

    Raises :class:`PluginError` for a file that cannot be loaded.
    """
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    plugins = Plugins(manager, before=before)
    avoided = avoided or {}
    for dist, point in _entry_points(plugins):
        owner = _normal(dist.name)
        if owner == OWN and not own:
            continue
        wrong = _wrong_siked(dist) if owner != OWN else ""
        version = _version(dist)
        wrong = wrong or avoided.get((owner, point.name), "")
        reason = wrong or _load(plugins, point.name, owner, version, point.value, point.load)
        if reason:
            plugins.tell(Skipped(name=point.name, owner=owner, version=version, reason=reason))
    for file in files:
        reason = avoided.get((file.name, file.path.stem), "") or _load(
            plugins, file.path.stem, file.name, file.digest, str(file.path), file.load, file
        )
        if not reason and not plugins.hooks(plugins.loaded[-1]):
            reason = "it implements no hook of siked; its functions need @siked.hookimpl"
        if reason:
            raise PluginError(f"plugin {file.path} cannot be used: {reason}")
    return plugins


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Send to standard error what is printed inside, by this process or one that it starts."""
    with contextlib.redirect_stdout(sys.stderr), _descriptor_1_to_2():
        yield


@contextlib.contextmanager
def _descriptor_1_to_2() -> Iterator[None]:
    try:
        kept = os.dup(1)
    except OSError:  # it is closed
        yield
        return
    try:
        if sys.__stdout__ is not None:
            with contextlib.suppress(OSError, ValueError):
                sys.__stdout__.flush()
        with contextlib.suppress(OSError):
            os.dup2(2, 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def added_commands(plugins: Plugins, taken: Collection[str]) -> dict[str, tuple[click.Command, Plugin]]:
    """Return the commands that plugins add, each with its plugin.

    A name in ``taken`` stays with siked, and of two plugins the first keeps it; that and a hook that
    raises are told among the skipped.
    """
    found: dict[str, tuple[click.Command, Plugin]] = {}
    for plugin in plugins.implementing("siked_add_commands"):
        for name, command in _commands(plugins, plugin).items():
            other = "siked" if name in taken else found[name][1].owner if name in found else ""
            if other:
                _tell_command(plugins, plugin, f"its command {name!r} is left out: {other} has one already")
            else:
                found[name] = (command, plugin)
    return found


def _commands(plugins: Plugins, plugin: Plugin) -> dict[str, click.Command]:
    import click

    group = click.Group()
    try:
        with quiet():
            plugins.call(plugin, "siked_add_commands", group=group)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        _tell_command(plugins, plugin, f"siked_add_commands raised {described(error)}")
        return {}
    found: dict[str, click.Command] = {}
    for name, command in group.commands.items():
        if isinstance(command, click.Command):
            found[str(name)] = command
        else:
            _tell_command(plugins, plugin, f"its command {name!r} is left out: it is no click.Command")
    return found


def _tell_command(plugins: Plugins, plugin: Plugin, reason: str) -> None:
    plugins.tell(Skipped(name=plugin.name, owner=plugin.owner, version=plugin.version, reason=reason))


def described(error: BaseException) -> str:
    """Return an exception as one line: its type and message."""
    try:
        text = " ".join(str(error).split())
    except Exception:
        text = "(its text cannot be shown)"
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]}..."
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def whole_story(error: BaseException) -> str:
    """Return an exception with its traceback, as text for a log."""
    return "".join(traceback.format_exception(error))


def _entry_points(plugins: Plugins) -> list[tuple[Distribution, EntryPoint]]:
    # importlib lists distributions in sys.path order, and an editable install can stand there
    # twice; sort, and take each name once.
    allowed = os.environ.get("SIKED_PLUGINS")
    allow = None if allowed is None else {_normal(name) for name in allowed.split(",") if name.strip()}
    found: dict[tuple[str, str], tuple[Distribution, EntryPoint]] = {}
    for dist in distributions():
        try:
            # Reading a distribution's name parses its whole metadata: only of those that can be plugins.
            if f"[{GROUP}]" not in (dist.read_text("entry_points.txt") or ""):
                continue
            name = dist.metadata["Name"]
            if not name:
                _tell_unreadable(plugins, dist, "its METADATA has no Name")
            elif allow is None or _normal(name) in allow | {OWN}:
                for point in dist.entry_points:
                    if point.group == GROUP:
                        found.setdefault((_normal(name), point.name), (dist, point))
        except (Exception, SystemExit) as error:
            if isinstance(error, PluginError):
                raise
            _tell_unreadable(plugins, dist, f"its metadata cannot be read: {described(error)}")
    return [found[key] for key in sorted(found, key=lambda k: (k[0] != OWN, k))]


def _tell_unreadable(plugins: Plugins, dist: Distribution, reason: str) -> None:
    """Tell of a distribution that has no name to go by: by its folder."""
    folder = getattr(dist, "_path", None)
    name = folder.name.partition("-")[0] if folder is not None else "?"
    plugins.tell(Skipped(name=name, owner=_normal(name), version="?", reason=reason))


def _version(dist: Distribution) -> str:
    try:
        return str(dist.version or "?")
    except Exception:
        return "?"


def _load(
    plugins: Plugins,
    point: str,
    owner: str,
    version: str,
    target: str,
    load: Callable[[], Any],
    file: PluginFile | None = None,
) -> str:
    """Load one plugin; return why it was skipped, or nothing."""
    if plugins.before is not None:
        plugins.before(owner, point)
    start = time.perf_counter()
    try:
        with quiet():
            module = load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return f"cannot be imported: {described(error)}"
    seconds = time.perf_counter() - start
    if any(p.module is module for p in plugins.loaded):
        return ""  # two entry points may name one module: its hooks must run once
    name = f"{owner}:{point}"
    try:
        with quiet():
            plugins.manager.register(module, name)
            plugins.manager.check_pending()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        if plugins.manager.get_plugin(name) is not None:
            plugins.manager.unregister(name=name)
        return (str(error).splitlines() or [type(error).__name__])[-1]
    plugins.loaded.append(
        Plugin(
            name=point,
            owner=owner,
            version=version,
            target=target,
            module=module,
            seconds=seconds,
            file=file,
        )
    )
    return ""


def _wrong_siked(dist: Distribution) -> str:
    """Say whether ``dist`` asks for another siked than this one."""
    from packaging.requirements import InvalidRequirement, Requirement

    from siked import __version__

    try:
        lines = dist.requires or []
    except Exception as error:
        return f"its metadata cannot be read: {described(error)}"
    for line in lines:
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
