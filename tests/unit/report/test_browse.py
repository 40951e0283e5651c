"""The browser of rationales: what it finds, what it marks, whom it answers, and hostile texts as text."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import siked
from siked.errors import UsageError
from siked.report import browsing
from siked.report.browsing import Browser

pytest.importorskip("starlette")
pytest.importorskip("httpx")
from starlette.testclient import TestClient

HOSTILE = "</pre></mark><script>alert(1)</script><img src=x onerror=alert(2)>\u202e\x1b[2J {{ 7 * 7 }}"


class Tags(HTMLParser):
    """The tags of a page, and what its marks hold."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name == "href"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture
def run(settings: dict[str, Any], made: Path) -> siked.Run:
    """One run for all tests that change nothing in it."""
    folder = made / "run"
    return siked.open_run(folder) if folder.exists() else siked.run({**settings, "iterations": 1}, folder)


@pytest.fixture
def client(run: siked.Run, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setattr(browsing, "PAGE", 7)
    browser = Browser(run.folder)
    with TestClient(browser.app(), base_url="http://127.0.0.1") as asked:
        asked.base_url = f"http://127.0.0.1/{browser.key}/"
        yield asked


def found(page: str) -> int:
    return int(re.search(r"([\d,]+) found", page)[1].replace(",", ""))  # type: ignore[index]


def ids(page: str) -> list[int]:
    return [int(number) for number in re.findall(r'href="rationale/(\d+)"', page)]


def test_each_choice_finds_what_python_finds(client: TestClient, run: siked.Run) -> None:
    for query, wanted in (
        ("", {}),
        ("iteration=1", {"iteration": 1}),
        ("strategy=pot&status=wrong", {"strategy": "pot", "status": "wrong"}),
        ("writer=teacher&trained=1", {"writer": "teacher", "trained": True}),
        ("track=equal-steps", {"track": "equal-steps"}),
        ("text=FINAL+answer", {"text": "final answer"}),
        ("flag=none-has-it", {"flag": "none-has-it"}),
        ("strategy=&status=", {}),
        ("strategy=-", {"strategy": ""}),
    ):
        answer = client.get(f"?{query}")
        assert answer.status_code == 200
        assert found(answer.text) == run.rationales(**wanted).count(), query
    assert "Nothing fits" in client.get("?flag=none-has-it").text


def test_pages_hold_each_rationale_once_there_and_back(client: TestClient) -> None:
    there, back = [], []
    link = "?writer=student"
    while link:
        page = client.get(link).text
        there.append(ids(page))
        link = next((x for x in Tags(page).links if "after=" in x), "")
    seen = [number for page in there for number in page]
    assert len(seen) == len(set(seen)) == found(page)
    assert seen == sorted(seen)
    while True:
        back.append(ids(page))
        link = next((x for x in Tags(page).links if "before=" in x), "")
        if not link:
            break
        page = client.get(link).text
    assert sorted(number for page in back for number in page) == seen


def test_what_was_trained_on_is_marked_with_its_places(client: TestClient, run: siked.Run) -> None:
    (yes,) = ids(client.get("?trained=1").text)[:1]
    page = client.get(f"rationale/{yes}").text
    assert page.count("<mark>") == 2
    assert "Trained on" in page
    assert "main 0" in page
    (no,) = ids(client.get("?trained=0").text)[:1]
    page = client.get(f"rationale/{no}").text
    assert "<mark>" not in page
    assert "No student was trained on it" in page
    problem = next(link for link in Tags(page).links if "problem=" in link)
    same = client.get(problem.removeprefix("../")).text
    assert "all of one problem" in same
    assert found(same) > 1


def test_hostile_texts_are_shown_as_text(run: siked.Run, client: TestClient, tmp_path: Path) -> None:
    (first, *_) = ids(client.get("?trained=1").text)
    plain = Tags(client.get("?trained=1").text).tags | Tags(client.get(f"rationale/{first}").text).tags
    folder = tmp_path / "hostile"
    shutil.copytree(run.folder, folder)
    db = sqlite3.connect(folder / "run.db")
    db.execute("UPDATE rationales SET text = ?, strategy = ?", (HOSTILE, '"><script>x'))
    db.execute("UPDATE problems SET question = ?, name = ?||id, gold = ?", (HOSTILE, "<b>", HOSTILE))
    db.execute("UPDATE verdicts SET flags = '<script> \"x', answer = ?, detail = ?, rule = ?", (HOSTILE,) * 3)
    db.execute("UPDATE mixture_rows SET reason = ?", (HOSTILE,))
    db.commit()
    db.close()
    browser = Browser(folder)
    asked = TestClient(browser.app(), base_url="http://127.0.0.1")
    for path in ("", "?trained=1", "rationale/1", f"?text={HOSTILE[:30]}"):
        answer = asked.get(f"/{browser.key}/{path}")
        assert answer.status_code == 200, answer.text
        page = Tags(answer.text)
        assert page.tags <= plain
        assert not {name for name in page.attributes if name.startswith("on") or name == "style"}
        assert "script" not in page.tags
        assert "&lt;script&gt;alert(1)" in answer.text
        assert "{{ 7 * 7 }}" in answer.text
        assert "\u202e" not in answer.text
        assert "\x1b" not in answer.text


def test_a_page_stays_short_whatever_the_journal_holds(
    run: siked.Run, client: TestClient, tmp_path: Path
) -> None:
    folder = tmp_path / "long"
    shutil.copytree(run.folder, folder)
    db = sqlite3.connect(folder / "run.db")
    long = "x" * 1_000_000
    db.execute("UPDATE rationales SET strategy = 's' || id, reason = ?", (long,))
    db.execute("UPDATE rationales SET text = ? WHERE id < 9", (long,))
    db.execute("UPDATE problems SET name = id || ?, question = ? WHERE id < 9", (long, long))
    db.execute("UPDATE verdicts SET flags = ?, rule = ?, answer = ?, detail = ? WHERE id < 9", (long,) * 4)
    db.execute("UPDATE mixture_rows SET reason = ? WHERE position < 9", (long,))
    db.commit()
    db.close()
    browser = Browser(folder)
    asked = TestClient(browser.app(), base_url="http://127.0.0.1")
    for path in ("", "?trained=1", "rationale/1"):
        answer = asked.get(f"/{browser.key}/{path}")
        assert answer.status_code == 200
        assert len(answer.content) < 400_000
    assert "900,000 characters more" in answer.text


def test_only_who_knows_the_address_on_this_machine_is_answered(client: TestClient) -> None:
    answer = client.get("")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'; form-action 'self'")
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert client.get("", headers={"Host": "rebound.example"}).status_code == 400
    assert client.get("", headers={"Host": "localhost:1234"}).status_code == 200
    assert client.get("http://127.0.0.1/").status_code == 404
    assert client.get("http://127.0.0.1/wrong-key/").status_code == 404
    assert client.post("").status_code == 405
    assert client.get("style.css").headers["content-type"].startswith("text/css")


@pytest.mark.parametrize(
    "path",
    [
        "?iteration=x",
        "?after=-1",
        "?after=99999999999999999999",
        "?writer=nobody",
        "?trained=2",
        "?sql=1",
        f"?text={'x' * 201}",
        "rationale/99999999",
        "rationale/99999999999999999999999",
    ],
)
def test_what_means_nothing_is_refused(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("text/plain")


def test_a_run_that_grows_is_seen(settings: dict[str, Any], tmp_path: Path) -> None:
    run = siked.run({**settings, "iterations": 0, "controls": []}, tmp_path / "run")
    browser = Browser(run.folder)
    browser._found._took = 0.0  # else it would look again after ten times what looking took
    asked = TestClient(browser.app(), base_url="http://127.0.0.1")
    before = found(asked.get(f"/{browser.key}/").text)
    siked.resume(run.folder, iterations=1)
    assert (
        found(asked.get(f"/{browser.key}/").text) == siked.open_run(run.folder).rationales().count() > before
    )


def test_where_there_is_no_run_nothing_is_served(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no run there"):
        Browser(tmp_path / "none")
    (tmp_path / "link").mkdir()
    (tmp_path / "link" / "run.db").symlink_to("/etc/passwd")
    with pytest.raises(UsageError, match="a link"):
        Browser(tmp_path / "link")
