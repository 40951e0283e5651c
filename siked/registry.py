"""What plugins offer, by kind and name. A name stands for ``"module:Class"`` until it is used."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from siked.errors import AmbiguousName, ConfigError, PluginError, UnknownName
from siked.plugins import OWN, Plugins, load_plugins

KINDS = ("strategy", "verifier", "schedule", "backend", "trainer", "dataset", "sandbox", "stopping")
_HOOKS = {
    "strategy": "siked_register_strategies",
    "verifier": "siked_register_verifiers",
    "schedule": "siked_register_schedules",
    "backend": "siked_register_backends",
    "trainer": "siked_register_trainers",
    "dataset": "siked_register_datasets",
    "sandbox": "siked_register_sandboxes",
    "stopping": "siked_register_stoppings",
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

    def load(self) -> type[Any]:
        """Import the class.

        Raises :class:`siked.errors.PluginError` where that fails.
        """
        module, _, attribute = self.target.partition(":")
        try:
            found: type[Any] = getattr(importlib.import_module(module), attribute)
        except (ImportError, AttributeError) as error:
            raise PluginError(
                f"{self.kind} {self.name!r} of {self.owner} {self.version} cannot be used: {error}"
            ) from error
        return found


class Registry:
    """All offers of the installed plugins."""

    def __init__(self, plugins: Plugins) -> None:
        self.plugins = plugins
        self.offers: list[Offer] = []
        for kind, hook in _HOOKS.items():
            for plugin in plugins.loaded:
                implementation = getattr(plugin.module, hook, None)
                if implementation is None:
                    continue
                others = [p.module for p in plugins.loaded if p.module is not plugin.module]
                found: list[Offer] = []

                def register(
                    name: str,
                    target: str,
                    *,
                    kind: str = kind,
                    owner: str = plugin.owner,
                    version: str = plugin.version,
                    found: list[Offer] = found,
                ) -> None:
                    found.append(Offer(kind=kind, name=name, owner=owner, version=version, target=target))

                plugins.manager.subset_hook_caller(hook, others)(register=register)
                self.offers += found

    def names(self, kind: str) -> list[str]:
        """Return the names of a kind, sorted."""
        return sorted({offer.name for offer in self.offers if offer.kind == kind})

    def find(self, kind: str, name: str) -> Offer:
        """Return the offer behind ``name`` or ``owner/name``.

        Raises :class:`UnknownName` or :class:`AmbiguousName`. A bare name that siked itself
        offers is ambiguous too when a stranger offers it: nothing is replaced silently.
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
        if len(offers) > 1:
            raise AmbiguousName(kind, name, [offer.owner for offer in offers])
        return offers[0]

    def make(self, kind: str, name: str, options: Mapping[str, Any] | None = None) -> Any:
        """Import the class behind ``name`` and make one from ``options``.

        Raises :class:`UnknownName`, :class:`AmbiguousName`, or :class:`ConfigError` for an option
        the component does not have.
        """
        return build(self.find(kind, name), options or {})


def build(offer: Offer, options: Mapping[str, Any]) -> Any:
    """Make the component of ``offer``; unknown options are errors."""
    cls = offer.load()
    known = {f.name for f in dataclasses.fields(cls.Options)}
    unknown = sorted(set(options) - known)
    if unknown:
        raise ConfigError(
            f"{offer.kind} {offer.name!r} has no option {unknown[0]!r}; "
            f"it has: {', '.join(sorted(known)) or 'none'}"
        )
    return cls(cls.Options(**options))


def load_registry() -> Registry:
    """Look for what is installed, afresh."""
    return Registry(load_plugins())


__all__ = ["KINDS", "OWN", "Offer", "Registry", "build", "load_registry"]
