"""What a training tells stands in the journal and in the report, and a run can be followed."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

import siked
from siked.cli.main import cli
from siked.engine.forecast import planned, remaining
from siked.engine.progress import Reporter
from siked.journal.queries import scores, trainings
from siked.journal.stage import Told
from siked.runs.run import stored_config


class Watcher(Reporter):
    def __init__(self) -> None:
        self.lefts: list[float] = []

    def left(self, seconds: float) -> None:
        self.lefts.append(seconds)


@pytest.fixture
def watcher() -> Watcher:
    return Watcher()


def test_the_log_is_in_the_journal_and_in_the_report(
    settings: dict[str, Any], tmp_path: Path, watcher: Watcher
) -> None:
    run = siked.run(settings, tmp_path / "run", reporter=watcher)
    assert trainings.logged(run.journal) == [
        ("main", 0), ("main", 1), ("main", 2), ("equal-steps", 1), ("equal-steps", 2),
    ]  # fmt: skip
    log = trainings.log(run.journal, "main", 1)
    assert [told.step for told in log] == list(range(1, log[-1].steps + 1))
    assert (log[0].learning_rate, log[0].gradient_norm, log[0].tokens_per_second) == (1e-3, 0.5, 1000.0)
    result = CliRunner().invoke(cli, ["report", str(run.folder)], catch_exceptions=False)
    assert result.exit_code == 0
    text = (run.folder / "report.html").read_text()
    assert "training loss, nats a token" in text
    assert "equal-steps 2" in text
    assert watcher.lefts[-1] == 0
    assert watcher.lefts[0] > 0


def test_of_a_step_that_was_trained_twice_the_later_counts(settings: dict[str, Any], tmp_path: Path) -> None:
    from siked.journal import Journal

    run = siked.run({**settings, "iterations": 0, "controls": []}, tmp_path / "run")
    last = trainings.log(run.journal, "main", 0)[-1]
    journal = Journal.open(run.folder / "run.db")
    journal.training("main", 0, Told(last.step, last.steps, 9.0, None, None, None, 1.0))
    assert trainings.log(journal, "main", 0)[-1].loss == 9.0
    assert len(trainings.log(journal, "main", 0)) == len(trainings.log(run.journal, "main", 0))
    journal.close()


def test_the_plan_of_steps_is_what_a_run_does(settings: dict[str, Any], tmp_path: Path) -> None:
    run = siked.run(settings, tmp_path / "run")
    done = {(t.track, t.iteration, t.step) for t in scores.timings(run.journal)}
    config = stored_config(run.journal)
    assert {tuple(stage) for stage in planned(config)} == {
        stage for stage in done if stage[2] in ("teach", "sample", "train", "evaluate", "test")
    }
    longer = config.model_copy(update={"iterations": 4})
    took = {t.step: t.seconds for t in scores.timings(run.journal)}
    a_round = sum(took[step] for step in ("sample", "train", "evaluate", "test"))
    controls = 2 * took["train"] + took["evaluate"] + took["test"]
    assert remaining(run.journal, longer) == pytest.approx(2 * a_round + controls)


def test_a_run_is_followed_to_its_end(settings: dict[str, Any], tmp_path: Path) -> None:
    file, folder = tmp_path / "config.yaml", tmp_path / "run"
    settings["trainer"] = {**settings["trainer"], "seconds": 0.5}
    file.write_text(yaml.safe_dump(settings))
    main = [sys.executable, "-c", "from siked.cli.main import main; main()"]
    process = subprocess.Popen(
        [*main, "run", "--config", str(file), "--out", str(folder)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while process.poll() is None and not (folder / "manifest.json").exists():
        time.sleep(0.05)
    result = CliRunner().invoke(cli, ["show", "--follow", str(folder)], catch_exceptions=False)
    assert process.wait() == 0
    lines = result.output.splitlines()
    assert "main 2 evaluate: done in" in result.output
    assert any(line.startswith("main 1 train: step 1 of") and "1000 tokens/s" in line for line in lines)
    assert "best iteration" in result.output or "Accuracy" in result.output
    again = CliRunner().invoke(cli, ["show", "--follow", str(folder)], catch_exceptions=False)
    assert again.exit_code == 0
