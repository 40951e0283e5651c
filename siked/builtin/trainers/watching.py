"""What a training tells on its way, and the checkpoints from which it goes on after a kill."""

from __future__ import annotations

import json
import math
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from siked.builtin.trainers import loss
from siked.contracts import Progress
from siked.errors import UsageError
from siked.records import TrainSettings

if TYPE_CHECKING:
    from siked.builtin.trainers.sft import Sft

    Options = Sft.Options

_TOLD = 50
"""How often a training tells its loss by default: reading it off a device stops the device."""
_WHOLE = "siked.json"
"""Written last into a checkpoint; one without it was cut off."""
PACKAGES = {"tensorboard": "tensorboard", "wandb": "wandb", "mlflow": "mlflow", "trackio": "trackio"}
"""Trackers of transformers, and the package of each."""


def trackers(report_to: str) -> list[str]:
    """Return the names in ``trainer.report_to``; raises :class:`UsageError` for one that is not there."""
    import importlib.util

    names = [name.strip() for name in report_to.split(",") if name.strip()]
    for name in names:
        if name not in PACKAGES:
            known = ", ".join(sorted(PACKAGES))
            raise UsageError(f"trainer.report_to: no tracker named {name!r}; there are: {known}")
        if importlib.util.find_spec(PACKAGES[name]) is None:
            raise UsageError(f"trainer.report_to {name!r} needs a package: pip install {PACKAGES[name]}")
    return names


def latest(folder: Path) -> Path | None:
    """Return the newest whole checkpoint in a folder; None where there is none."""
    found = [path.parent for path in folder.glob(f"checkpoint-*/{_WHOLE}")]
    return max(found, key=lambda path: int(path.name.rpartition("-")[2]), default=None)


@dataclass(slots=True)
class _Since:
    """When and at how many tokens something was last done."""

    time: float
    tokens: int = 0


def callbacks(options: Options, settings: TrainSettings, progress: Progress) -> list[Any]:
    """Return the callbacks of a training; the first one wants the trainer as its ``trainer``."""
    from transformers import TrainerCallback

    class Watch(TrainerCallback):  # type: ignore[misc]
        trainer: Any = None

        def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            self.told = _Since(time.monotonic(), self.trainer.tokens_seen)
            self.saved = _Since(time.monotonic())

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            every = options.logging_steps or math.ceil(state.max_steps / _TOLD)
            last = state.global_step == state.max_steps
            control.should_save = not last and self._due(args, state.global_step)
            if state.global_step % every == 0 or last:
                control.should_log = True
            elif state.is_world_process_zero:
                progress(state.global_step, state.max_steps)

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
            if not logs or "loss" not in logs or not state.is_world_process_zero:
                return
            now, tokens = time.monotonic(), self.trainer.tokens_seen
            rate = (tokens - self.told.tokens) / max(now - self.told.time, 1e-9)
            self.told = _Since(now, tokens)
            numbers = (logs["loss"], logs.get("learning_rate"), logs.get("grad_norm"), rate)
            progress(state.global_step, state.max_steps, *numbers)

        def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            self.saved.time = time.monotonic()
            tally = loss.tally(self.trainer)  # asked by every process, as all of them count
            if state.is_world_process_zero:
                _complete(Path(args.output_dir) / f"checkpoint-{state.global_step}", tally)

        def _due(self, args: Any, step: int) -> bool:
            if options.checkpoint_steps and step % options.checkpoint_steps == 0:
                return True
            late = time.monotonic() - self.saved.time >= options.checkpoint_seconds > 0
            if args.world_size > 1:  # clocks differ, and all processes save together
                from accelerate.utils import broadcast_object_list

                (late,) = broadcast_object_list([late])
            return late

    return [Watch(), *_tensorboard(options, settings)]


def _tensorboard(options: Options, settings: TrainSettings) -> list[Any]:
    """TensorBoard's own callback, with a folder that outlives the training."""
    if "tensorboard" not in trackers(options.report_to):
        return []
    from transformers.integrations import TensorBoardCallback

    made = TensorBoardCallback()
    if made.logging_dir is None and settings.log_dir:
        made.logging_dir = str(Path(settings.log_dir) / "tensorboard" / settings.name)
    return [made]


def others(options: Options) -> list[str]:
    """Return the trackers that transformers sets up by their names."""
    return [name for name in trackers(options.report_to) if name != "tensorboard"]


def finish(options: Options) -> None:
    """End what a tracker would else carry into the next training of this process."""
    if "wandb" in trackers(options.report_to):
        import wandb

        wandb.finish()


def _complete(checkpoint: Path, tally: dict[str, Any]) -> None:
    """Mark a checkpoint as whole once it is on the disk."""
    for path in [p for p in checkpoint.rglob("*") if p.is_file()]:
        with path.open("rb") as file:
            os.fsync(file.fileno())
    part = checkpoint / f"{_WHOLE}.part"
    with part.open("w", encoding="utf-8") as file:
        json.dump(tally, file)
        file.flush()
        os.fsync(file.fileno())
    part.rename(checkpoint / _WHOLE)


def take_up(trainer: Any, checkpoint: Path) -> None:
    """Give a trainer back what a checkpoint of transformers does not hold."""
    loss.take_up(trainer, json.loads((checkpoint / _WHOLE).read_text(encoding="utf-8")))
