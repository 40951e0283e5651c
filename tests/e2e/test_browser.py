"""The pages in a browser: they ask for nothing, fit the screen, and axe-core finds nothing serious."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from siked.report import several, study
from siked.report.html import page
from siked.runs.run import Run
from siked.runs.study.plan import keep_plan, parse_plan
from siked.testing.runs import fake_settings, run_on_fakes

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
VIEWS = [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")]
PAGES = ("run", "two", "unfinished", "study")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Pages of runs on the fakes, whose study has a run that is missing."""
    folder = tmp_path_factory.mktemp("pages")
    place = folder / "study"
    cells: dict[str, Any] = {"adaptive-with-a-long-name": {}, "all": {"schedule": {"name": "all"}}}
    for cell, seed in [("adaptive-with-a-long-name", 0), ("adaptive-with-a-long-name", 1), ("all", 0)]:
        changes = {"dataset": {"name": "additions", "train": 16, "dev": 8, "test": 8}, "seed": seed}
        run_on_fakes(place / "runs" / cell / f"seed-{seed}", settings={**cells[cell], **changes})
    keep_plan(
        parse_plan({"seeds": [0, 1], "base": fake_settings(), "cells": cells}, place / "grid.yaml"), place
    )
    first, second = (place / "runs" / cell / "seed-0" for cell in cells)
    shutil.copytree(second, folder / "unfinished")
    (folder / "unfinished" / "summary.json").unlink()
    made = {
        "run": page(Run(first)),
        "two": several.page(several.members([first, second])),
        "unfinished": page(Run(folder / "unfinished")),
        "study": study.page(place),
    }
    for name, text in made.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in made}


@pytest.mark.parametrize(("width", "scheme"), VIEWS)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_asks_for_nothing_and_fits(
    browser: Any, pages: dict[str, Path], name: str, width: int, scheme: str
) -> None:
    view = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    asked: list[str] = []
    complaints: list[str] = []
    view.on("request", lambda request: asked.append(request.url))
    view.on("console", lambda message: complaints.append(message.text))
    view.goto(pages[name].as_uri())
    assert asked == [pages[name].as_uri()]
    assert complaints == []
    root = "document.documentElement"
    assert view.evaluate(f"{root}.scrollWidth <= {root}.clientWidth")
    figures = view.evaluate(
        "[...document.querySelectorAll('svg')].map(one => one.getBoundingClientRect().right)"
    )
    assert figures
    assert max(figures) <= width
    view.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_serious(browser: Any, pages: dict[str, Path], name: str, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python")
    view = browser.new_page(viewport={"width": 390, "height": 800}, color_scheme=scheme)
    view.goto(pages[name].as_uri())
    view.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    # The page lets no script in; axe comes in through the debugger.
    found = axe.Axe().run(view).response
    assert len(found["passes"]) > 10
    bad = [(one["id"], one["impact"], one["nodes"][0]["html"]) for one in found["violations"]]
    assert [one for one in bad if one[1] in ("serious", "critical")] == []
    view.close()


def test_a_page_with_a_script_and_a_gap_would_be_found(browser: Any, tmp_path: Path) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python")
    (tmp_path / "bad.html").write_text("<title>x</title><img src='other.png'><p style='color:#ccc'>pale</p>")
    view = browser.new_page()
    asked: list[str] = []
    view.on("request", lambda request: asked.append(request.url))
    view.goto((tmp_path / "bad.html").as_uri())
    assert len(asked) == 2
    impacts = {one["impact"] for one in axe.Axe().run(view).response["violations"]}
    assert impacts & {"serious", "critical"}
    view.close()
