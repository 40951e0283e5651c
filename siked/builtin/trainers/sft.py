"""Trainer ``trl``: supervised fine-tuning with TRL's SFTTrainer, on ids and labels that siked made."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Gt

from siked.builtin.trainers import watching
from siked.contracts import Progress
from siked.errors import ConfigError, MissingExtra
from siked.records import Model, Problem, Trained, TrainRow, TrainSettings

Schedulers = Literal[
    "linear",
    "cosine",
    "cosine_with_restarts",
    "polynomial",
    "constant",
    "constant_with_warmup",
    "inverse_sqrt",
]
"""Those of transformers that need no setting of their own."""
PACKAGES = ("torch", "transformers", "trl", "peft", "datasets", "accelerate")


class Sft:
    """Trains an adapter (LoRA, QLoRA) or all weights on the rows of a mixture.

    An adapter is carried on: where the student that comes in has one, that one is trained further
    on the untouched base. With ``adapter: fresh`` it is merged into the weights instead, a new one
    is trained on them, and the student that comes out has whole weights. Defaults are the paper's settings.
    """

    name: ClassVar[str] = "trl"

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Options:
        """How the student is trained."""

        method: Literal["lora", "qlora", "full"] = field(
            default="lora", metadata={"help": "lora, qlora (4 bit base) or full (all weights)."}
        )
        learning_rate: Annotated[float, Gt(0)] = field(
            default=2e-4, metadata={"help": "Highest learning rate."}
        )
        lr_scheduler: Schedulers = field(
            default="linear", metadata={"help": "Learning rate schedule of transformers."}
        )
        warmup_steps: Annotated[int, Ge(0)] = field(
            default=5, metadata={"help": "Steps over which the rate rises."}
        )
        weight_decay: Annotated[float, Ge(0)] = field(
            default=0.01, metadata={"help": "Weight decay of AdamW."}
        )
        batch_size: Annotated[int, Ge(1)] = field(
            default=2, metadata={"help": "Rows that go through the model together, at most."}
        )
        accumulation: Annotated[int, Ge(1)] = field(
            default=4, metadata={"help": "Batches to one step of the optimiser, which are drawn at random."}
        )
        max_length: Annotated[int, Ge(1)] = field(
            default=1024, metadata={"help": "Tokens of a row; longer rows are dropped."}
        )
        packing: bool = field(
            default=False,
            metadata={
                "help": "Lay rows one behind the other, up to batch_size times max_length tokens together; "
                "no row sees another."
            },
        )
        adapter: Literal["carry", "fresh"] = field(
            default="carry",
            metadata={
                "help": "Train the student's adapter on (carry), or merge it and train a new one (fresh)."
            },
        )
        lora_r: Annotated[int, Ge(1)] = field(default=16, metadata={"help": "Rank of the adapter."})
        lora_alpha: Annotated[int, Ge(1)] = field(
            default=32, metadata={"help": "Scale of the adapter, over its rank."}
        )
        lora_dropout: Annotated[float, Ge(0)] = field(
            default=0.0, metadata={"help": "Dropout inside the adapter."}
        )
        lora_target: str = field(
            default="all-linear",
            metadata={"help": "Modules with an adapter: all-linear, or names separated by commas."},
        )
        dtype: Literal["auto", "float32", "bfloat16", "float16"] = field(
            default="auto",
            metadata={"help": "Type of a frozen base: float32, bfloat16; auto is bfloat16 on CUDA."},
        )
        device: str = field(
            default="auto", metadata={"help": "cuda, mps, cpu; auto takes the first there is."}
        )
        threads: Annotated[int, Ge(0)] = field(
            default=0, metadata={"help": "CPU threads; 0 leaves it to torch."}
        )
        processes: Annotated[int, Ge(1)] = field(
            default=1, metadata={"help": "Processes that share each step (DDP), by torchrun on this machine."}
        )
        launcher: str = field(
            default="",
            metadata={
                "help": "Command that starts the processes instead, such as 'accelerate launch --config_file "
                "fsdp2.yaml'; siked adds a module and a file to it."
            },
        )

        logging_steps: Annotated[int, Ge(0)] = field(
            default=0,
            metadata={"help": "Steps between lines of the training log; 0: fifty lines.", "decides": False},
        )
        checkpoint_steps: Annotated[int, Ge(0)] = field(
            default=0,
            metadata={"help": "Steps between checkpoints inside a training; 0: by time.", "decides": False},
        )
        checkpoint_seconds: Annotated[float, Ge(0)] = field(
            default=600.0,
            metadata={"help": "Seconds between checkpoints inside a training; 0: none.", "decides": False},
        )
        report_to: str = field(
            default="",
            metadata={
                "help": "Trackers separated by commas: tensorboard, wandb, mlflow, trackio.",
                "decides": False,
            },
        )

    def __init__(self, options: Options) -> None:
        if options.adapter == "fresh" and options.method != "lora":
            raise ConfigError(
                "trainer.adapter 'fresh' needs trainer.method 'lora': 4 bits cannot take it in."
            )
        self.options = options

    def look_up(self, model: Model, problems: Sequence[Problem], strategies: Sequence[str]) -> list[str]:
        """Look for packages and the device; see :class:`siked.contracts.LooksUp`."""
        from siked.models.loading import check_device

        for package in PACKAGES:
            if importlib.util.find_spec(package) is None:
                raise MissingExtra("training a student", "train")
        if self.options.method == "qlora" and importlib.util.find_spec("bitsandbytes") is None:
            raise MissingExtra("trainer.method 'qlora'", "qlora")
        check_device(self.options.device)
        watching.trackers(self.options.report_to)
        return []

    def train(
        self,
        student: Model,
        rows: Sequence[TrainRow],
        settings: TrainSettings,
        out: Path,
        progress: Progress,
    ) -> Trained:
        """Train and write an adapter, or a whole checkpoint with its tokenizer, to ``out``.

        Raises :class:`siked.errors.RunError` where no row is short enough, and
        :class:`siked.errors.PreflightError` where the student would not learn to stop.
        """
        if self.options.processes > 1 or self.options.launcher:
            from siked.builtin.trainers.launch import launch

            return launch(self.options, student, rows, settings, out, progress)
        return self.fit(student, rows, settings, out, progress)

    def fit(
        self,
        student: Model,
        rows: Sequence[TrainRow],
        settings: TrainSettings,
        out: Path,
        progress: Progress,
    ) -> Trained:
        """Train in this process, which may be one of several."""
        self._import()
        from siked.builtin.trainers import fitting

        return fitting.fit(self.options, student, rows, settings, out, progress)

    def _import(self) -> None:
        # TRL sends a ping when a trainer is made, unless this is set before it is imported.
        os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        try:
            import datasets
            import peft
            import torch
            import transformers
            import trl  # noqa: F401
        except ImportError as error:
            raise MissingExtra("the trainer 'trl'", "train") from error
        transformers.logging.set_verbosity_error()
        datasets.disable_progress_bars()
        del peft
        if self.options.threads:
            torch.set_num_threads(self.options.threads)
