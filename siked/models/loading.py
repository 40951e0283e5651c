"""Loading a base once and changing the student on it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from siked.errors import BackendError, UsageError
from siked.models.locate import is_adapter
from siked.models.safety import check_model

_MISFIT = re.compile(r"size mismatch|size of tensor|must match", re.IGNORECASE)
"""What torch says of tensors of other shapes."""
DTYPES = ("auto", "float32", "bfloat16", "float16")


def pick_device(name: str) -> str:
    """Return the torch device that ``auto`` means here, or ``name`` itself."""
    import torch

    if name != "auto":
        return name
    if torch.cuda.is_available():
        return "cuda"
    if torch.backends.mps.is_available():
        return "mps"
    return "cpu"


def check_device(name: str) -> None:
    """Raise :class:`UsageError` for a device that is not there; torch is imported for cuda and mps only."""
    kind, _, number = name.partition(":")
    if kind not in ("auto", "cpu", "cuda", "mps") or (number and not (kind == "cuda" and number.isdigit())):
        raise UsageError(f"no device named {name!r}; there are: auto, cpu, cuda, cuda:N, mps.")
    if kind in ("auto", "cpu"):
        return
    import torch

    there = torch.cuda.device_count() if kind == "cuda" else int(torch.backends.mps.is_available())
    if int(number or 0) >= there:
        raise UsageError(f"the device {name!r} is not there; {pick_device('auto')!r} is")


def pick_dtype(name: str, device: str) -> Any:
    """Return the torch type of the weights: ``auto`` is bfloat16 on CUDA and float32 elsewhere."""
    import torch

    if name not in DTYPES:
        raise UsageError(f"no dtype named {name!r}; there are: {', '.join(DTYPES)}.")
    if name == "auto":
        name = "bfloat16" if device.startswith("cuda") else "float32"
    return getattr(torch, name)


def load_tokenizer(folder: Path) -> Any:
    """Load the tokenizer of a model folder."""
    from transformers import AutoTokenizer

    check_model(folder)
    return AutoTokenizer.from_pretrained(str(folder), trust_remote_code=False)


def load_model(folder: Path, dtype: Any, device: str) -> Any:
    """Load a causal language model for inference."""
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    check_model(folder)
    logging.disable_progress_bar()
    model = AutoModelForCausalLM.from_pretrained(
        str(folder), dtype=dtype, trust_remote_code=False, use_safetensors=True
    )
    return model.to(device).eval()


class Student:
    """A base model on its device, with at most one adapter applied.

    ``model`` is what runs. With ``merge`` the adapter is added, in float32, to the weights as they
    stand in the checkpoint, and the sum is rounded to the type that runs; before the next adapter
    the weights are read again, so nothing accumulates. Without it, or for an adapter that is more
    than plain LoRA, the adapter stays beside the base, which is slower.
    """

    def __init__(self, folder: Path, dtype: Any, device: str, merge: bool) -> None:
        self.folder = folder
        self.base = load_model(folder, dtype, device)
        self.model = self.base
        self._checkpoint = Checkpoint(folder)
        self._merge = merge
        self._changed: list[str] = []
        self._attached: Any = None

    def apply(self, adapter: Path | None) -> None:
        """Put the base back as it was, then apply ``adapter``.

        Raises :class:`UsageError` for one that was trained on another model.
        """
        self._restore()
        if adapter is None:
            return
        try:
            self._apply(adapter)
        except RuntimeError as error:
            if not _MISFIT.search(str(error)):
                raise
            raise UsageError(
                f"the adapter {adapter} was trained on another model than {self.folder}"
            ) from None

    def _apply(self, adapter: Path) -> None:
        check_model(adapter)
        config = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))
        if self._merge and _is_plain_lora(config):
            deltas = lora_deltas(adapter, config)
            if all(name in self._checkpoint for name in deltas):
                self._add(deltas)
                return
        from peft import PeftModel

        self._attached = PeftModel.from_pretrained(self.base, str(adapter)).eval()
        self.model = self._attached

    def _restore(self) -> None:
        import torch

        if self._attached is not None:
            self.base = self._attached.unload().eval()
            self._attached = None
        with torch.no_grad():
            for name in self._changed:
                self.base.get_parameter(name).copy_(self._checkpoint.read(name))
        self._changed = []
        self.model = self.base

    def _add(self, deltas: dict[str, Any]) -> None:
        import torch

        self._changed = list(deltas)
        with torch.no_grad():
            for name, delta in deltas.items():
                self.base.get_parameter(name).copy_(self._checkpoint.read(name).float() + delta)


class Checkpoint:
    """The tensors of a model folder by name, read when they are asked for."""

    def __init__(self, folder: Path) -> None:
        from safetensors import safe_open

        self._files: dict[str, Path] = {}
        for file in sorted(folder.glob("*.safetensors")):
            with safe_open(str(file), framework="pt") as tensors:
                self._files.update(dict.fromkeys(tensors.keys(), file))

    def __contains__(self, name: str) -> bool:
        return name in self._files

    def read(self, name: str) -> Any:
        """Return the tensor ``name`` as it stands in the file."""
        from safetensors import safe_open

        with safe_open(str(self._files[name]), framework="pt") as tensors:
            return tensors.get_tensor(name)


def _is_plain_lora(config: dict[str, Any]) -> bool:
    odd = (
        "use_dora",
        "fan_in_fan_out",
        "modules_to_save",
        "alora_invocation_tokens",
        "trainable_token_indices",
        "target_parameters",
    )
    return (
        config.get("peft_type") == "LORA"
        and config.get("bias", "none") == "none"
        and not config.get("lora_bias")
        and not any(config.get(key) for key in odd)
    )


def lora_deltas(adapter: Path, config: dict[str, Any]) -> dict[str, Any]:
    """Return {name of the base's parameter: what a LoRA adapter adds to it}, in float32.

    W' = W + (alpha / r) B A (Hu et al., 2021), or alpha / sqrt(r) with ``use_rslora``.
    """
    from safetensors.torch import load_file

    file = adapter / "adapter_model.safetensors"
    if not file.is_file():
        raise BackendError(f"the adapter {adapter} has no file {file.name}")
    tensors = load_file(str(file))
    alphas: dict[str, float] = config.get("alpha_pattern") or {}
    deltas = {}
    for key, down in tensors.items():
        if not key.endswith(".lora_A.weight"):
            continue
        name = key.removesuffix(".lora_A.weight").removeprefix("base_model.model.")
        up = tensors[key.replace(".lora_A.", ".lora_B.")]
        rank = down.shape[0]
        alpha = next((a for part, a in alphas.items() if name.endswith(part)), config["lora_alpha"])
        scale = alpha / (rank**0.5 if config.get("use_rslora") else rank)
        deltas[f"{name}.weight"] = scale * (up.float() @ down.float())
    return deltas


class Slot:
    """The one student of a worker; opening another on the same base loads no base again."""

    def __init__(self, dtype: Any, device: str) -> None:
        import torch

        self.dtype, self.device = dtype, device
        # With few bits a sum loses small changes of large weights. On a CPU speed is worth that.
        self.merge = device == "cpu" or dtype == torch.float32
        self.student: Student | None = None

    def open(self, base: Path, weights: Path | None) -> Any:
        """Return the model of (base, weights), ready to run."""
        full = weights if weights is not None and not is_adapter(weights) else None
        folder = full or base
        if self.student is None or self.student.folder != folder:
            self.student = None  # free the old one before the new one is loaded
            self.student = Student(folder, self.dtype, self.device, self.merge)
        self.student.apply(weights if full is None else None)
        return self.student.model
