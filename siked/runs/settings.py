"""The settings that a student was trained with: of a run, or of what ``siked export`` made of one."""

from __future__ import annotations

from pathlib import Path

from siked.config import RunConfig, parse
from siked.errors import UsageError
from siked.runs.export import PROVENANCE
from siked.runs.reading import read_json
from siked.runs.run import Run, stored_config


def settings_of(folder: Path) -> RunConfig:
    """Return the configuration of a run folder, or of an exported student.

    Raises :class:`UsageError` where the folder is neither.
    """
    if (folder / "run.db").exists():
        return stored_config(Run(folder).journal)
    if not (folder / PROVENANCE).is_file():
        raise UsageError(f"{folder}: no run there, and no student that siked has exported")
    facts = read_json(folder / PROVENANCE)
    values = facts.get("config") if isinstance(facts, dict) else None
    if not isinstance(values, dict):
        raise UsageError(f"{folder / PROVENANCE} holds no settings")
    return parse(values)
