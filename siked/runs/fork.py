"""``siked run --from RUN@t``: a new run that starts from a finished iteration of another."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from siked.config import RunConfig, placement, without_placement
from siked.engine.state import MAIN
from siked.engine.weights import weights_of
from siked.errors import UsageError
from siked.files import check_tree
from siked.journal import Reader
from siked.journal.canonical import digest
from siked.journal.copies import copy_for_fork
from siked.journal.queries import mixtures, scores
from siked.runs.run import stored_config, write_config

SAME = ("strategies", "student", "dataset", "verifier", "labels", "decontaminate")
"""Settings that decide what the copied rows mean; a fork shares them with its parent."""


def parse_place(text: str) -> tuple[Path, int | None]:
    """Split ``RUN@t``; without ``@t`` the iteration is None."""
    run, at, iteration = text.rpartition("@")
    if not at:
        return Path(text), None
    if not iteration.isdigit():
        raise UsageError(f"--from {text}: write RUN@t, such as runs/one@0")
    return Path(run), int(iteration)


def parent_config(parent: Path) -> RunConfig:
    """Return the settings of a run."""
    reader = Reader.at(parent)
    try:
        return stored_config(reader)
    finally:
        reader.close()


def fork(parent: Path, iteration: int | None, config: RunConfig, folder: Path) -> int:
    """Fill ``folder``, which is empty, with iterations 0 to ``iteration`` of ``parent``; return it.

    Without an iteration it is the last that is finished. Texts, verdicts, mixtures, students and
    scores are copied; controls are not. What is not in ``SAME`` may be set anew, for the iterations to
    come.

    Raises :class:`UsageError` where the iteration is not finished or settings do not fit.
    """
    check_tree(parent)
    reader = Reader.at(parent)
    try:
        done = scores.evaluated(reader)
        if not done:
            raise UsageError(f"{parent}: no iteration is finished; type: siked resume {parent}")
        at = done[-1] if iteration is None else iteration
        if at not in done:
            there = ", ".join(map(str, done))
            raise UsageError(f"{parent}: iteration {at} is not finished; finished are: {there}")
        if config.iterations <= at:
            raise UsageError(f"--from {parent}@{at}: nothing is left to do; raise --iterations above {at}")
        kept = stored_config(reader)
        for key in SAME:
            if getattr(kept, key) != getattr(config, key):
                raise UsageError(f"--from {parent}: {key} is another there; a fork shares {', '.join(SAME)}")
        parentage = {"run": parent.name, "iteration": at, "journal": digest(reader)}
        copy_for_fork(reader, folder / "run.db", at, without_placement(config), placement(config), parentage)
        for student in mixtures.students(reader, MAIN):
            if student.iteration <= at:
                shutil.copytree(weights_of(parent, student), folder / student.weights, copy_function=_link)
        write_config(folder, config)
        return at
    finally:
        reader.close()


def _link(source: str, target: str) -> None:
    # Weights are never written again, so a second name serves; another disk needs a copy.
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
