"""One training run with SFTTrainer, start to end. Imports stay inside functions: torch is heavy."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from siked.builtin.trainers import watching
from siked.builtin.trainers.batches import Limits, Plan, plan
from siked.builtin.trainers.token_rows import Tokens, tokenize
from siked.contracts import Progress
from siked.errors import ConfigError, MissingExtra
from siked.models.loading import load_tokenizer, pick_device, pick_dtype
from siked.models.locate import is_adapter, resolve
from siked.models.safety import check_model
from siked.records import Model, Trained, TrainRow, TrainSettings
from siked.text import token_ids

if TYPE_CHECKING:
    from siked.builtin.trainers.sft import Sft

    Options = Sft.Options

_SAME = 0.1
"""Of the spread of logits: rounding in bfloat16 stays far below, a row that sees another goes far above."""
_OVERHEAD_CPU = 16.0
_OVERHEAD_ELSEWHERE = 4096.0
"""What one more micro-batch costs, in tokens; see ``tests/bench/bench_training.py``."""


def fit(
    options: Options,
    student: Model,
    rows: Sequence[TrainRow],
    settings: TrainSettings,
    out: Path,
    progress: Progress,
) -> Trained:
    """Train ``student`` on ``rows``; see :meth:`siked.builtin.trainers.sft.Sft.train`."""
    import torch

    from siked.builtin.trainers.loss import gather

    base = resolve(student).path
    weights = Path(student.weights) if student.weights is not None else None
    device = pick_device(options.device)
    tokenizer = load_tokenizer(base)
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    tokens = tokenize(tokenizer, rows, student.prompt_format, options.max_length)
    torch.manual_seed(settings.seed)  # a new adapter is drawn at random
    model = _model(options, base, weights, device)
    checkpoints = out.parent / "checkpoints"
    callbacks = watching.callbacks(options, settings, progress)
    with warnings.catch_warnings():
        # about names that a later transformers will drop
        warnings.simplefilter("ignore", FutureWarning)
        trainer = _trainer(options, model, tokenizer, tokens, settings, device, checkpoints, callbacks)
        stop = token_ids.stop_ids(tokenizer, model.generation_config, student.prompt_format)
        token_ids.preflight(tokenizer, _as_collated(trainer, tokens), stop)
        if options.packing:
            _keeps_apart(trainer, tokens)
        found = watching.latest(checkpoints)
        if found is not None:
            watching.take_up(trainer, found)
        trainer.train(resume_from_checkpoint=None if found is None else str(found))
    watching.finish(options)
    gather(trainer)
    _save(options, trainer, tokenizer, out)
    return Trained(
        weights=str(out),
        steps=int(trainer.state.global_step),
        tokens=trainer.tokens_seen,
        loss=trainer.last_loss,
        rows=len(tokens.rows),
        dropped=tokens.dropped,
    )


def _save(options: Options, trainer: Any, tokenizer: Any, out: Path) -> None:
    """Write the student, by the first process alone; where weights are shared out, all bring theirs."""
    accelerator = trainer.accelerator
    whole = None
    if str(accelerator.distributed_type).rpartition(".")[2] in ("FSDP", "DEEPSPEED"):
        if options.adapter == "fresh":
            raise ConfigError("trainer.adapter 'fresh' needs whole weights in each process: DDP, or one.")
        whole = accelerator.get_state_dict(trainer.model_wrapped)
    if not accelerator.is_main_process:
        return
    model = accelerator.unwrap_model(trainer.model)
    out.mkdir(parents=True, exist_ok=True)
    if options.adapter == "fresh":
        model = model.merge_and_unload()
    model.save_pretrained(str(out), **({} if whole is None else {"state_dict": whole}))
    if options.method == "full" or options.adapter == "fresh":
        tokenizer.save_pretrained(str(out))


def _model(options: Options, base: Path, weights: Path | None, device: str) -> Any:
    """The model to train: all of it, or a frozen base with a new or a carried adapter."""
    import torch
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()
    for folder in filter(None, (base, weights)):
        check_model(folder)
    adapter = weights if weights is not None and is_adapter(weights) else None
    if options.method == "full":
        if adapter is not None:
            raise ConfigError("trainer.method is 'full', but the student is an adapter; use lora or qlora.")
        # master weights in float32; CUDA computes in bfloat16 by autocast
        return AutoModelForCausalLM.from_pretrained(
            str(weights or base), dtype=torch.float32, trust_remote_code=False, use_safetensors=True
        )
    fresh = options.adapter == "fresh"
    if weights is not None and adapter is None and not fresh:
        raise ConfigError(
            f"trainer.method is {options.method!r}, but the student has full weights; use full."
        )
    dtype = pick_dtype(options.dtype, device)
    quantized = _four_bit() if options.method == "qlora" else None
    whole = weights if fresh and weights is not None and adapter is None else base
    model = AutoModelForCausalLM.from_pretrained(
        str(whole),
        dtype=dtype,
        quantization_config=quantized,
        trust_remote_code=False,
        use_safetensors=True,
    )
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
    checkpoints: Path,
    callbacks: list[Any],
) -> Any:
    from transformers import PrinterCallback

    from siked.builtin.trainers.loss import trainer_class

    # With Triton, TRL's own fused loss looks at labelled positions only, too.
    trainer = trainer_class(device.startswith("cuda"))(
        model=model,
        args=_arguments(options, settings, device, checkpoints),
        train_dataset=_data(tokens),
        processing_class=tokenizer,
        callbacks=callbacks,
        plan=_plan(options, tokens, settings, device),
    )
    trainer.remove_callback(PrinterCallback)
    callbacks[0].trainer = trainer
    return trainer


def _data(tokens: Tokens) -> Any:
    from datasets import Dataset

    from siked.builtin.trainers.loss import WEIGHTS

    columns: dict[str, Any] = {
        "input_ids": [ids for ids, _ in tokens.rows],
        "labels": [labels for _, labels in tokens.rows],
    }
    if tokens.weights is not None:
        columns[WEIGHTS] = tokens.weights
    return Dataset.from_dict(columns)


def _plan(options: Options, tokens: Tokens, settings: TrainSettings, device: str) -> Plan:
    limits = Limits(
        rows=options.batch_size,
        accumulation=options.accumulation,
        capacity=options.batch_size * options.max_length if options.packing else 0,
        overhead=overhead(device),
    )
    return plan(
        [len(ids) for ids, _ in tokens.rows],
        limits,
        epochs=settings.epochs,
        max_steps=settings.max_steps,
        seed=settings.seed,
    )


def overhead(device: str) -> float:
    """Return what one more micro-batch costs on a device, in tokens."""
    return _OVERHEAD_CPU if device == "cpu" else _OVERHEAD_ELSEWHERE


def _arguments(options: Options, settings: TrainSettings, device: str, checkpoints: Path) -> Any:
    from trl import SFTConfig

    on_cuda = device.startswith("cuda")
    return SFTConfig(
        output_dir=str(checkpoints),
        # one pass over the steps of the plan, which holds all epochs
        num_train_epochs=1,
        gradient_accumulation_steps=1,
        seed=settings.seed % 2**32,
        learning_rate=options.learning_rate,
        lr_scheduler_type=options.lr_scheduler,
        warmup_steps=options.warmup_steps,
        weight_decay=options.weight_decay,
        # Rows are ready: none is over-long, and the plan says which go together.
        max_length=None,
        padding_free=options.packing,
        dataset_kwargs={"skip_prepare_dataset": True},
        bf16=on_cuda,
        use_cpu=device == "cpu",
        gradient_checkpointing=on_cuda,
        dataloader_pin_memory=on_cuda,
        # The callback says when; the last whole checkpoint is kept while the next is written.
        save_strategy="no",
        save_total_limit=2,
        logging_strategy="no",
        report_to=watching.others(options) or "none",
        run_name=settings.name or None,
        project="siked",
        disable_tqdm=True,
    )


def _as_collated(trainer: Any, tokens: Tokens) -> list[tuple[list[int], list[int]]]:
    """The first rows as the model will see them, padding and all."""
    if trainer.padding_free:
        return tokens.rows[:8]
    from siked.builtin.trainers.loss import WEIGHTS

    some = [
        {"input_ids": ids, "labels": labels, WEIGHTS: [1.0] * len(ids)} for ids, labels in tokens.rows[:8]
    ]
    batch = trainer.data_collator(some)
    return list(zip(batch["input_ids"].tolist(), batch["labels"].tolist(), strict=True))


def _keeps_apart(trainer: Any, tokens: Tokens) -> None:
    """Raise :class:`ConfigError` where a row laid behind another sees it."""
    import torch

    from siked.builtin.trainers.loss import WEIGHTS

    def last(rows: list[tuple[list[int], list[int]]]) -> Any:
        own = [{"input_ids": ids, "labels": labels, WEIGHTS: [1.0] * len(ids)} for ids, labels in rows]
        batch = trainer.data_collator(own)
        inputs = {key: value for key, value in batch.items() if key not in ("labels", WEIGHTS)}
        with torch.no_grad(), trainer.compute_loss_context_manager():
            return trainer.model(**trainer._prepare_inputs(inputs), use_cache=False).logits[0, -1].float()

    was = trainer.model.training
    trainer.model.eval()
    first, second = tokens.rows[0], tokens.rows[-1]
    alone, behind = last([second]), last([first, second])
    trainer.model.train(was)
    if float((alone - behind).abs().max()) > _SAME * float(alone.std()):
        raise ConfigError(
            "trainer.packing is on, but this model's attention does not keep packed rows apart; "
            "set it to false."
        )
