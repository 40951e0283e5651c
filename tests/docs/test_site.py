"""The site: built without a warning, every link leads somewhere, nothing is asked of another host."""

from __future__ import annotations

import posixpath
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]

pytest.importorskip("material", reason="needs mkdocs-material")


class Page(HTMLParser):
    """What a page links to, loads, and can be linked at."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.anchors |= {values[name] for name in ("id", "name") if name in values}
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if tag == "link" and values.get("rel") not in ("canonical", "prev", "next"):
            self.loads.append(values["href"])
        if tag in ("script", "img", "iframe", "source", "video", "object") and "src" in values:
            self.loads.append(values["src"])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        env={"PATH": "", "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, Page]:
    return {str(p.relative_to(site)): Page(p.read_text(encoding="utf-8")) for p in site.rglob("*.html")}


def test_every_link_and_anchor_leads_somewhere(site: Path, pages: dict[str, Page]) -> None:
    assert len(pages) > 50
    broken = []
    for name, page in pages.items():
        if name == "404.html":
            continue
        for link in (*page.links, *page.loads):
            path, anchor = urldefrag(link)
            if ":" in path.partition("/")[0] or link.startswith(("data:", "javascript:")):
                continue
            target = (
                posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(path))) if path else name
            )
            target = posixpath.join(target, "index.html") if (site / target).is_dir() else target
            found = (site / target).is_file()
            known = target not in pages or not anchor or unquote(anchor) in pages[target].anchors
            if not (found and known):
                broken.append(f"{name}: {link}")
    assert broken == []


def test_nothing_is_loaded_from_another_host(site: Path, pages: dict[str, Page]) -> None:
    assert sorted({load for page in pages.values() for load in page.loads if "//" in load}) == []
    styles = "".join(p.read_text(encoding="utf-8") for p in site.rglob("*.css"))
    assert "url(http" not in styles
    assert "@import" not in styles


def test_every_page_is_in_the_navigation() -> None:
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    shown = str(yaml.safe_load(text)["nav"])
    docs = ROOT / "docs"
    assert [p.name for p in docs.rglob("*.md") if f"'{p.relative_to(docs)}'" not in shown] == []
