"""A student as one whole checkpoint: its adapter merged in float32, and the files checked against it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from siked.errors import MissingExtra, RunError
from siked.models.locate import is_adapter, resolve
from siked.models.safety import check_model
from siked.records import Model

TOLERANCE = 1e-3
"""What logits of the merged model may differ by, as a share of the largest logit: sums in float32 in
another order differ by a hundredth of that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How the checkpoint in the files differs from the student it was made of."""

    prompts: int
    logit: float
    """The largest difference of a logit, at any position of any prompt."""
    largest: float
    """The largest logit, for scale."""


def write_merged(model: Model, out: Path, prompts: Sequence[Sequence[int]]) -> Difference:
    """Write ``model`` to ``out`` as whole float32 weights and compare what the files hold with it.

    ``prompts`` are ids of prompts that both are run on, on the CPU. Raises :class:`RunError` where a
    logit differs by more than :data:`TOLERANCE` allows.
    """
    try:
        import torch
        from transformers import AutoModelForCausalLM
        from transformers.utils import logging
    except ImportError as error:
        raise MissingExtra("exporting a student", "train") from error
    logging.disable_progress_bar()
    student = _load(model)
    wanted = _logits(student, prompts)
    if hasattr(student, "merge_and_unload"):
        student = student.merge_and_unload(safe_merge=True)
    student.save_pretrained(str(out))
    del student
    written = AutoModelForCausalLM.from_pretrained(str(out), dtype=torch.float32).eval()
    found = _logits(written, prompts)
    logit = max(float((a - b).abs().max()) for a, b in zip(wanted, found, strict=True))
    largest = max(float(a.abs().max()) for a in wanted)
    if not logit <= TOLERANCE * largest:  # not-a-number is a fault too
        raise RunError(
            f"the merged model differs from the student: logits by up to {logit:.2g}, where the largest is "
            f"{largest:.3g}; nothing was written"
        )
    return Difference(prompts=len(prompts), logit=logit, largest=largest)


def _load(model: Model) -> Any:
    """The student in float32 on the CPU, an adapter beside its base."""
    import torch
    from transformers import AutoModelForCausalLM

    weights = Path(model.weights) if model.weights is not None else None
    adapter = weights if weights is not None and is_adapter(weights) else None
    whole = weights if weights is not None and adapter is None else resolve(model).path
    for folder in filter(None, (whole, adapter)):
        check_model(folder)
    loaded = AutoModelForCausalLM.from_pretrained(
        str(whole), dtype=torch.float32, trust_remote_code=False, use_safetensors=True
    )
    if adapter is not None:
        from peft import PeftModel

        loaded = PeftModel.from_pretrained(loaded, str(adapter))
    return loaded.eval()


def _logits(model: Any, prompts: Sequence[Sequence[int]]) -> list[Any]:
    import torch

    with torch.no_grad():
        return [model(input_ids=torch.tensor([list(ids)])).logits[0] for ids in prompts]
