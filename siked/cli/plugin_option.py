"""The option ``--plugin FILE.py`` that commands share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from siked.registry import Registry


def plugin_option(function: Any) -> Any:
    """Add ``--plugin``, as often as wanted."""
    return click.option(
        "--plugin",
        "plugins",
        multiple=True,
        metavar="FILE.py",
        help="A plugin without packaging; a run keeps a copy.",
    )(function)


def registry_of(plugins: Sequence[str], run: str | Path | None = None, trust: bool = False) -> Registry:
    """Load what is installed, the files of ``--plugin``, and those that a run has kept, where the user has
    named them before or trusts the run."""
    from siked.runs.plugin_files import registry_with

    return registry_with(plugins, run, trust)
