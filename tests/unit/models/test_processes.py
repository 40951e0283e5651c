"""Training in two processes (gloo, on CPUs): the loss and the weights of one."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from siked.builtin.trainers.launch import command
from siked.builtin.trainers.sft import Sft
from siked.errors import RunError, UsageError
from siked.records import Message, Model, Trained, TrainRow, TrainSettings

pytestmark = pytest.mark.train
torch: Any = pytest.importorskip("torch")

TOLERANCE = 1e-5
"""Of loss and of each weight: sums over processes are rounded in another order."""


def rows(count: int = 13) -> list[TrainRow]:
    return [
        TrainRow(
            messages=(Message("user", f"{i} + 1?"),),
            prefix=("[cot]", "[pot]")[i % 2],
            text=f"answer = {i + 1}" + "!" * (3 * i % 11),
            weight=1.0 + i % 3,
        )
        for i in range(count)
    ]


def train(folder: Path, out: Path, told: list[Any], settings: TrainSettings, **options: Any) -> Trained:
    defaults: dict[str, Any] = {"learning_rate": 1e-2, "warmup_steps": 1, "device": "cpu", "threads": 1}
    trainer = Sft(Sft.Options(**(defaults | {"lora_r": 4, "lora_alpha": 8} | options)))
    progress: Any = lambda *step: told.append(step)  # noqa: E731
    return trainer.train(Model(name=str(folder)), rows(), settings, out, progress)


def weights(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return dict(load_file(folder / "adapter_model.safetensors"))


def test_two_processes_train_what_one_trains(folder: Path, tmp_path: Path) -> None:
    # the last of three rows a step is alone, so at some steps a process has nothing of its own
    settings = TrainSettings(epochs=2, seed=3)
    steps = {"batch_size": 1, "accumulation": 3}
    told: list[Any] = []
    one = train(folder, tmp_path / "one", [], settings, **steps)
    two = train(folder, tmp_path / "two", told, settings, processes=2, **steps)
    assert (two.steps, two.tokens, two.rows) == (one.steps, one.tokens, one.rows)
    assert two.loss == pytest.approx(one.loss, abs=TOLERANCE)
    mine, other = weights(tmp_path / "one"), weights(tmp_path / "two")
    assert mine.keys() == other.keys()
    assert max(float((mine[name] - other[name]).abs().max()) for name in mine) < TOLERANCE
    assert [step[0] for step in told] == list(range(1, one.steps + 1)), "told once, by the first process"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("job-")] == []


def ranks(job: Path) -> list[int]:
    """The processes of a training, from /proc."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if str(job).encode() in line and b"torch.distributed.run" not in line:
                found.append(int(entry.name))
    return sorted(found)


@pytest.mark.slow
def test_a_process_that_is_killed_ends_the_training_with_a_line(folder: Path, tmp_path: Path) -> None:
    told: list[Any] = []

    def kill() -> None:
        while not told:
            time.sleep(0.1)
        (job,) = tmp_path.glob("job-*")
        os.kill(ranks(job)[-1], signal.SIGKILL)

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    settings = TrainSettings(max_steps=100_000, seed=3)
    with pytest.raises(RunError, match=r"training: process 1 was killed by signal 9; 'siked resume'"):
        train(folder, tmp_path / "out", told, settings, processes=2)
    killer.join()
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_what_a_process_raises_is_raised(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="none of the 13 training rows has 3 tokens or fewer"):
        train(folder, tmp_path / "out", [], TrainSettings(), processes=2, max_length=3)


def test_a_launcher_gets_a_module_and_a_folder(tmp_path: Path) -> None:
    options = Sft.Options(launcher="accelerate launch --config_file 'my file.yaml'")
    assert command(options, tmp_path)[:4] == ["accelerate", "launch", "--config_file", "my file.yaml"]
    assert command(options, tmp_path)[4:] == ["-m", "siked.builtin.trainers.rank", str(tmp_path)]
    with pytest.raises(UsageError, match=r"trainer.launcher: nowhere: No such file"):
        train(tmp_path, tmp_path / "out", [], TrainSettings(), launcher="nowhere")
