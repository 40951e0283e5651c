"""siked: distil several ways to reason into a small model and let it find out which works where.

The public API. Every name is imported when it is first used: a worker under another interpreter has
neither pluggy nor pydantic there, and ``siked --help`` needs none of them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
    from siked.errors import (
        BackendError,
        ConfigError,
        DataError,
        RunError,
        SandboxError,
        SikedError,
        UsageError,
    )
    from siked.hookspecs import hookimpl
    from siked.records import (
        Answer,
        Call,
        Candidate,
        Completion,
        DevProblem,
        History,
        Malformed,
        Message,
        Model,
        ModelInfo,
        Outcome,
        Problem,
        Program,
        ProgramOutcome,
        ProgramStatus,
        Reading,
        Rejected,
        Request,
        Selected,
        Status,
        Target,
        TestProblem,
        Trained,
        TrainProblem,
        TrainRow,
        TrainSettings,
        Verdict,
    )
    from siked.runs.evaluation import Evaluation, evaluate
    from siked.runs.opened import Run, open_run
    from siked.runs.rows import Rows
    from siked.runs.run import resume, run
    from siked.runs.solver import Solution
    from siked.runs.student import Student

__version__ = "0.1.0"

__all__ = [
    "Answer",
    "Backend",
    "BackendError",
    "Call",
    "Candidate",
    "Completion",
    "ConfigError",
    "DataError",
    "Dataset",
    "DevProblem",
    "Evaluation",
    "History",
    "Malformed",
    "Message",
    "Model",
    "ModelInfo",
    "Outcome",
    "Problem",
    "Program",
    "ProgramOutcome",
    "ProgramStatus",
    "Reading",
    "Rejected",
    "Request",
    "Rows",
    "Run",
    "RunError",
    "Sandbox",
    "SandboxError",
    "Schedule",
    "ScoringBackend",
    "Selected",
    "SikedError",
    "Solution",
    "Status",
    "Stopping",
    "Strategy",
    "Student",
    "Target",
    "TestProblem",
    "TrainProblem",
    "TrainRow",
    "TrainSettings",
    "Trained",
    "Trainer",
    "UsageError",
    "Verdict",
    "Verifier",
    "__version__",
    "evaluate",
    "hookimpl",
    "open_run",
    "resume",
    "run",
]

_HOMES = {
    "siked.contracts": (
        "Backend",
        "Dataset",
        "Sandbox",
        "Schedule",
        "ScoringBackend",
        "Stopping",
        "Strategy",
        "Trainer",
        "Verifier",
    ),
    "siked.errors": (
        "BackendError",
        "ConfigError",
        "DataError",
        "RunError",
        "SandboxError",
        "SikedError",
        "UsageError",
    ),
    "siked.hookspecs": ("hookimpl",),
    "siked.runs.evaluation": ("Evaluation", "evaluate"),
    "siked.runs.opened": ("Run", "open_run"),
    "siked.runs.rows": ("Rows",),
    "siked.runs.run": ("resume", "run"),
    "siked.runs.solver": ("Solution",),
    "siked.runs.student": ("Student",),
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'siked' has no attribute {name!r}")
    home = next((module for module, names in _HOMES.items() if name in names), "siked.records")
    return getattr(importlib.import_module(home), name)
