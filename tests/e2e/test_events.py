"""What observers hear of a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import siked
from siked.engine.progress import Reporter
from siked.errors import RunError
from siked.registry import load_registry
from siked.runs.replay import replay
from siked.runs.run import resume
from siked.runs.teach_dataset import teach_only

WATCH = """
from siked import hookimpl, hookspecs
seen = []

def _watch(name):
    @hookimpl(specname=name)
    def watch(event):
        seen.append((name, event))
    return watch

for _name in dir(hookspecs):
    if _name.startswith("siked_") and not _name.startswith(("siked_register", "siked_add", "siked_report")):
        globals()["on_" + _name] = _watch(_name)
"""
FAILING = """
from siked import hookimpl
from siked.errors import RunError
from siked.testing.fakes import InstantTrainer

class Failing(InstantTrainer):
    name = "failing"
    def train(self, *args):
        raise RunError("no student today")

@hookimpl
def siked_register_trainers(register):
    register("failing", "acme_trainer:Failing")
"""


@pytest.fixture
def seen(install: Any, settings: dict[str, Any]) -> list[tuple[str, Any]]:
    install("acme-watch", WATCH)
    load_registry()
    import acme_watch

    found: list[tuple[str, Any]] = acme_watch.seen
    return found


def named(seen: list[tuple[str, Any]], name: str) -> list[Any]:
    return [event for hook, event in seen if hook == f"siked_{name}"]


def test_a_run_and_its_controls_tell_every_kind_of_event(
    seen: list[tuple[str, Any]], settings: dict[str, Any], tmp_path: Path
) -> None:
    run = siked.run({**settings, "iterations": 1}, tmp_path / "run")
    (started,), (finished,) = named(seen, "run_started"), named(seen, "run_finished")
    assert seen[0][1] is started
    assert seen[-1][1] is finished
    assert not named(seen, "run_failed")
    assert finished.summary == run.summary
    manifest = json.loads((run.folder / "manifest.json").read_text())
    assert {event.run_id for _, event in seen} == {manifest["id"]}
    assert len({event.id for _, event in seen}) == len(seen)
    for name in (
        "step_started",
        "step_finished",
        "rationales_verified",
        "mixture_built",
        "training_progress",
    ):
        assert {event.track for event in named(seen, name)} == {"main", "equal-steps"}, name
    assert all(event.track == event.mixture.track for event in named(seen, "mixture_built"))
    assert {(event.track, event.iteration) for event in named(seen, "iteration_finished")} >= {
        ("main", 0),
        ("main", 1),
        ("equal-steps", 1),
    }


def test_training_tells_loss_and_rate_and_calls_tell_what_they_cost(
    seen: list[tuple[str, Any]], settings: dict[str, Any], tmp_path: Path
) -> None:
    run = siked.run({**settings, "iterations": 0, "controls": []}, tmp_path / "run")
    told = named(seen, "training_progress")
    assert [event.step for event in told] == list(range(1, told[-1].of + 1))
    assert told[0].loss > told[-1].loss > 0
    assert all(event.learning_rate == 1e-3 and event.seconds >= 0 for event in told)
    costs = named(seen, "cost_changed")
    assert [event.calls for event in costs] == list(range(1, len(costs) + 1))
    ((calls, tokens, cost),) = run.journal.db.execute(
        "SELECT count(*), sum(prompt_tokens + completion_tokens), sum(cost) FROM calls"
    ).fetchall()
    assert (costs[-1].calls, costs[-1].tokens) == (calls, tokens)
    assert costs[-1].cost == pytest.approx(cost)
    assert costs[0].step == "teach:cot"
    seen.clear()
    resume(run.folder, iterations=1)
    assert named(seen, "cost_changed")[0].calls == calls + 1


def test_a_run_that_fails_says_so_last_and_a_resume_is_another_start(
    seen: list[tuple[str, Any]], settings: dict[str, Any], install: Any, tmp_path: Path
) -> None:
    install("acme-trainer", FAILING)
    failing = {**settings, "trainer": {"name": "failing"}, "iterations": 0, "controls": []}
    for start in (lambda: siked.run(failing, tmp_path / "run"), lambda: resume(tmp_path / "run")):
        with pytest.raises(RunError, match="no student today"):
            start()
        assert seen[-1][0] == "siked_run_failed"
        assert seen[-1][1].error == "no student today"
    assert not named(seen, "run_finished")
    assert [event.resumed for event in named(seen, "run_started")] == [False, True]
    for name in ("run_started", "run_failed"):
        assert len({event.id for event in named(seen, name)}) == 2
    assert len({event.run_id for _, event in seen}) == 1


def test_runs_in_folders_of_one_name_share_no_id(
    seen: list[tuple[str, Any]], settings: dict[str, Any], tmp_path: Path
) -> None:
    short = {**settings, "iterations": 0, "controls": []}
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    siked.run(short, tmp_path / "a" / "seed-0")
    one = {event.id for _, event in seen}
    seen.clear()
    siked.run(short, tmp_path / "b" / "seed-0")
    assert not one & {event.id for _, event in seen}


def test_teach_tells_its_end_and_replay_nothing(
    seen: list[tuple[str, Any]], settings: dict[str, Any], tmp_path: Path
) -> None:
    run = siked.run(settings, tmp_path / "taught", loop=teach_only)
    assert seen[-1][0] == "siked_run_finished"
    summary = seen[-1][1].summary
    assert summary["strategies"] == ["cot", "l2m", "pot"]
    assert sum(summary["kept"].values()) == len((run.folder / "rationales.jsonl").read_text().splitlines())
    resume(run.folder)
    seen.clear()
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    assert replay(run.folder, scratch, load_registry(), Reporter()).same
    assert seen == []
