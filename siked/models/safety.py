"""Model folders that somebody else made: what is loaded from them is numbers and never code.

Checked before transformers and peft see a folder, as both follow what its JSON files name: a module to
import, a kernel to fetch from the Hub, another folder for the base, a pickle where there are no tensors.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from siked.errors import UsageError

SMALL = 256 << 20
"""Bytes of a JSON file or a tokenizer at most."""
NUMBER = 1 << 27
"""A whole number in a configuration at most: no vocabulary, context or layer is larger."""
LAYERS = 10_000
_CODE = ("auto_map", "custom_pipelines", "megatron_config", "custom_generate")
"""Keys that name code to run."""
_KERNELS = (
    "attn_implementation",
    "_attn_implementation",
    "_attn_implementation_internal",
    "experts_implementation",
)
"""Keys that may name a repository of kernels."""
_ADAPTERS = ("corda_config", "eva_config", "loftq_config", "layer_replication", "runtime_config")
"""Keys of an adapter that make more of it than tensors."""


def check_model(folder: Path) -> None:
    """Raise :class:`UsageError` unless a base or a student can be loaded from ``folder`` as numbers only.

    A link to a file is followed, as folders of the Hub's cache consist of them; a link to a pipe is not.
    """
    names = set()
    for path in sorted(folder.iterdir()):
        if not (path.is_file() or path.is_dir()):
            raise UsageError(f"{path}: neither a file nor a folder, or a link to nowhere")
        names.add(path.name)
        if path.suffix == ".json":
            _check_json(path)
        elif path.suffix != ".safetensors" and path.is_file() and path.name.startswith(("token", "chat_")):
            _check_size(path)
    if "adapter_config.json" in names and "adapter_model.safetensors" not in names:
        raise UsageError(f"{folder} has no adapter_model.safetensors; siked loads tensors from no other file")
    if "adapter_config.json" in names and "config.json" in names:
        raise UsageError(f"{folder} is both an adapter and a whole model; take one of the two files out")
    if "config.json" in names and not any(name.endswith(".safetensors") for name in names):
        raise UsageError(f"{folder} has no *.safetensors; siked loads tensors from no other file")


def _check_size(path: Path) -> None:
    if path.stat().st_size > SMALL:
        raise UsageError(f"{path} is longer than {SMALL} bytes")


def _check_json(path: Path) -> None:
    _check_size(path)
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: not JSON: {error}") from None
    if not path.name.endswith("config.json"):
        return
    if not isinstance(values, dict):
        raise UsageError(f"{path}: not an object")
    try:
        _check_values(values, path)
    except RecursionError:
        raise UsageError(f"{path}: too deep") from None


def _check_values(value: Any, path: Path, key: str = "") -> None:
    if isinstance(value, dict):
        for name, one in value.items():
            if one and (name in _CODE or (name in _ADAPTERS and path.name.startswith("adapter"))):
                raise UsageError(f"{path}: {name} names code or what lies elsewhere")
            if name in _KERNELS and isinstance(one, str) and ("/" in one or ":" in one):
                raise UsageError(f"{path}: {name} would fetch and run the kernel {one!r}; siked takes none")
            _check_values(one, path, str(name))
    elif isinstance(value, list):
        for one in value:
            _check_values(one, path, key)
    elif type(value) is int and key != "model_max_length" and abs(value) > _most(key):
        raise UsageError(f"{path}: {key} is {str(value)[:30]}, more than any model has")


def _most(key: str) -> int:
    return LAYERS if key.endswith(("layers", "n_layer")) else NUMBER
