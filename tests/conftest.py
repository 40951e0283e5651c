"""What every test has: no network calls home, and the fakes as an installed distribution."""

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

os.environ.update(HF_HUB_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1", TOKENIZERS_PARALLELISM="false")
# What siked remembers of a user is kept apart from whoever runs the tests.
_STATE = tempfile.TemporaryDirectory(prefix="siked-state-")
os.environ["SIKED_STATE"] = _STATE.name

FAKES = """
from siked import hookimpl

@hookimpl
def siked_register_backends(register):
    register("scripted", "siked.testing.fakes:ScriptedBackend")

@hookimpl
def siked_register_trainers(register):
    register("instant", "siked.testing.fakes:InstantTrainer")

@hookimpl
def siked_register_datasets(register):
    register("additions", "siked.testing.additions:Additions")
"""


def install(site: Path, name: str, code: str, version: str = "1.0", requires: str = "") -> None:
    """Make a distribution with one module and one entry point, without pip."""
    module = name.replace("-", "_")
    info = site / f"{module}-{version}.dist-info"
    info.mkdir(parents=True)
    (site / f"{module}.py").write_text(code)
    need = f"Requires-Dist: {requires}\n" if requires else ""
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{need}")
    (info / "entry_points.txt").write_text(f"[siked]\n{name} = {module}\n")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on the path, here and in child processes, for :func:`install`."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("PYTHONPATH", str(folder))
    before = set(sys.modules)
    yield folder
    for name in set(sys.modules) - before:
        if (getattr(sys.modules[name], "__file__", None) or "").startswith(str(folder)):
            del sys.modules[name]


@pytest.fixture(name="install")
def install_fixture(site: Path) -> Any:
    """Return a function that installs a distribution: (name, code, version, requires)."""

    def into_site(name: str, code: str, version: str = "1.0", requires: str = "") -> None:
        install(site, name, code, version, requires)

    return into_site


@pytest.fixture
def fakes(site: Path) -> Path:
    """Offer the backend, trainer and data set of ``siked.testing`` by name."""
    install(site, "siked-fakes", FAKES)
    return site


@pytest.fixture
def settings(fakes: Path) -> dict[str, Any]:
    """A whole run on the fakes that takes about two seconds."""
    return {
        "student": {"model": "scripted"},
        "teacher": {"name": "scripted", "skill": 0.8},
        "backend": {"name": "scripted"},
        "trainer": {"name": "instant", "epochs": 1},
        "dataset": {"name": "additions", "train": 16, "dev": 8, "test": 8},
        "sample": {"k": 2},
        "controls": ["equal-steps"],
        "iterations": 2,
        "seed": 3,
    }
