"""What plugins offer, by kind and name. A name stands for ``"module:Class"`` until it is used."""

from __future__ import annotations

import dataclasses
import functools
import importlib
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from siked.errors import AmbiguousName, ConfigError, PluginError, SikedError, UnknownName
from siked.plugin_files import PluginFile, read_files
from siked.plugins import OWN, Plugin, Plugins, described, load_plugins, quiet

KINDS = (
    "strategy",
    "verifier",
    "schedule",
    "backend",
    "trainer",
    "dataset",
    "sandbox",
    "stopping",
    "cluster",
)
_HOOKS = {
    "strategy": "siked_register_strategies",
    "verifier": "siked_register_verifiers",
    "schedule": "siked_register_schedules",
    "backend": "siked_register_backends",
    "trainer": "siked_register_trainers",
    "dataset": "siked_register_datasets",
    "sandbox": "siked_register_sandboxes",
    "stopping": "siked_register_stoppings",
    "cluster": "siked_register_clusters",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One component that a distribution offers."""

    kind: str
    name: str
    owner: str
    version: str
    target: str
    """``module:Class``."""
    plugin: str = ""
    """The name of the entry point that offers it."""
    file: PluginFile | None = None
    """Of a plugin without packaging."""

    def __str__(self) -> str:
        return f"{self.kind} {self.name!r} of {self.owner} {self.version}"

    @property
    def full(self) -> str:
        """What names the component, its distribution, version and plugin."""
        return f"{self} (plugin {self.plugin!r})"

    def load(self) -> type[Any]:
        """Import the class.

        Raises :class:`siked.errors.PluginError` where that fails, or where it is no component.
        """
        module, _, attribute = self.target.partition(":")
        try:
            with quiet():
                found: type[Any] = getattr(importlib.import_module(module), attribute)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            raise PluginError(f"{self} cannot be used: {described(error)}") from error
        lacking = gaps(self.kind, found)
        if lacking:
            raise PluginError(f"{self} cannot be used: {self.target} {lacking[0]}")
        return found

    def made(self, options: Mapping[str, Any]) -> Any:
        """Import the class and make one; ``options`` have been checked.

        Raises :class:`siked.errors.PluginError` where it raises anything but an error of siked's.
        """
        cls = self.load()
        try:
            with quiet():
                return cls(cls.Options(**options))
        except (SikedError, KeyboardInterrupt):
            raise
        except BaseException as error:
            raise PluginError(f"{self} cannot be used: {described(error)}") from error


_METHODS = {
    "strategy": ("teacher_messages", "read"),
    "verifier": ("verify",),
    "schedule": ("mix",),
    "backend": ("open", "generate"),
    "trainer": ("train",),
    "dataset": ("load",),
    "sandbox": ("run", "close"),
    "stopping": ("decide",),
    "cluster": ("backend", "judge", "inspect"),
}


def gaps(kind: str, cls: object) -> list[str]:
    """Return what a class lacks to be a component of ``kind``, each as the end of a sentence."""
    if not isinstance(cls, type):
        return [f"is {type(cls).__name__}, not a class"]
    found = [] if dataclasses.is_dataclass(getattr(cls, "Options", None)) else ["has no dataclass 'Options'"]
    contract = f"siked.contracts.{kind.capitalize()}"
    for method in _METHODS[kind]:
        if not callable(getattr(cls, method, None)):
            found.append(f"has no method {method!r} ({contract}.{method})")
    for name in ("name", "version"):
        value = getattr(cls, name, None)
        if value is None and (name == "name" or kind == "verifier"):
            found.append(f"has no {name!r} ({contract}.{name})")
        elif value is not None and not isinstance(value, property) and not _is_word(value):
            found.append(f"has {name} {value!r}; it is a string ({contract}.{name})")
    tests = getattr(cls, "tests", None)
    if kind == "dataset" and not (isinstance(tests, tuple) and all(map(_is_word, tests))):
        found.append(f"has tests {tests!r}; it is a tuple of names ({contract}.tests)")
    return found


def _is_word(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


class Registry:
    """All offers of the installed plugins."""

    def __init__(self, plugins: Plugins) -> None:
        self.plugins = plugins
        self.offers: list[Offer] = []
        for plugin in list(plugins.loaded):
            try:
                self.offers += self._offers(plugin)
            except PluginError as error:
                plugins.skip(plugin, str(error))
        self.offers.sort(key=lambda offer: KINDS.index(offer.kind))

    def _offers(self, plugin: Plugin) -> list[Offer]:
        """Return all that one plugin offers; none of it counts where one of its hooks raises."""
        found: list[Offer] = []
        for kind, hook in _HOOKS.items():
            register = functools.partial(self._register, found, plugin, kind)
            try:
                with quiet():
                    self.plugins.call(plugin, hook, register=register)
            except PluginError as error:
                raise PluginError(f"{hook}: {error}") from error
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                raise PluginError(f"{hook} raised {described(error)}") from error
        return found

    def _register(self, found: list[Offer], plugin: Plugin, kind: str, name: str, target: str) -> None:
        if not isinstance(name, str) or not name.strip() or "/" in name:
            raise PluginError(f"{name!r} is no name of a {kind}")
        if not isinstance(target, str) or not all(target.partition(":")):
            raise PluginError(f"{kind} {name!r}: {target!r} is not 'module:Class'")
        for other in (*self.offers, *found):
            if (other.kind, other.name, other.owner) == (kind, name, plugin.owner):
                raise PluginError(f"{kind} {name!r} is offered twice")
        file = plugin.file
        found.append(
            Offer(
                kind=kind,
                name=name,
                owner=plugin.owner,
                version=plugin.version,
                target=file.target(target) if file is not None else target,
                plugin=plugin.name,
                file=file,
            )
        )

    def names(self, kind: str) -> list[str]:
        """Return the names of a kind, sorted."""
        return sorted({offer.name for offer in self.offers if offer.kind == kind})

    def find(self, kind: str, name: str) -> Offer:
        """Return the offer behind ``name`` or ``owner/name``.

        A bare name that siked itself offers means siked's own, whoever else offers it: installing a
        plugin changes no run. Raises :class:`UnknownName`, or :class:`AmbiguousName` where two others
        offer the name.
        """
        owner, slash, bare = name.rpartition("/")
        offers = [
            offer
            for offer in self.offers
            if offer.kind == kind
            and offer.name == (bare if slash else name)
            and (not slash or offer.owner == owner)
        ]
        if not offers:
            raise UnknownName(kind, name, self.names(kind))
        own = [offer for offer in offers if offer.owner == OWN]
        if own:
            return own[0]
        if len(offers) > 1:
            raise AmbiguousName(kind, name, [offer.owner for offer in offers])
        return offers[0]

    def shadowed(self, offer: Offer) -> list[Offer]:
        """Return what others offer under the name that means ``offer``."""
        return [
            other
            for other in self.offers
            if (other.kind, other.name) == (offer.kind, offer.name) and other.owner != offer.owner
        ]

    def address(self, offer: Offer) -> str:
        """Return what finds ``offer``: its bare name, or ``owner/name`` where that means another."""
        try:
            bare = self.find(offer.kind, offer.name) is offer
        except AmbiguousName:
            bare = False
        return offer.name if bare else f"{offer.owner}/{offer.name}"

    def make(self, kind: str, name: str, options: Mapping[str, Any] | None = None) -> Any:
        """Import the class behind ``name`` and make one from ``options``.

        Raises :class:`UnknownName`, :class:`AmbiguousName`, or :class:`ConfigError` for an option
        the component does not have.
        """
        return build(self.find(kind, name), options or {})


def build(offer: Offer, options: Mapping[str, Any]) -> Any:
    """Make the component of ``offer``; unknown options are errors."""
    known = {f.name for f in dataclasses.fields(offer.load().Options)}
    unknown = sorted(set(options) - known)
    if unknown:
        raise ConfigError(
            f"{offer.kind} {offer.name!r} has no option {unknown[0]!r}; "
            f"it has: {', '.join(sorted(known)) or 'none'}"
        )
    return offer.made(options)


def check_tags(strategies: Sequence[tuple[Offer, str]]) -> None:
    """Check the tags of the strategies of one run: what a text starts with says which one wrote it.

    Raises :class:`ConfigError` for a tag that is no word, that two share, or that starts another.
    """
    for offer, tag in strategies:
        if not isinstance(tag, str) or not tag.strip() or tag != tag.strip() or "\n" in tag:
            raise ConfigError(f"{offer}: its tag is {tag!r}; a tag is a word, such as [cot]")
    for (one, short), (other, long) in itertools.permutations(strategies, 2):
        if long == short:
            raise ConfigError(f"{one} and {other} share the tag {short!r}; a run has one of them")
        if long.startswith(short):
            raise ConfigError(
                f"the tag {short!r} of {one} starts the tag {long!r} of {other}; a run has one of them"
            )


def load_registry(files: Sequence[str | Path] = ()) -> Registry:
    """Look for what is installed, afresh; ``files`` are plugins without packaging.

    Raises :class:`siked.errors.UsageError` or :class:`PluginError` for a file that cannot be used.
    """
    return Registry(load_plugins(files=read_files(files)))


__all__ = ["KINDS", "OWN", "Offer", "Registry", "build", "check_tags", "gaps", "load_registry"]
