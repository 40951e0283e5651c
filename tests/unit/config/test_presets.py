"""Presets of installed packages."""

from pathlib import Path

import pytest

from siked.config import load_config
from siked.errors import ConfigError


def test_a_preset_of_an_installed_package_is_named_by_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "acme_presets").mkdir()
    (tmp_path / "acme_presets" / "__init__.py").write_text("raise RuntimeError('nothing is imported')")
    (tmp_path / "acme_presets" / "quick.yaml").write_text("iterations: 7\nsample: {k: 3}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    config = load_config(preset="acme_presets:quick", sets=["sample.k=2"])
    assert (config.iterations, config.sample.k) == (7, 2)
    assert load_config(preset="acme_presets:quick,smollm2").student.model == "smollm2"
    with pytest.raises(ConfigError, match=r"'acme_presets' has no file slow\.yaml"):
        load_config(preset="acme_presets:slow")
    with pytest.raises(ConfigError, match="'acme_nothing' is not installed"):
        load_config(preset="acme_nothing:quick")
    with pytest.raises(ConfigError, match="package:NAME of a plugin"):
        load_config(preset="nothing")
