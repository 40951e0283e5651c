"""Runs that start from a finished iteration of another."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

import siked
from siked.cli.main import cli

ROWS = (
    "SELECT m.iteration, p.name, r.strategy, r.text, w.reason FROM mixture_rows w JOIN mixtures m ON"
    " m.id = w.mixture JOIN rationales r ON r.id = w.rationale JOIN requests q ON q.id = r.request"
    " JOIN problems p ON p.id = q.problem WHERE m.track = 'main' AND m.iteration <= ?"
    " ORDER BY m.id, w.position"
)


def call(*args: object) -> Any:
    return CliRunner().invoke(cli, ["run", *(str(arg) for arg in args)])


@pytest.fixture
def parent(settings: dict[str, Any], tmp_path: Path) -> siked.Run:
    return siked.run(settings, tmp_path / "parent")


def test_a_fork_with_nothing_changed_comes_to_the_same(parent: siked.Run, tmp_path: Path) -> None:
    done = call("--from", f"{parent.folder}@0", "--out", tmp_path / "fork")
    assert done.exit_code == 0, done.output
    again = siked.Run(tmp_path / "fork")
    assert again.journal.rows(ROWS, 9) == parent.journal.rows(ROWS, 9)
    assert again.journal.rows("SELECT track, hash FROM students ORDER BY track, iteration") == (
        parent.journal.rows("SELECT track, hash FROM students ORDER BY track, iteration")
    )
    assert again.journal.known("parent")["iteration"] == 0


def test_a_fork_goes_its_own_way_from_there(parent: siked.Run, tmp_path: Path) -> None:
    done = call("--from", f"{parent.folder}@1", "--set", "schedule.name=self", "--out", tmp_path / "fork")
    assert done.exit_code == 0, done.output
    again = siked.Run(tmp_path / "fork")
    assert again.journal.rows(ROWS, 1) == parent.journal.rows(ROWS, 1)
    assert again.journal.rows(ROWS, 2) != parent.journal.rows(ROWS, 2)
    kinds = [
        row["schedule"] for row in again.journal.rows("SELECT schedule FROM mixtures WHERE track = 'main'")
    ]
    assert kinds == ["adaptive", "adaptive", "self"]
    told = yaml.safe_load((tmp_path / "fork" / "config.yaml").read_text())
    assert told["schedule"]["name"] == "self"
    (row,) = again.journal.rows("SELECT count(*) AS n FROM calls WHERE iteration = 0 AND step LIKE 'teach:%'")
    (was,) = parent.journal.rows("SELECT count(*) AS n FROM calls WHERE step LIKE 'teach:%'")
    assert row == was


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--from", "{}@7"], "iteration 7 is not finished; finished are: 0, 1, 2"),
        (["--from", "{}@x"], "write RUN@t"),
        (["--from", "{}@2"], "nothing is left to do"),
        (["--from", "{}@0", "--strategy", "cot"], "strategies is another there"),
        (["--from", "none@0"], "no run there"),
    ],
)
def test_what_cannot_be_is_told_and_leaves_no_folder(
    parent: siked.Run, tmp_path: Path, args: list[str], said: str
) -> None:
    done = call(*(arg.format(parent.folder) for arg in args), "--out", tmp_path / "fork")
    assert done.exit_code != 0
    assert said in f"{done.output}{done.exception}"
    assert not (tmp_path / "fork").exists()
