"""Schedules in whole runs on the fakes: what was asked for stands in the summary and in ``siked show``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import siked
from siked.cli.main import cli
from siked.journal.canonical import digest

SCHEDULES: list[dict[str, Any]] = [
    {"name": "annealed", "start": 0.8, "end": 0.3, "floor": 0.1},
    {"name": "kl", "target": 0.2, "end": 0.02, "keep": "diverse"},
    {"name": "adaptive", "keep": "all", "choose": "best", "cap": 4, "tokens": 300},
]


@pytest.fixture(params=SCHEDULES, ids=lambda schedule: schedule["name"])
def schedule(request: pytest.FixtureRequest) -> dict[str, Any]:
    found: dict[str, Any] = request.param
    return found


def test_a_run_says_what_its_mixtures_were_to_reach(
    settings: dict[str, Any], schedule: dict[str, Any], tmp_path: Path
) -> None:
    run = siked.run({**settings, "schedule": schedule}, tmp_path / "run")
    first, *later = run.summary["iterations"]
    assert first["alpha"] == first["alpha_tokens"] == 1.0
    for values in [first, *later, *run.summary["controls"]]:
        assert sum(sum(counts.values()) for counts in values["sources"].values()) == values["rows"]
        assert values["loss_tokens"] > 0
        known = {"alpha": values["alpha"], "floor": values["alpha"], "kl": values["kl"]}
        for aim in values["aims"]:
            assert aim["reached"] == known.get(aim["quantity"], values["loss_tokens"])
    asked = [[aim["quantity"] for aim in values["aims"]] for values in later]
    assert (
        asked
        == [{"annealed": ["alpha", "floor"], "kl": ["kl"], "adaptive": ["tokens"]}[schedule["name"]]] * 2
    )
    if schedule["name"] == "annealed":
        assert [values["aims"][0]["asked"] for values in later] == pytest.approx([0.8, 0.3])
    (control,) = run.summary["controls"]
    assert control["sources"]["student"] == {"cot": 0, "l2m": 0, "pot": 0}
    shown = CliRunner().invoke(cli, ["show", str(run.folder)])
    assert shown.exit_code == 0, shown.output
    assert "Mixture by source" in shown.output
    again = siked.run({**settings, "schedule": schedule}, tmp_path / "again")
    assert digest(run.journal) == digest(again.journal)


def test_a_control_of_the_teachers_rationales_does_with_a_schedule_that_needs_the_student(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    run = siked.run({**settings, "schedule": {"name": "self"}}, tmp_path / "run")
    (control,) = run.summary["controls"]
    assert control["rows"] == run.summary["iterations"][0]["rows"]


def test_a_run_knows_what_it_has_cost(settings: dict[str, Any], tmp_path: Path) -> None:
    """A budget of one token is spent at once; the reason tells what was trained on and generated."""
    run = siked.run(
        {**settings, "stopping": {"name": "fixed", "tokens": 1}, "controls": []}, tmp_path / "run"
    )
    assert [values["iteration"] for values in run.summary["iterations"]] == [0]
    ((trained, generated),) = run.journal.db.execute(
        "SELECT (SELECT sum(tokens) FROM students), (SELECT sum(completion_tokens) FROM rationales)"
    )
    reason = f"the budget of tokens is 1 tokens: {trained + generated} are spent"
    assert run.summary["stopped_because"] == reason


def test_gains_are_judged_on_the_same_problems(settings: dict[str, Any], tmp_path: Path) -> None:
    """The reason has the interval of Agresti and Min for the problems gained and lost."""
    stopping = {"name": "marginal", "gain": 1}
    run = siked.run({**settings, "stopping": stopping, "controls": []}, tmp_path / "run")
    before, after = (
        {
            row["problem"]
            for row in run.journal.rows(
                "SELECT q.problem FROM requests q JOIN rationales r ON r.request = q.id"
                " JOIN verdicts v ON v.rationale = r.id"
                " WHERE q.step = 'free:dev' AND q.iteration = ? AND v.status = 'correct'",
                t,
            )
        }
        for t in (0, 1)
    )
    gained, lost, n = len(after - before) + 0.5, len(before - after) + 0.5, 8 + 2
    half = 1.96 * (gained + lost - (gained - lost) ** 2 / n) ** 0.5
    ends = [100 * (gained - lost + sign * half) / n for sign in (-1, 1)]
    assert f"(95 % interval {ends[0]:+.1f} to {ends[1]:+.1f} points)" in run.summary["stopped_because"]
