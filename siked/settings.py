"""Values of a configuration from files, presets and ``--set``, laid one over the other."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from siked.errors import ConfigError

LONGEST = 1 << 20
"""Bytes of a YAML file at most."""
MOST = 100_000
"""Values in a YAML file at most."""
_KEPT = {"trainer": ("epochs", "epochs_after", "start"), "dataset": ("limit", "dev")}
"""Keys of a section that are siked's own, whatever the component's name."""


def presets() -> list[str]:
    """Return the names of the presets that come with siked."""
    return sorted(p.name[:-5] for p in resources.files("siked.presets").iterdir() if p.name.endswith(".yaml"))


def read_yaml(path: Path) -> dict[str, Any]:
    """Return the values of a YAML file; raises :class:`ConfigError`."""
    values = yaml_value(path)
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise ConfigError(f"{path}: a configuration is a mapping of keys to values")
    return values


def yaml_value(path: Path) -> Any:
    """Return what a YAML file holds; raises :class:`ConfigError`, also for one that grows when it is read.

    A few aliases to aliases stand for more values than any machine can hold.
    """
    try:
        # Reading a pipe in a folder would wait for ever; one that the shell made, /dev/fd/63, will not.
        if path.exists() and not (path.is_file() or path.is_dir() or path.parts[:2] == ("/", "dev")):
            raise ConfigError(f"{path}: is no file")
        if path.exists() and path.stat().st_size > LONGEST:
            raise ConfigError(f"{path}: longer than {LONGEST} bytes")
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
        if _size(values, {}) > MOST:
            raise ConfigError(f"{path}: more than {MOST} values once its aliases are filled in")
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: not YAML: {' '.join(str(error).split())[:300]}") from None
    return values


def _size(value: Any, known: dict[int, int]) -> int:
    """Return how many values stand in one, aliases filled in; one that holds itself has no end."""
    if not isinstance(value, dict | list):
        return 1
    if id(value) not in known:
        known[id(value)] = MOST + 1  # for the time being, and for good where it holds itself
        parts = [*value.values(), *value] if isinstance(value, dict) else value
        known[id(value)] = 1 + sum(_size(part, known) for part in parts)
    return known[id(value)]


def read_preset(name: str) -> dict[str, Any]:
    """Return the values of a preset: one that comes with siked, or ``package:NAME``, which is the file
    ``NAME.yaml`` of an installed package. Raises :class:`ConfigError`."""
    if ":" in name:
        return read_yaml(_packaged(name))
    if name not in presets():
        raise ConfigError(
            f"no preset named {name!r}; there are: {', '.join(presets())}, and package:NAME of a plugin"
        )
    values = yaml.safe_load((resources.files("siked.presets") / f"{name}.yaml").read_text(encoding="utf-8"))
    return dict(values or {})


def _packaged(name: str) -> Path:
    package, _, preset = name.partition(":")
    spec = importlib.util.find_spec(package) if package.isidentifier() else None
    for place in (spec.submodule_search_locations or []) if spec else []:
        if (Path(place) / f"{preset}.yaml").is_file():
            return Path(place) / f"{preset}.yaml"
    where = f"has no file {preset}.yaml" if spec else "is not installed"
    raise ConfigError(f"no preset named {name!r}: the package {package!r} {where}")


def assignment(text: str) -> dict[str, Any]:
    """Turn ``a.b=value`` into ``{"a": {"b": value}}``; the value is JSON, else a string."""
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise ConfigError(f"--set {text!r}: write key=value, such as --set sample.k=4")
    try:
        parsed = json.loads(value)
    except ValueError:
        parsed = value
    for part in reversed(key.strip().split(".")):
        parsed = {part: parsed}
    return dict(parsed)


def merged(layers: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Merge deeply, later over earlier. A section whose ``name`` changes starts anew: options of
    one component mean nothing to another. A strategy that is named again keeps its options."""
    result: dict[str, Any] = {}
    for layer in layers:
        for key, value in layer.items():
            old = result.get(key)
            if isinstance(old, Mapping) and isinstance(value, Mapping):
                renamed = "name" in value and value["name"] != old.get("name")
                keep = {k: v for k, v in old.items() if k in _KEPT.get(key, ())} if renamed else old
                reshaped = key == "teacher" and is_many(value) != is_many(old)
                result[key] = dict(value) if reshaped else merged([keep, value])
            elif key == "strategies" and isinstance(old, list) and isinstance(value, list):
                result[key] = _strategies(old, value)
            else:
                result[key] = value
    return result


def _strategies(old: list[Any], new: list[Any]) -> list[Any]:
    known = {item["name"]: item for item in old if isinstance(item, Mapping) and "name" in item}
    found: list[Any] = []
    for item in new:
        name = item.get("name") if isinstance(item, Mapping) else item
        if isinstance(name, str) and name in known:
            item = {**known[name], **(item if isinstance(item, Mapping) else {})}
        found.append(item)
    return found


def is_many(teacher: Mapping[str, Any]) -> bool:
    """Whether a section ``teacher`` has one teacher for each strategy."""
    return bool(teacher) and all(isinstance(value, Mapping) for value in teacher.values())
