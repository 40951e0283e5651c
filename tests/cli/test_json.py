"""What a person reads can be had as JSON, with the keys of docs/reference/json.md; tables fit 80 columns."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import siked
from siked.cli.main import cli

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "json.md"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture
def run(settings: dict[str, Any], made: Path) -> Path:
    """One run for all tests."""
    folder = made / "run"
    return folder if folder.exists() else siked.run(settings, folder).folder


@pytest.fixture
def sums(tmp_path: Path) -> Path:
    path = tmp_path / "sums.csv"
    path.write_text("question,gold\nWhat is 3 + 4?,7\nWhat is 20 + 5?,25\n")
    return path


def siked_(*words: object, code: int = 0) -> Result:
    done = CliRunner().invoke(cli, [str(word) for word in words])
    assert done.exit_code == code, f"{done.output}\n{done.exception!r}"
    return done


def keys(command: str) -> list[str]:
    """The keys that the page has for a command."""
    sections = dict(part.split("\n", 1) for part in PAGE.read_text().split("\n## ")[1:])
    (text,) = (text for title, text in sections.items() if title.startswith(f"siked {command}"))
    return re.findall(r"^\| `(\w+)` \|", text, re.M)


def test_each_command_prints_the_keys_that_are_documented(run: Path, sums: Path) -> None:
    if not PAGE.is_file():
        pytest.skip("the documents are not here")
    options = ("--set", f"path={sums}")
    for command, words in {
        "run": ("run", "--dry-run", "--limit", 20),
        "check": ("check", "--limit", 20),
        "why": ("why", run, "1:0"),
        "replay": ("replay", run),
        "eval": ("eval", run, "--dataset", "table", *options),
        "solve": ("solve", run, "What is 3 + 4?"),
        "doctor": ("doctor",),
        "families": ("families", run),
    }.items():
        done = CliRunner().invoke(cli, [*map(str, words), "--json"])
        if command in ("run", "check") and "siked[train]" in done.output:
            continue  # that the packages of training are missing is told in one line
        values = json.loads(done.stdout)
        assert sorted(values) == sorted(keys(command)), command
        assert done.stdout.isascii(), command
    assert json.loads(siked_("show", run, "--json").stdout) == json.loads((run / "summary.json").read_text())


def test_numbers_are_those_that_people_read(run: Path) -> None:
    why = json.loads(siked_("why", run, "equal-steps:1:0", "--json").stdout)
    assert why["mixture"] == {"track": "equal-steps", "iteration": 1, "position": 0}
    assert why["text"].strip() in siked_("why", run, "equal-steps:1:0").stdout.replace("\n    ", "\n")

    solved = json.loads(siked_("solve", run, "What is 3 + 4?", "--strategy", "pot", "--json").stdout)
    said = siked_("solve", run, "What is 3 + 4?", "--strategy", "pot").stdout
    assert f"answer: {solved['answer']}\n" in said
    assert f"program: ok in {solved['program']['sandbox']}" in said
    voted = json.loads(siked_("solve", run, "What is 3 + 4?", "--vote", 1, "--json").stdout)
    assert [text["strategy"] for text in voted["texts"]] == ["cot", "l2m", "pot"]
    assert voted["votes"] == sum(text["answer"] == voted["answer"] for text in voted["texts"])

    replayed = json.loads(siked_("replay", run, "--json").stdout)
    assert replayed["same"] is True
    assert [mixture["iteration"] for mixture in replayed["mixtures"]] == [0, 1, 2]
    other = CliRunner().invoke(cli, ["replay", str(run), "--verifier", "exact", "--json"])
    changed = json.loads(other.stdout)["changed"]
    assert other.exit_code == int(bool(changed))
    assert all({"was", "is", "problem", "strategy", "step"} <= set(row) for row in changed)

    done = siked_("run", "--json", code=2)
    assert "--json is for --dry-run" in done.output


def test_tables_fit_eighty_columns(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for words in (
        ("show", run),
        ("families", run),
        ("diff", run, run),
        ("eval", run, "--dataset", "additions", "--limit", 4),
    ):
        printed = siked_(*words).stdout.splitlines()
        assert printed
        drawn = [line for line in printed if re.search(r"[│┃┏└]|\d  +\d", line)]
        assert [line for line in drawn if len(line) > 80] == [], words
    assert any("│" in line for line in siked_("show", run).stdout.splitlines())
