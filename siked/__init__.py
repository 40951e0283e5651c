"""siked: distil several ways to reason into a small model and let it find out which works where.

The public API. Importing it imports no torch and no pydantic.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from siked.contracts import (
    Backend,
    Dataset,
    Sandbox,
    Schedule,
    ScoringBackend,
    Stopping,
    Strategy,
    Trainer,
    Verifier,
)

if TYPE_CHECKING:
    from siked.hookspecs import hookimpl
    from siked.runs.run import Run, run

__version__ = "0.1.0"

__all__ = [
    "Backend",
    "Dataset",
    "Run",
    "Sandbox",
    "Schedule",
    "ScoringBackend",
    "Stopping",
    "Strategy",
    "Trainer",
    "Verifier",
    "__version__",
    "hookimpl",
    "run",
]


def __getattr__(name: str) -> Any:
    # A worker under another interpreter imports siked too, and has neither pluggy nor pydantic there.
    where = {"hookimpl": "siked.hookspecs", "Run": "siked.runs.run", "run": "siked.runs.run"}
    if name in where:
        return getattr(importlib.import_module(where[name]), name)
    raise AttributeError(f"module 'siked' has no attribute {name!r}")
