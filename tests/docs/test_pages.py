"""The generated pages name every key, option, hook, record and error, each with a meaning."""

from __future__ import annotations

import dataclasses
import inspect
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from siked import contracts, errors, events, hookspecs, records
from siked.cli import reference
from siked.cli.reference_pages import OWNERS
from siked.config import (
    DatasetConfig,
    EvaluateConfig,
    RunConfig,
    SampleConfig,
    StudentConfig,
    TeacherConfig,
    TrainerConfig,
)
from siked.registry import OWN, load_registry

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


def page(name: str) -> str:
    return (REFERENCE / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(reference.PAGES))
def test_it_is_current(name: str) -> None:
    assert page(name) == reference.PAGES[name](), "run: python -m siked.cli.reference docs/reference"


@pytest.mark.parametrize(
    "model",
    [RunConfig, StudentConfig, TeacherConfig, DatasetConfig, SampleConfig, EvaluateConfig, TrainerConfig],
)
def test_every_key_of_the_configuration_says_what_it_means(model: type[BaseModel]) -> None:
    assert [name for name, field in model.model_fields.items() if not field.description] == []
    section = model.__name__.removesuffix("Config").lower()
    keys = [name if model is RunConfig else f"{section}.{name}" for name in model.model_fields]
    text = page("configuration.md")
    assert [key for key in keys if f"| `{key}` |" not in text] == []


def test_every_option_of_every_component_stands_under_it() -> None:
    sections = dict(part.split("\n", 1) for part in page("components.md").split("\n### ")[1:])
    for offer in load_registry().offers:
        if offer.owner not in OWNERS:
            continue
        own = sections[f"{offer.kind} {offer.name}"]
        shared = sections.get(f"Every {_word(offer.kind)} of siked", "") if offer.owner == OWN else ""
        for option in dataclasses.fields(offer.load().Options):
            assert option.metadata["help"].strip()
            assert f"| `{option.name}` |" in own + shared, f"{offer}: {option.name}"


def _word(kind: str) -> str:
    return {"dataset": "data set", "stopping": "stopping rule"}.get(kind, kind)


@pytest.mark.parametrize(
    ("name", "module", "base"),
    [
        ("hooks.md", hookspecs, None),
        ("hooks.md", events, events.Event),
        ("contracts.md", contracts, None),
        ("records.md", records, None),
        ("errors.md", errors, errors.SikedError),
    ],
)
def test_nothing_public_is_missing(name: str, module: Any, base: type | None) -> None:
    text = page(name)
    own = [
        thing
        for thing in vars(module).values()
        if (inspect.isclass(thing) if base or module is not hookspecs else inspect.isfunction(thing))
        and thing.__module__ == module.__name__
        and (base is None or issubclass(thing, base))
    ]
    assert len(own) > 5
    assert [
        t.__name__ for t in own if f"# {t.__name__}\n" not in text and f"`{t.__name__}`" not in text
    ] == []
    assert all((t.__doc__ or "").strip() for t in own)


def test_every_variable_of_the_environment_is_told() -> None:
    root = REFERENCE.parents[1]
    code = "".join(p.read_text(encoding="utf-8") for p in (root / "siked").rglob("*.py"))
    read = set(re.findall(r"environ(?:\.get\(|\[)\"([A-Z_]+)", code)) - {"HF_HUB_DISABLE_TELEMETRY"}
    assert read >= {"SIKED_PLUGINS", "SIKED_CACHE"}
    assert [name for name in sorted(read) if f"`{name}`" not in page("environment.md")] == []
