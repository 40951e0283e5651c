"""Runs of Trackio, one for each run of siked that is under way in this process."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from siked.events import RunStarted

PROJECT = "SIKED_TRACKIO_PROJECT"
"""The variable that names the project of Trackio; without it nothing is followed."""
SECRET = re.compile(r"key|token(?!s)|secret|password", re.IGNORECASE)
"""Names of options that are not told; ``max_tokens`` is."""


@dataclass(slots=True)
class Followed:
    """One run that is followed."""

    run: Any
    used: dict[str, float] = field(default_factory=dict)
    """Calls, tokens and cost that are still to be logged."""


_followed: dict[str, Followed] = {}


def start(event: RunStarted) -> None:
    """Start a run of Trackio, or go on with the one of the same run of siked."""
    project = os.environ.get(PROJECT, "")
    if not project:
        return
    import trackio

    name = f"{Path(event.run).name}-{event.run_id[:8]}"
    with contextlib.redirect_stdout(sys.stderr):
        run = trackio.init(
            project=project,
            name=name,
            config=plain(event.config),
            resume="allow",
            embed=False,
            auto_log_cpu=False,
            auto_log_gpu=False,
        )
    _followed[event.run_id] = Followed(run)


def plain(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings as one level of keys, such as ``trainer.learning_rate``, without secrets."""
    found: dict[str, Any] = {}
    for key, value in config.items():
        if isinstance(value, Mapping):
            found.update({f"{key}.{inner}": one for inner, one in plain(value).items()})
        elif not SECRET.search(key):
            found[key] = value
    return found


def log(run_id: str, track: str, values: Mapping[str, float | None]) -> None:
    """Log numbers; those of a control have its name before theirs."""
    followed = _followed.get(run_id)
    if followed is None:
        return
    before = "" if track == "main" else f"{track}/"
    told = {f"{before}{name}": value for name, value in values.items() if value is not None}
    followed.run.log({**told, **followed.used})
    followed.used = {}


def keep(run_id: str, used: Mapping[str, float]) -> None:
    """Keep what was used for the next :func:`log`."""
    followed = _followed.get(run_id)
    if followed is not None:
        followed.used = dict(used)


def finish(run_id: str, values: Mapping[str, float]) -> None:
    """Log the last numbers and end the run of Trackio."""
    followed = _followed.pop(run_id, None)
    if followed is None:
        return
    import trackio

    if values or followed.used:
        followed.run.log({**values, **followed.used})
    with contextlib.redirect_stdout(sys.stderr):
        trackio.finish()  # and not run.finish(), after which it would finish, and print, again at exit
