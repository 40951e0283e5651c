"""The pages of schedules and stopping rules name every component and every option as it is."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from siked.registry import load_registry

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


def shown(default: object) -> str:
    if default is None:
        return "not set"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


@pytest.mark.parametrize(("page", "kind"), [("schedules.md", "schedule"), ("stopping.md", "stopping")])
def test_components_and_options_stand_on_their_page(page: str, kind: str) -> None:
    text = (REFERENCE / page).read_text(encoding="utf-8")
    own = [offer for offer in load_registry().offers if offer.kind == kind and offer.owner == "siked"]
    assert own
    rows = set()
    for offer in own:
        assert f"| `{offer.name}` |" in text
        for option in dataclasses.fields(offer.load().Options):
            rows.add(f"| `{option.name}` | {shown(option.default)} | {option.metadata['help']} |")
    listed = {line for line in text.splitlines() if line.count(" | ") == 2 and line.startswith("| `")}
    assert listed == rows


def test_the_options_of_a_table_stand_where_own_data_is_explained() -> None:
    text = (REFERENCE.parent / "how-to" / "use-your-own-data.md").read_text(encoding="utf-8")
    for option in dataclasses.fields(load_registry().find("dataset", "table").load().Options):
        assert f"| `{option.name}` | {shown(option.default)} | {option.metadata['help']} |" in text
