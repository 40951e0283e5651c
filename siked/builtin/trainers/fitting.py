"""One training run with SFTTrainer, start to end. Imports stay inside functions: torch is heavy."""

from __future__ import annotations

import math
import tempfile
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from siked.builtin.trainers.sft import Sft, Tokens, tokenize
from siked.errors import ConfigError, MissingExtra
from siked.models.loading import load_tokenizer, pick_device, pick_dtype
from siked.models.locate import is_adapter, resolve
from siked.records import Model, Trained, TrainRow, TrainSettings
from siked.text import token_ids

if TYPE_CHECKING:
    Options = Sft.Options

_PACKING = "bfd"
_LAST = 0.1
"""The share of the steps whose mean loss is reported."""


def fit(
    options: Options,
    student: Model,
    rows: Sequence[TrainRow],
    settings: TrainSettings,
    out: Path,
    progress: Callable[[int, int], None],
) -> Trained:
    """Train ``student`` on ``rows``; see :meth:`siked.builtin.trainers.sft.Sft.train`."""
    import torch

    base = resolve(student).path
    weights = Path(student.weights) if student.weights is not None else None
    device = pick_device(options.device)
    tokenizer = load_tokenizer(base)
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    tokens = tokenize(tokenizer, rows, student.prompt_format, options.max_length)
    torch.manual_seed(settings.seed)  # a new adapter is drawn at random
    model = _model(options, base, weights, device)
    watch = _watch(progress)
    with tempfile.TemporaryDirectory(prefix="siked-train-") as scratch, warnings.catch_warnings():
        # about names that a later transformers will drop
        warnings.simplefilter("ignore", FutureWarning)
        trainer = _trainer(options, model, tokenizer, tokens, settings, device, scratch, watch)
        stop = token_ids.stop_ids(tokenizer, model.generation_config, student.prompt_format)
        token_ids.preflight(tokenizer, _as_collated(trainer, tokens), stop)
        trainer.train()
    model = trainer.accelerator.unwrap_model(trainer.model)
    out.mkdir(parents=True, exist_ok=True)
    if options.adapter == "fresh":
        model = model.merge_and_unload()
    model.save_pretrained(str(out))
    if options.method == "full" or options.adapter == "fresh":
        tokenizer.save_pretrained(str(out))
    return Trained(
        weights=str(out),
        steps=int(trainer.state.global_step),
        tokens=trainer.tokens_seen,
        loss=watch.loss,
        rows=len(tokens.rows),
        dropped=tokens.dropped,
    )


def _model(options: Options, base: Path, weights: Path | None, device: str) -> Any:
    """The model to train: all of it, or a frozen base with a new or a carried adapter."""
    import torch
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()
    adapter = weights if weights is not None and is_adapter(weights) else None
    if options.method == "full":
        if adapter is not None:
            raise ConfigError("trainer.method is 'full', but the student is an adapter; use lora or qlora.")
        # master weights in float32; CUDA computes in bfloat16 by autocast
        return AutoModelForCausalLM.from_pretrained(str(weights or base), dtype=torch.float32)
    fresh = options.adapter == "fresh"
    if weights is not None and adapter is None and not fresh:
        raise ConfigError(
            f"trainer.method is {options.method!r}, but the student has full weights; use full."
        )
    dtype = pick_dtype(options.dtype, device)
    quantized = _four_bit() if options.method == "qlora" else None
    whole = weights if fresh and weights is not None and adapter is None else base
    model = AutoModelForCausalLM.from_pretrained(str(whole), dtype=dtype, quantization_config=quantized)
    if quantized is not None:
        from peft import prepare_model_for_kbit_training

        model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)
    return _with_adapter(options, model, adapter)


def _with_adapter(options: Options, model: Any, adapter: Path | None) -> Any:
    from peft import LoraConfig, PeftModel, get_peft_model

    if adapter is not None and options.adapter == "fresh":
        model = PeftModel.from_pretrained(model, str(adapter)).merge_and_unload()
    elif adapter is not None:
        return PeftModel.from_pretrained(model, str(adapter), is_trainable=True)
    target = options.lora_target
    config = LoraConfig(
        r=options.lora_r,
        lora_alpha=options.lora_alpha,
        lora_dropout=options.lora_dropout,
        target_modules=target if target == "all-linear" else [name.strip() for name in target.split(",")],
        task_type="CAUSAL_LM",
    )
    return get_peft_model(model, config)


def _four_bit() -> Any:
    import importlib.util

    import torch
    from transformers import BitsAndBytesConfig

    if importlib.util.find_spec("bitsandbytes") is None:
        raise MissingExtra("trainer.method 'qlora'", "qlora")
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )


def _trainer(
    options: Options,
    model: Any,
    tokenizer: Any,
    tokens: Tokens,
    settings: TrainSettings,
    device: str,
    scratch: str,
    watch: Any,
) -> Any:
    from transformers import PrinterCallback

    from siked.builtin.trainers.loss import trainer_class

    # With Triton, TRL's own fused loss looks at labelled positions only, too; but it knows no weights.
    lean = tokens.weights is not None or not device.startswith("cuda")
    trainer = trainer_class(lean)(
        model=model,
        args=_arguments(options, settings, device, scratch, ready=tokens.weights is not None),
        train_dataset=_data(options, tokens),
        processing_class=tokenizer,
        callbacks=[watch],
    )
    trainer.remove_callback(PrinterCallback)
    return trainer


def _data(options: Options, tokens: Tokens) -> Any:
    from datasets import Dataset
    from trl import pack_dataset

    from siked.builtin.trainers.loss import WEIGHTS

    columns: dict[str, Any] = {
        "input_ids": [ids for ids, _ in tokens.rows],
        "labels": [labels for _, labels in tokens.rows],
    }
    if tokens.weights is not None:
        columns[WEIGHTS] = [
            [weight] * len(ids) for (ids, _), weight in zip(tokens.rows, tokens.weights, strict=True)
        ]
        if options.packing:  # SFTTrainer would pack ids and labels only
            return pack_dataset(Dataset.from_dict(columns), options.max_length, _PACKING)
    return Dataset.from_dict({**columns, "length": [len(ids) for ids, _ in tokens.rows]})


def _arguments(options: Options, settings: TrainSettings, device: str, scratch: str, *, ready: bool) -> Any:
    """The settings of SFTTrainer; ``ready`` says that packing, if any, is done."""
    from trl import SFTConfig

    on_cuda = device.startswith("cuda")
    return SFTConfig(
        output_dir=scratch,
        num_train_epochs=settings.epochs,
        max_steps=settings.max_steps if settings.max_steps is not None else -1,
        seed=settings.seed % 2**32,
        learning_rate=options.learning_rate,
        lr_scheduler_type=options.lr_scheduler,
        warmup_steps=options.warmup_steps,
        weight_decay=options.weight_decay,
        per_device_train_batch_size=options.batch_size,
        gradient_accumulation_steps=options.accumulation,
        # Rows are ready: TRL would only cut what is over-long, and nothing is.
        max_length=options.max_length,
        packing=options.packing,
        packing_strategy=_PACKING,
        dataset_kwargs=None if options.packing and not ready else {"skip_prepare_dataset": True},
        train_sampling_strategy="group_by_length"
        if options.group_by_length and not options.packing
        else "random",
        bf16=on_cuda,
        use_cpu=device == "cpu",
        gradient_checkpointing=on_cuda,
        dataloader_pin_memory=on_cuda,
        save_strategy="no",
        logging_strategy="no",
        report_to="none",
        disable_tqdm=True,
    )


def _as_collated(trainer: Any, tokens: Tokens) -> list[tuple[list[int], list[int]]]:
    """The first rows as the model will see them, padding and all."""
    if trainer.args.packing:
        return tokens.rows[:8]
    from siked.builtin.trainers.loss import WEIGHTS

    some = [
        {"input_ids": ids, "labels": labels, WEIGHTS: [1.0] * len(ids)} for ids, labels in tokens.rows[:8]
    ]
    batch = trainer.data_collator(some)
    return list(zip(batch["input_ids"].tolist(), batch["labels"].tolist(), strict=True))


def _watch(progress: Callable[[int, int], None]) -> Any:
    """A callback that passes progress on and takes the mean loss over the last steps.

    Logging every step costs time on a small model, so it happens twice: when the last steps start
    and when they end.
    """
    from transformers import TrainerCallback

    class Watch(TrainerCallback):  # type: ignore[misc]
        loss = math.nan

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            last = max(1, math.ceil(state.max_steps * _LAST))
            if state.global_step in (state.max_steps - last, state.max_steps):
                control.should_log = True
            progress(state.global_step, state.max_steps)

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
            if logs and "loss" in logs:
                self.loss = float(logs["loss"])

    return Watch()
