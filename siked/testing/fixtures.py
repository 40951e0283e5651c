"""Fixtures for tests of plugins: ``pytest_plugins = ["siked.testing.fixtures"]`` in ``conftest.py``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from siked.testing.runs import run_on_fakes

if TYPE_CHECKING:
    from siked.runs.run import Run


@pytest.fixture
def fake_run(tmp_path: Path) -> Callable[..., Run]:
    """A function that runs the whole method on the fakes: ``fake_run(schedule={"name": "mine"})``.

    Keywords are keys of the configuration; ``plugins`` are plugin files. Each call makes a run of its own.
    """
    count = 0

    def run(plugins: Sequence[str | Path] = (), **settings: Any) -> Run:
        nonlocal count
        count += 1
        return run_on_fakes(tmp_path / f"fake-run-{count}", plugins=plugins, settings=settings)

    return run
