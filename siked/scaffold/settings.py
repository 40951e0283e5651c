"""A file of settings with every key, what it means and its default."""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from siked.config import RunConfig
from siked.config_schema import config_schema
from siked.errors import UsageError
from siked.option_table import option_table
from siked.registry import Registry, load_registry
from siked.settings import read_preset

SCHEMA = "siked-schema.json"
_KINDS = {
    "dataset": "dataset",
    "schedule": "schedule",
    "verifier": "verifier",
    "sandbox": "sandbox",
    "stopping": "stopping",
    "backend": "backend",
    "trainer": "trainer",
    "teacher": "backend",
}


def write_settings(path: Path) -> list[Path]:
    """Write a file of settings and the schema beside it; return both. Neither is written over.

    Raises :class:`UsageError`.
    """
    registry = load_registry()
    schema = path.with_name(SCHEMA)
    if path.exists():
        raise UsageError(f"{path} exists already; siked writes over nothing")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        schema.write_text(json.dumps(config_schema(registry), indent=1) + "\n", encoding="utf-8")
        path.write_text(settings_text(registry), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    return [path, schema]


def settings_text(registry: Registry) -> str:
    """Return the text: what the preset tiny sets stands there, everything else as a comment."""
    lines = [
        f"# yaml-language-server: $schema={SCHEMA}",
        "# Settings of a run: siked run --config FILE. What is commented out is the default.",
        "# siked check FILE says what it comes to; siked plugins show NAME what a component takes.",
        "",
    ]
    preset = read_preset("tiny")
    for name, field in RunConfig.model_fields.items():
        lines += _key(registry, name, field, preset)
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _key(registry: Registry, name: str, field: Any, preset: dict[str, Any]) -> Iterator[str]:
    if field.description:
        yield f"# {field.description}"
    default = field.get_default(call_default_factory=True)
    model = _model(field.annotation)
    if name not in _KINDS and model is None:
        plain = RunConfig().dump()[name]
        value = preset.get(name, plain)
        yield ("" if name in preset else "# ") + f"{name}: {_flow(value)}"
        return
    section = preset.get(name, {})
    if default is None:
        yield f"# {name}:"
        return
    yield f"{name}:"
    plain = default.model_dump(mode="json")
    fields = type(default).model_fields
    plain = {"name": plain.get("name"), **plain} if name in _KINDS else plain
    for key, value in plain.items():
        said = fields[key].description if key in fields else None
        chosen = section.get(key, value)
        keep = key in section or key == "name"
        comment = f"  # {said}" if said else ""
        yield ("  " if keep else "  # ") + f"{key}: {_flow(chosen)}{comment}"
    if name in _KINDS:
        yield from _options(registry, name, section, str(section.get("name", plain["name"])))


def _options(registry: Registry, name: str, section: dict[str, Any], component: str) -> Iterator[str]:
    cls = registry.find(_KINDS[name], component).load()
    help_of = {option.name: option for option in option_table(cls)}
    for field in dataclasses.fields(cls.Options):
        option = help_of[field.name]
        limits = f" ({option.limits})" if option.limits else ""
        value = section.get(field.name, None if field.default is dataclasses.MISSING else field.default)
        keep = field.name in section
        yield ("  " if keep else "  # ") + f"{field.name}: {_flow(value)}  # {option.help}{limits}"


def _flow(value: Any) -> str:
    if isinstance(value, tuple):
        value = list(value)
    text: str = yaml.safe_dump(value, default_flow_style=True, width=10_000, sort_keys=False)
    return text.removesuffix("...\n").strip()


def _model(annotation: Any) -> type[BaseModel] | None:
    parts = typing.get_args(annotation) if isinstance(annotation, types.UnionType) else (annotation,)
    return next((part for part in parts if isinstance(part, type) and issubclass(part, BaseModel)), None)
