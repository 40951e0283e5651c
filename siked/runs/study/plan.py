"""What a study runs: cells (named settings over a common base) and seeds."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from siked.config import RunConfig, check_components, load_config, merged
from siked.errors import ConfigError, UsageError
from siked.files import check_file, write_atomically
from siked.registry import Registry
from siked.settings import yaml_value

KEPT = "study.yaml"
"""What a study runs, in its folder."""
KEYS = ("name", "seeds", "reference", "base", "cells")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A study, as its file tells it."""

    name: str
    seeds: tuple[int, ...]
    reference: str
    """The cell (or ``cell/control``) that all others are compared with."""
    base: Mapping[str, Any]
    """Settings that all cells share; ``preset`` may be among them."""
    cells: Mapping[str, Mapping[str, Any]]
    """Settings of each cell over the base."""

    def config(self, cell: str, seed: int) -> RunConfig:
        """Return the configuration of one run."""
        try:
            return load_config(flags=merged([self.base, self.cells[cell], {"seed": seed}]))
        except ConfigError as error:
            raise ConfigError(f"cell {cell!r}: {error}") from None

    def check(self, registry: Registry) -> None:
        """Check every cell before anything is spent."""
        for cell in self.cells:
            config = self.config(cell, self.seeds[0])
            try:
                check_components(config, registry)
            except UsageError as error:
                raise ConfigError(f"cell {cell!r}: {error}") from None
        cell, _, control = self.reference.partition("/")
        if cell not in self.cells:
            raise ConfigError(f"reference {self.reference!r} is no cell; there are: {', '.join(self.cells)}")
        if control and control not in self.config(cell, self.seeds[0]).controls:
            raise ConfigError(f"reference {self.reference!r}: cell {cell!r} trains no control {control!r}")


def load_plan(path: Path, seeds: Sequence[int] | None = None) -> Plan:
    """Read a study file; ``seeds`` replaces its seeds.

    Raises :class:`ConfigError` that names the key and what would fit.
    """
    plan = parse_plan(yaml_value(path), path)
    return replace(plan, seeds=tuple(seeds)) if seeds else plan


def keep_plan(plan: Plan, folder: Path) -> None:
    """Write what a study runs into its folder, so that the folder can be read without its file."""
    values = {**asdict(plan), "seeds": list(plan.seeds)}
    write_atomically(folder / KEPT, yaml.safe_dump(values, sort_keys=False, allow_unicode=True))


def is_study(folder: Path) -> bool:
    """Whether a folder is one of a study."""
    return any((folder / name).is_file() for name in (KEPT, "study.json"))


def kept_plan(folder: Path) -> Plan:
    """Return what the study in a folder runs, by the plan that it keeps, else by its results and runs.

    Raises :class:`ConfigError` where neither is one.
    """
    for name in (KEPT, "study.json"):
        check_file(folder / name)
    if (folder / KEPT).exists():
        return load_plan(folder / KEPT)
    found = yaml_value(folder / "study.json")
    cells = sorted(place.name for place in (folder / "runs").glob("*") if place.is_dir())
    keys = {"study": "name", "seeds": "seeds", "reference": "reference"}
    known = found if isinstance(found, Mapping) else {}
    values = {new: known[old] for old, new in keys.items() if old in known}
    return parse_plan({**values, "cells": {cell: {} for cell in cells}}, folder / "study.json")


def parse_plan(values: Any, path: Path) -> Plan:
    """Check the shape of a study file."""
    if not isinstance(values, Mapping):
        raise ConfigError(f"{path}: a study is a mapping of {', '.join(KEYS)}")
    unknown = [key for key in values if key not in KEYS]
    if unknown:
        raise ConfigError(f"{path}: unknown key {unknown[0]!r}; there are: {', '.join(KEYS)}")
    cells = values.get("cells")
    if not isinstance(cells, Mapping) or not cells:
        raise ConfigError(f"{path}: 'cells' maps names to settings, such as all: {{schedule: {{name: all}}}}")
    for name, settings in cells.items():
        if not re.fullmatch(r"[\w+-][\w.+-]*", str(name)):
            raise ConfigError(
                f"{path}: cell {name!r}: a name has letters, digits, and . _ + - only, and begins with no dot"
            )
        if settings is not None and not isinstance(settings, Mapping):
            raise ConfigError(f"{path}: cell {name!r} is a mapping of settings, or empty")
    seeds = values.get("seeds", [0])
    if not isinstance(seeds, list) or not seeds or not all(type(s) is int and s >= 0 for s in seeds):
        raise ConfigError(f"{path}: 'seeds' is a list of whole numbers, such as [0, 1, 2]")
    if len(set(seeds)) < len(seeds):
        raise ConfigError(f"{path}: 'seeds' names one twice")
    name = str(values.get("name", path.stem))
    if not re.fullmatch(r"[\w+-][\w .+-]*", name):
        raise ConfigError(f"{path}: name {name!r}: it names a folder, so letters, digits and . _ + - only")
    return Plan(
        name=name,
        seeds=tuple(seeds),
        reference=str(values.get("reference", next(iter(cells)))),
        base=dict(values.get("base") or {}),
        cells={str(name): dict(settings or {}) for name, settings in cells.items()},
    )
