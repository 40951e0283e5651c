"""The figures of the results are those of their tables."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytest.importorskip("markdown_it")


def test_figures_are_drawn_from_the_tables_as_they_are() -> None:
    spec = importlib.util.spec_from_file_location("draw", ROOT / "tests" / "bench" / "draw.py")
    assert spec is not None
    assert spec.loader is not None
    draw = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(draw)
    made = draw.figures()
    assert len(made) >= 3
    for name, text in made.items():
        shown = (ROOT / "docs" / "assets" / name).read_text(encoding="utf-8")
        assert shown == text, "run: python tests/bench/draw.py docs/assets"
        assert f"../assets/{name}" in (ROOT / "docs" / "results" / "index.md").read_text(encoding="utf-8")
