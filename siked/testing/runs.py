"""A whole run on fakes in about a second: for tests of plugins, with no model, no torch and no pytest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from siked.runs.run import Run

FAKES = Path(__file__).with_name("fakes_plugin.py")
"""The fakes as a plugin file, for ``--plugin`` or ``siked.run(plugins=[...])``."""


def fake_settings(**changes: Any) -> dict[str, Any]:
    """Return the settings of a run on the fakes; ``changes`` replace whole keys.

    A section of a component is written as in a file of settings: ``schedule={"name": "mine"}``.
    """
    settings: dict[str, Any] = {
        "strategies": ["cot", "pot"],
        "student": {"model": "scripted"},
        "teacher": {"name": "scripted", "skill": 0.8},
        "backend": {"name": "scripted"},
        "trainer": {"name": "instant", "epochs": 1},
        "dataset": {"name": "additions", "train": 12, "dev": 6, "test": 6},
        "sample": {"k": 2},
        "iterations": 1,
        "seed": 1,
    }
    return {**settings, **changes}


def run_on_fakes(
    folder: str | Path, *, plugins: Sequence[str | Path] = (), settings: Mapping[str, Any] | None = None
) -> Run:
    """Run the whole method on the fakes and return the run.

    ``folder`` does not exist yet. ``plugins`` are plugin files; what is installed is there too.
    ``settings`` replace whole keys of :func:`fake_settings`.
    """
    import siked

    return siked.run(fake_settings(**(settings or {})), folder, plugins=[FAKES, *plugins])
