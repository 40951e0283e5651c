"""Whole studies on the fakes."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from siked.cli.main import cli
from siked.errors import UsageError


@pytest.fixture
def study(settings: dict[str, Any], tmp_path: Path) -> Path:
    path = tmp_path / "grid.yaml"
    values = {
        "seeds": [0, 1],
        "base": {**{k: v for k, v in settings.items() if k != "seed"}, "iterations": 1, "controls": []},
        "cells": {
            "combined": {"iterations": 0},
            "adaptive": {"controls": ["equal-steps", "best-strategy"]},
            "self": {"schedule": {"name": "self"}},
        },
    }
    path.write_text(yaml.safe_dump(values, sort_keys=False))
    return path


def call(*args: object) -> Any:
    return CliRunner().invoke(cli, ["study", *(str(arg) for arg in args)], catch_exceptions=False)


def test_a_study_runs_every_cell_and_seed_and_compares_them(study: Path, tmp_path: Path) -> None:
    out = tmp_path / "study"
    done = call(study, "--out", out)
    assert done.exit_code == 0, done.output
    found = json.loads((out / "study.json").read_text())
    assert (found["runs"], found["wanted"], found["reference"]) == (6, 6, "combined")
    cells = found["tests"]["additions"]["last"]
    controls = {"equal-steps", "best-strategy", "equal-steps/best-strategy"}
    assert set(cells) == {"combined", "adaptive", "self"} | {f"adaptive/{name}" for name in controls}
    for which in ("last", "dev-best"):
        told = found["untested"].get("additions", {}).get(which, {})
        for name, values in found["tests"]["additions"][which].items():
            assert len(values["by_seed"]) + len(told.get(name, [])) == 2
    assert cells["combined"]["against_reference"] is None
    for name in ("adaptive", "self"):
        assert cells[name]["against_reference"]["seeds"] == 2
        mean = sum(cells[name]["by_seed"].values()) / 2
        assert cells[name]["value"] == pytest.approx(mean)
        gain = cells[name]["value"] - cells["combined"]["value"]
        assert cells[name]["against_reference"]["difference"] == pytest.approx(gain)
    assert "| adaptive/equal-steps |" in done.output
    # Iteration 0 is trained once a seed, then adaptive, its control, and self.
    assert len(list((out / "cache" / "students").iterdir())) == 2 * 4


def test_a_study_goes_on_where_it_was(study: Path, tmp_path: Path) -> None:
    out = tmp_path / "study"
    call(study, "--out", out, "--seeds", "0")
    before = {path: path.stat().st_mtime_ns for path in out.glob("runs/*/seed-0/summary.json")}
    assert len(before) == 3
    done = call(study, "--out", out)
    assert "6 of 6 runs" in done.output
    assert all(path.stat().st_mtime_ns == time for path, time in before.items())


def test_runs_of_other_settings_are_not_taken_for_ours(study: Path, tmp_path: Path) -> None:
    out = tmp_path / "study"
    call(study, "--out", out, "--seeds", "0")
    study.write_text(study.read_text().replace("name: self", "name: all"))
    with pytest.raises(UsageError, match="other settings than cell 'self'"):
        call(study, "--out", out)


def test_the_table_alone_runs_nothing(study: Path, tmp_path: Path) -> None:
    done = call(study, "--out", tmp_path / "none", "--table")
    assert done.exit_code == 0
    assert not (tmp_path / "none").exists()
