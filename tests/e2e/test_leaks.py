"""Runs whose splits overlap: what is counted, shown, scored apart, and left out on request."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import siked
from siked.cli.main import cli
from siked.errors import DataError

NAMES = ("Ann", "Bo", "Cy", "Di", "Ed", "Flo", "Gus", "Hal")


def problem(name: str, thing: str, a: int, b: int) -> dict[str, str]:
    question = f"{name} has some {thing}. How much is {a} and {b}?"
    return {"id": f"{name}-{thing}-{a}-{b}", "question": question, "gold": str(a + b)}


@pytest.fixture
def told(settings: dict[str, Any], tmp_path: Path) -> dict[str, Any]:
    """Eight stories in training; the test set has twins of the first two and six of its own."""
    splits = {
        "train": [problem(name, "pens", 2, 3) for name in NAMES],
        "dev": [problem(name, "cups", 3, 4) for name in NAMES[:4]],
        "test": [problem(name, "pens" if name in NAMES[:2] else "hats", 4, 5) for name in NAMES],
    }
    for split, rows in splits.items():
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (tmp_path / f"{split}.jsonl").write_text(text)
    return {**settings, "dataset": {"name": "jsonl", "path": str(tmp_path)}}


def test_twins_are_counted_and_scored_apart(told: dict[str, Any], tmp_path: Path) -> None:
    run = siked.run(told, tmp_path / "run")
    dev, test = run.summary["overlap"]
    assert (dev["set"], dev["any"]) == ("dev", 0)
    assert (test["set"], test["problems"], test["same_text"], test["numbers_masked"]) == ("jsonl", 8, 0, 2)
    for values in [*run.summary["iterations"], *run.summary["controls"]]:
        score = values["accuracy"]["jsonl"]
        seen, unseen = score["seen_body"], score["unseen_body"]
        assert (seen["n"], unseen["n"]) == (2, 6)
        assert seen["value"] * 2 + unseen["value"] * 6 == pytest.approx(score["value"] * 8)
        assert "seen_body" not in values["accuracy"]["dev"]
    shown = CliRunner().invoke(cli, ["show", str(run.folder)]).output
    assert "jsonl: seen (2)" in shown
    assert "jsonl: unseen (6)" in shown
    assert "2 the same but for numbers" in shown


def test_decontaminating_trains_on_no_twin(told: dict[str, Any], tmp_path: Path) -> None:
    run = siked.run({**told, "decontaminate": True}, tmp_path / "run")
    names = {row["name"] for row in run.journal.rows("SELECT name FROM problems WHERE split = 'train'")}
    assert names == {f"{name}-pens-2-3" for name in NAMES[2:]}
    assert [row["any"] for row in run.summary["overlap"]] == [0, 0]
    (note,) = run.journal.rows("SELECT data FROM events WHERE kind = 'note' AND data LIKE '%left out%'")
    assert "2 training problems overlap" in note["data"]


def test_a_limit_counts_what_is_left(told: dict[str, Any], tmp_path: Path) -> None:
    told["dataset"]["limit"] = 6
    run = siked.run({**told, "decontaminate": True, "iterations": 0}, tmp_path / "run")
    assert len(run.journal.load_problems("train")) == 6


def test_the_plan_counts_without_twins(told: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "told.json").write_text(json.dumps(told))
    plain, clean = (
        CliRunner().invoke(cli, ["run", "-c", str(tmp_path / "told.json"), "--dry-run", *flag]).output
        for flag in ([], ["--decontaminate"])
    )
    assert "8 train" in plain
    assert "6 train" in clean


def test_nothing_left_is_said(settings: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"0 training and 8 dev .* decontaminate"):
        siked.run({**settings, "decontaminate": True}, tmp_path / "run")
