"""JSON Schema of the configuration, with the options of every component that is installed."""

from __future__ import annotations

import dataclasses
import typing
from typing import Any

from pydantic import TypeAdapter

from siked.config import RunConfig
from siked.errors import SikedError
from siked.registry import Offer, Registry

SECTIONS = {
    "dataset": "dataset",
    "schedule": "schedule",
    "verifier": "verifier",
    "labels": "verifier",
    "sandbox": "sandbox",
    "stopping": "stopping",
    "backend": "backend",
    "trainer": "trainer",
    "teacher": "backend",
    "cluster": "cluster",
}
"""Keys of the configuration that hold a component, by its kind."""


def config_schema(registry: Registry) -> dict[str, Any]:
    """Return the schema of a file of settings: every key, and the options of each installed component."""
    schema = RunConfig.model_json_schema(mode="validation")
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "siked: settings of a run"
    properties = schema["properties"]
    properties["preset"] = {
        "type": "string",
        "description": "Settings that lie below these: paper, smollm2, tiny.",
    }
    for key, kind in SECTIONS.items():
        one = {"allOf": [_option_rule(registry, offer) for offer in _offers(registry, kind)]}
        properties[key] = {
            "allOf": [properties[key], one],
            "description": properties[key].get("description", ""),
        }
    strategies = properties["strategies"]
    strategies["items"] = {
        "anyOf": [
            {"type": "string", "examples": registry.names("strategy")},
            {
                "type": "object",
                "required": ["name"],
                "properties": {"name": {"type": "string", "examples": registry.names("strategy")}},
                "allOf": [_option_rule(registry, offer) for offer in _offers(registry, "strategy")],
            },
        ]
    }
    return schema


def _offers(registry: Registry, kind: str) -> list[Offer]:
    return [offer for offer in registry.offers if offer.kind == kind]


def _option_rule(registry: Registry, offer: Offer) -> dict[str, Any]:
    """Return a rule: where the name is this component's, its options have these types."""
    named = {"properties": {"name": {"const": registry.address(offer)}}, "required": ["name"]}
    return {"if": named, "then": {"properties": _options(offer)}}


def _options(offer: Offer) -> dict[str, Any]:
    try:
        cls = offer.load().Options
        hints = typing.get_type_hints(cls, include_extras=True)
    except (SikedError, NameError, TypeError):
        return {}
    found: dict[str, Any] = {}
    for field in dataclasses.fields(cls):
        try:
            schema = TypeAdapter(hints[field.name]).json_schema()
        except Exception:
            schema = {}
        if field.default is not dataclasses.MISSING and isinstance(field.default, str | int | float | bool):
            schema["default"] = field.default
        found[field.name] = {**schema, "description": str(field.metadata.get("help", ""))}
    return found
