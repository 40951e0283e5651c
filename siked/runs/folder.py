"""The folder of a run as it lies there: its journal, its summary, its settings."""

from __future__ import annotations

from pathlib import Path

from siked.config import RunConfig, merged, parse, with_budget
from siked.errors import UsageError
from siked.files import check_tree
from siked.journal import Reader
from siked.journal.queries import events as happened
from siked.runs.reading import read_summary
from siked.summaries import Summary


class RunFolder:
    """A finished or unfinished run, for reading."""

    def __init__(self, folder: Path) -> None:
        check_tree(folder)
        self.folder = folder
        self.journal = Reader.at(folder)

    @property
    def finished(self) -> bool:
        """Whether all is done that the run was asked for so far."""
        return (self.folder / "summary.json").exists()

    @property
    def summary(self) -> Summary:
        """What stands in summary.json.

        Raises :class:`UsageError` where the run is not finished.
        """
        return read_summary(self.folder)


def stored_config(journal: Reader) -> RunConfig:
    """Return the configuration a run was started with, and extended to."""
    kept, raised = journal.known("config"), happened.events(journal, "iterations")
    if not (isinstance(kept, dict) and raised and all(isinstance(one, dict) for one in raised)):
        raise UsageError(f"{journal.path} is damaged, or no file of siked's: it holds no settings")
    placed = happened.events(journal, "placement")
    config = parse(merged([kept, raised[-1], *placed[-1:]]))
    for event in happened.events(journal, "settings"):
        config = parse(merged([config.dump(), event["values"]]))
    for budget in happened.events(journal, "budget"):
        config = with_budget(config, budget)
    return config
