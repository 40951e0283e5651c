"""Running a study: every cell and seed once, in one folder, with one cache."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from siked.config import without_placement
from siked.engine.progress import Reporter
from siked.errors import RunError, UsageError
from siked.files import write_atomically
from siked.journal import Reader
from siked.registry import Registry
from siked.runs.run import Run, resume, run, stored_config
from siked.runs.study.plan import Plan, keep_plan


def run_study(
    plan: Plan, folder: Path, registry: Registry, reporter: Reporter, say: Callable[[str], None]
) -> dict[str, str]:
    """Run what is missing of a study and return {"cell seed": reason} of the runs that failed.

    Seeds come in turn, so that a study that is stopped early has whole seeds. Runs share a cache:
    equal requests (teacher's texts, an equal student's answers) and equal trainings (iteration 0)
    are paid for once. A run that fails is told and left; the others go on, and the next call tries
    it again.

    Raises :class:`UsageError` where the folder holds runs of other settings.
    """
    plan.check(registry)
    _check_kept(plan, folder)
    folder.mkdir(parents=True, exist_ok=True)
    keep_plan(plan, folder)
    failed: dict[str, str] = {}
    total = len(plan.seeds) * len(plan.cells)
    for number, (seed, cell) in enumerate(((s, c) for s in plan.seeds for c in plan.cells), 1):
        place = run_folder(folder, cell, seed)
        if (place / "summary.json").exists():
            continue
        say(f"[{number}/{total}] {cell}, seed {seed}")
        try:
            if (place / "run.db").exists():
                resume(place, registry=registry, reporter=reporter, cache=folder / "cache", trust=True)
            else:
                place.parent.mkdir(parents=True, exist_ok=True)
                run(
                    plan.config(cell, seed),
                    place,
                    registry=registry,
                    reporter=reporter,
                    cache=folder / "cache",
                )
        except RunError as error:
            failed[f"{cell} seed {seed}"] = str(error)
            say(f"{cell}, seed {seed}: {error}")
    write_atomically(folder / "failed.json", json.dumps(failed, indent=2) + "\n")
    return failed


def run_folder(folder: Path, cell: str, seed: int) -> Path:
    """Return where the run of a cell and seed lies."""
    return folder / "runs" / cell / f"seed-{seed}"


def finished_runs(plan: Plan, folder: Path) -> dict[tuple[str, int], Run]:
    """Return the finished runs of a study by (cell, seed)."""
    return {
        (cell, seed): Run(place)
        for cell in plan.cells
        for seed in plan.seeds
        if ((place := run_folder(folder, cell, seed)) / "summary.json").exists()
    }


def _check_kept(plan: Plan, folder: Path) -> None:
    for cell in plan.cells:
        for seed in plan.seeds:
            place = run_folder(folder, cell, seed)
            if not (place / "run.db").exists():
                continue
            reader = Reader.at(place)
            kept = stored_config(reader)
            reader.close()
            if without_placement(kept) != without_placement(plan.config(cell, seed)):
                raise UsageError(
                    f"{place}: was run with other settings than cell {cell!r} has in the file; give the cell "
                    "another name, or the study another --out"
                )
