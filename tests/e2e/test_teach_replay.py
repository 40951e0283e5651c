"""Teaching alone, and replaying a run without a model."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

import siked
from siked.cli.main import cli
from siked.journal.canonical import digest


def call(*args: object) -> Any:
    return CliRunner().invoke(cli, [str(arg) for arg in args])


@pytest.fixture
def config(settings: dict[str, Any], tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump({**settings, "controls": []}))
    return path


def test_teach_writes_what_was_verified_and_a_card(config: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = call("teach", "-c", config, "--out", out)
    assert done.exit_code == 0, done.output
    rows = [json.loads(line) for line in (out / "rationales.jsonl").read_text().splitlines()]
    journal = siked.Run(out).journal
    (right,) = journal.rows("SELECT count(*) AS n FROM verdicts WHERE status = 'correct'")
    assert len(rows) == right["n"] > 0
    assert {row["strategy"] for row in rows} == {"cot", "l2m", "pot"}
    card = (out / "README.md").read_text()
    for name in ("cot", "l2m", "pot"):
        kept = sum(row["strategy"] == name for row in rows)
        (line,) = [line for line in card.splitlines() if line.startswith(f"| {name} ")]
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        assert (cells[1], cells[4], cells[6]) == ("16", str(kept), str(kept))
        assert int(cells[8]) > 0
    assert not (out / "students").exists()


def test_the_card_says_that_a_limit_cut_the_problems(config: Path, tmp_path: Path) -> None:
    done = call("teach", "-c", config, "--limit", "5", "--out", tmp_path / "out")
    assert "taking 5 of 16 problems (dataset.limit)" in done.output
    assert "(the first 5, by `dataset.limit`)" in (tmp_path / "out" / "README.md").read_text()


def test_teach_goes_on_and_refuses_other_settings(config: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    call("teach", "-c", config, "--out", out)
    before = digest(siked.Run(out).journal)
    assert call("teach", "-c", config, "--out", out).exit_code == 0
    assert digest(siked.Run(out).journal) == before
    refused = call("teach", "-c", config, "--out", out, "--seed", "99")
    assert refused.exit_code != 0
    assert "other settings" in str(refused.exception)


def test_replay_of_taught_rationales_trains_on_the_same_rows(
    settings: dict[str, Any], config: Path, tmp_path: Path
) -> None:
    call("teach", "-c", config, "--out", tmp_path / "out")
    teacher = {"name": "replay", "model": str(tmp_path / "out" / "rationales.jsonl")}
    told = {**settings, "controls": [], "iterations": 0}
    own = siked.run(told, tmp_path / "own")
    replayed = siked.run({**told, "teacher": teacher}, tmp_path / "replayed")
    texts = (
        "SELECT trim(r.text, char(10)) AS text FROM mixture_rows w"
        " JOIN rationales r ON r.id = w.rationale ORDER BY 1"
    )
    assert own.journal.rows(texts) == replayed.journal.rows(texts)


def test_a_teach_folder_can_be_resumed_into_a_whole_run(
    settings: dict[str, Any], config: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    call("teach", "-c", config, "--out", out)
    assert call("resume", out).exit_code == 0
    whole = siked.run({**settings, "controls": []}, tmp_path / "whole")
    assert digest(siked.Run(out).journal) == digest(whole.journal)


def test_replaying_a_run_gives_its_own_rows(settings: dict[str, Any], tmp_path: Path) -> None:
    run = siked.run(settings, tmp_path / "run")
    before = digest(run.journal)
    done = call("replay", run.folder)
    assert done.exit_code == 0, done.output
    assert "0 differ" in done.output
    assert done.output.count("rows, the same") == 3
    assert digest(siked.Run(run.folder).journal) == before


def test_another_verifier_is_told_apart(settings: dict[str, Any], tmp_path: Path) -> None:
    run = siked.run(settings, tmp_path / "run")
    done = call("replay", run.folder, "--verifier", "agreement")
    assert done.exit_code == 1
    assert "differ" in done.output
