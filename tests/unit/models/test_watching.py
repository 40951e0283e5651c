"""A training is watched while it goes on, and a kill costs no more than what came after a checkpoint."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from siked.builtin.trainers import watching
from siked.builtin.trainers.sft import Sft
from siked.errors import UsageError
from siked.models.weights import weights_hash
from siked.records import Message, Model, Trained, TrainRow, TrainSettings

pytestmark = pytest.mark.train
torch: Any = pytest.importorskip("torch")

ROWS = [
    TrainRow(messages=(Message("user", f"{i} + 1?"),), prefix="[cot]", text=f"answer = {i + 1}")
    for i in range(16)
]
KILLED_AT = 7
CHILD = """
import json, os, signal, sys
from pathlib import Path
from siked.builtin.trainers.sft import Sft
from siked.records import Message, Model, TrainRow, TrainSettings
import torch
torch.set_num_threads(1)
folder, out, told, options = sys.argv[1:]
rows = [
    TrainRow(messages=(Message("user", f"{i} + 1?"),), prefix="[cot]", text=f"answer = {i + 1}")
    for i in range(16)
]
def progress(step, of, *numbers):
    with open(told, "a") as file:
        print(step, file=file)
    if step == int(os.environ.get("KILLED_AT", 7)):
        os.kill(os.getpid(), signal.SIGKILL)
trainer = Sft(Sft.Options(**json.loads(options)))
trainer.train(Model(name=folder), rows, TrainSettings(epochs=6, seed=3), Path(out), progress)
"""


def train(folder: Path, out: Path, told: list[Any], **options: Any) -> Trained:
    out.mkdir(parents=True, exist_ok=True)
    settings = TrainSettings(epochs=6, seed=3, name="run-0", log_dir=str(out.parent / "logs"))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        trainer = Sft(Sft.Options(**options))
        return trainer.train(
            Model(name=str(folder)), ROWS, settings, out, lambda *values: told.append(values)
        )
    finally:
        torch.set_num_threads(threads)


@pytest.mark.parametrize(
    "method", [{"method": "full"}, {"method": "lora", "lora_dropout": 0.2, "lora_r": 4}], ids=["full", "lora"]
)
def test_killed_and_resumed_it_ends_in_the_same_weights(
    folder: Path, tmp_path: Path, method: dict[str, Any]
) -> None:
    options = {**method, "learning_rate": 1e-2, "checkpoint_steps": 3}
    whole = train(folder, tmp_path / "whole" / "weights", [], **options)
    out, file = tmp_path / "killed" / "weights", tmp_path / "told"
    out.mkdir(parents=True)
    command = [sys.executable, "-c", CHILD, str(folder), str(out), str(file), json.dumps(options)]
    assert subprocess.run(command, check=False, capture_output=True).returncode == -signal.SIGKILL
    before = [int(line) for line in file.read_text().split()]
    assert before[-1] == KILLED_AT
    told: list[Any] = []
    again = train(folder, out, told, **options)
    assert weights_hash(out) == weights_hash(tmp_path / "whole" / "weights")
    assert (again.steps, again.tokens, again.rows) == (whole.steps, whole.tokens, whole.rows)
    assert again.loss == pytest.approx(whole.loss, rel=1e-6)
    repeated = set(before) & {step for step, *_ in told}
    assert repeated == {7}, "the last whole checkpoint is that of step 6"


def test_a_checkpoint_that_was_cut_off_is_passed_over(tmp_path: Path) -> None:
    for step, whole in ((3, True), (12, True), (15, False)):
        place = tmp_path / f"checkpoint-{step}"
        place.mkdir()
        if whole:
            (place / "siked.json").write_text("{}")
    found = watching.latest(tmp_path)
    assert found is not None
    assert found.name == "checkpoint-12"
    assert watching.latest(tmp_path / "nothing") is None


def test_checkpoints_by_time_decide_nothing(folder: Path, tmp_path: Path) -> None:
    options = {"method": "full", "learning_rate": 1e-2}
    never = train(folder, tmp_path / "a" / "weights", [], **options, checkpoint_seconds=0)
    always = train(folder, tmp_path / "b" / "weights", [], **options, checkpoint_seconds=1e-9)
    assert weights_hash(Path(never.weights)) == weights_hash(Path(always.weights))
    assert watching.latest(tmp_path / "a" / "checkpoints") is None
    kept = sorted(path.name for path in (tmp_path / "b" / "checkpoints").glob("checkpoint-*"))
    assert kept == ["checkpoint-10", "checkpoint-11"], "two are kept, and none is made of the end"


def test_the_training_log_goes_to_tensorboard(folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    told: list[Any] = []
    train(folder, tmp_path / "a" / "weights", told, report_to="tensorboard", logging_steps=4)
    logged = [values for values in told if len(values) > 2]
    assert [values[0] for values in logged] == [4, 8, 12]
    read = EventAccumulator(str(tmp_path / "a" / "logs" / "tensorboard" / "run-0"))
    read.Reload()
    assert {"train/loss", "train/grad_norm", "train/learning_rate"} <= set(read.Tags()["scalars"])
    losses = [event.value for event in read.Scalars("train/loss")]
    assert losses == pytest.approx([values[2] for values in logged], rel=1e-5)


@pytest.mark.slow
def test_the_training_log_goes_to_trackio(folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("trackio")
    out, options = tmp_path / "a" / "weights", {"report_to": "trackio", "logging_steps": 6}
    out.mkdir(parents=True)
    command = [
        sys.executable,
        "-c",
        CHILD,
        str(folder),
        str(out),
        str(tmp_path / "told"),
        json.dumps(options),
    ]
    # it reads where to write when it is imported
    env = {**os.environ, "TRACKIO_DIR": str(tmp_path / "trackio"), "KILLED_AT": "0"}
    subprocess.run(command, check=True, capture_output=True, env=env)
    (file,) = (tmp_path / "trackio").glob("siked*.db")
    (count,) = sqlite3.connect(file).execute("SELECT count(*) FROM metrics").fetchone()
    assert count >= 2


def test_an_unknown_tracker_is_answered_with_those_there_are() -> None:
    with pytest.raises(UsageError, match="no tracker named 'banana'; there are: mlflow, tensorboard"):
        watching.trackers("banana")
    with pytest.raises(UsageError, match="pip install mlflow"):
        watching.trackers("mlflow")
