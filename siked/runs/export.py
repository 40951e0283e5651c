"""A student as a folder that other tools load as it is."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from siked import __version__
from siked.config import RunConfig, make
from siked.engine.generate import student_prompt
from siked.errors import RunError, UsageError
from siked.models import is_adapter, resolve, weights_hash
from siked.models.merging import Difference, write_merged
from siked.records import Model
from siked.registry import Registry
from siked.runs.cards import model_card
from siked.runs.run import Run, stored_config
from siked.runs.solver import run_student
from siked.text import token_ids

PROMPTS = 16
"""Prompts of the run that a merged model is checked on."""
PROVENANCE = "siked.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What was written."""

    folder: Path
    iteration: int
    form: Literal["merged", "adapter"]
    check: Difference | None
    """None for an adapter, which is copied."""


def export_student(
    run: Run, registry: Registry, iteration: int | None, out: Path, form: Literal["merged", "adapter"]
) -> Exported:
    """Write a run's student to the new folder ``out``: weights, tokenizer with a chat template that renders
    the run's prompts, a generation config that stops, provenance and a model card.

    Raises :class:`UsageError` where ``out`` exists or there is no such student.
    """
    config = stored_config(run.journal)
    model = run_student(run, config, iteration)
    assert model.weights is not None
    weights = Path(model.weights)
    number = int(weights.name)
    if form == "adapter" and not is_adapter(weights):
        raise UsageError(f"student {number} has whole weights and no adapter; leave --adapter out")
    with fresh_folder(out) as folder:
        questions = _questions(run)
        prompts = _write_tokenizer(model, config, folder, questions)
        check: Difference | None = None
        if form == "merged":
            check = write_merged(model, folder, prompts)
        else:
            _copy_adapter(model, folder)
        _write_generation(model, config, folder)
        facts = _provenance(run, config, registry, model, number, form, check)
        (folder / PROVENANCE).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
        (folder / "README.md").write_text(model_card(run, facts, out.name), encoding="utf-8")
    return Exported(folder=out, iteration=number, form=form, check=check)


@contextmanager
def fresh_folder(out: Path) -> Iterator[Path]:
    """Yield a folder beside ``out`` that becomes ``out`` once it is whole; nothing is written over."""
    if out.exists():
        raise UsageError(f"{out} exists already; siked writes over nothing")
    beside = out.with_name(f"{out.name}.tmp-{os.getpid()}")
    try:
        beside.mkdir(parents=True)
    except OSError as error:
        raise UsageError(f"{out}: {error.strerror}") from None
    try:
        yield beside
        beside.rename(out)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _questions(run: Run) -> list[str]:
    """Some questions of the run, dev before training."""
    found = [p.question for split in ("dev", "train") for _, p in run.journal.load_problems(split)]
    return found[:PROMPTS]


def _write_tokenizer(model: Model, config: RunConfig, out: Path, questions: Sequence[str]) -> list[list[int]]:
    """Write the tokenizer and return the ids of the prompts of ``questions``.

    Raises :class:`RunError` where the written chat template does not give those very ids.
    """
    from siked.models.loading import load_tokenizer

    tokenizer = load_tokenizer(resolve(model).path)
    template = token_ids.chat_template(tokenizer, model.prompt_format)
    prompts = [token_ids.prompt_ids(tokenizer, student_prompt(q), model.prompt_format) for q in questions]
    tokenizer.chat_template = template
    # Prompts of unequal length are padded where nothing is generated; without the second line the first
    # is not saved.
    tokenizer.padding_side = "left"
    tokenizer.init_kwargs["padding_side"] = "left"
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    tokenizer.save_pretrained(str(out))
    written = load_tokenizer(out)
    for question, ids in zip(questions, prompts, strict=True):
        turns = [{"role": "user", "content": question}]
        again = written.apply_chat_template(turns, add_generation_prompt=True, return_dict=True)["input_ids"]
        if list(again) != ids:
            raise RunError(f"the exported tokenizer renders a prompt of the run to other ids: {question!r}")
    return prompts


def _write_generation(model: Model, config: RunConfig, out: Path) -> None:
    from transformers import GenerationConfig

    from siked.models.loading import load_tokenizer

    base = resolve(model).path
    plain = load_tokenizer(base)
    configured = (
        GenerationConfig.from_pretrained(str(base)) if (base / "generation_config.json").is_file() else None
    )
    stop = token_ids.stop_ids(plain, configured, model.prompt_format)
    pad = plain.pad_token_id
    GenerationConfig(
        do_sample=False,
        max_new_tokens=config.evaluate.max_new_tokens,
        bos_token_id=plain.bos_token_id,
        eos_token_id=list(stop),
        pad_token_id=pad if pad is not None else plain.eos_token_id,
    ).save_pretrained(str(out))


def _copy_adapter(model: Model, out: Path) -> None:
    """Copy the adapter, its base named as others find it where that is possible."""
    weights = Path(str(model.weights))
    for file in weights.iterdir():
        if file.suffix == ".safetensors":
            shutil.copy2(file, out / file.name)
    values = json.loads((weights / "adapter_config.json").read_text(encoding="utf-8"))
    resolved = resolve(model)
    values["base_model_name_or_path"] = model.name if resolved.revision else str(resolved.path)
    values["revision"] = resolved.revision
    (out / "adapter_config.json").write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")


def _provenance(
    run: Run,
    config: RunConfig,
    registry: Registry,
    model: Model,
    iteration: int,
    form: str,
    check: Difference | None,
) -> dict[str, Any]:
    resolved = resolve(model)
    manifest = run.folder / "manifest.json"
    dataset = registry.find("dataset", config.dataset.name).load()
    return {
        "siked": __version__,
        "run": run.folder.name,
        "iteration": iteration,
        "form": form,
        "weights": weights_hash(Path(str(model.weights))),
        "base": {"model": model.name, "revision": resolved.revision, "note": resolved.note},
        "prompt_format": model.prompt_format,
        "strategies": {s.name: make(registry, "strategy", s).tag for s in config.strategies},
        "dataset_licence": getattr(dataset, "licence", ""),
        "check": asdict(check) if check else None,
        "config": config.dump(),
        "made_with": json.loads(manifest.read_text(encoding="utf-8")) if manifest.is_file() else {},
    }
