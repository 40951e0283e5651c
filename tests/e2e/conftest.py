"""A student of the bundled default, trained once for all slow tests that use one elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

import siked
from siked.registry import load_registry
from siked.runs.export import export_student


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> siked.Run:
    """A finished run: a student of iteration 0 on 200 problems."""
    pytest.importorskip("trl")
    values = {
        "preset": "tiny",
        "dataset": {"name": "wordproblems", "limit": 200, "dev": 20},
        "evaluate": {"limit": 100},
        "iterations": 0,
        "controls": [],
    }
    return siked.run(values, tmp_path_factory.mktemp("runs") / "run")


@pytest.fixture(scope="session")
def exported(run: siked.Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``siked export`` makes of its student."""
    out = tmp_path_factory.mktemp("exported") / "student"
    export_student(siked.Run(run.folder), load_registry(), None, out, "merged")
    return out
