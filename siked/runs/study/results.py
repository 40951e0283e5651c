"""What a study found: outcomes of every cell, compared, as JSON and as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from siked.engine.state import MAIN
from siked.journal import Stage
from siked.journal.queries import verdicts
from siked.runs.run import Run
from siked.runs.study.compare import ENOUGH, OutcomeMatrix, compare, holm, interval
from siked.runs.study.execute import finished_runs
from siked.runs.study.plan import Plan

HEAD = ["cell", "accuracy", "seeds", "difference", "p (Holm)", "detectable"]
"""Columns of the table of a test set."""
Which = Literal["last", "dev-best"]


def results(plan: Plan, folder: Path) -> dict[str, Any]:
    """Return the study's numbers: for each test set, the last and the dev-best iteration of each cell.

    ``untested`` names, by set, iteration and cell, the seeds that had to be left out as the student of
    that iteration was not scored on the set.

    A control that a run trained beside itself is a cell of its own, ``cell/control``.
    """
    runs = finished_runs(plan, folder)
    sets = list(dict.fromkeys(name for run in runs.values() for name in run.journal.test_sets()))
    tables: dict[str, Any] = {name: {} for name in sets}
    untested: dict[str, Any] = {name: {} for name in sets}
    for which in ("last", "dev-best"):
        for name in sets:
            matrices, missing = _matrices(runs, name, which)
            if matrices:
                tables[name][which] = _compared(matrices, plan.reference)
            if missing:
                untested[name][which] = missing
        _adjust([tables[name][which] for name in sets if which in tables[name]])
    return {
        "format": 1,
        "study": plan.name,
        "seeds": list(plan.seeds),
        "reference": plan.reference,
        "runs": len(runs),
        "wanted": len(plan.seeds) * len(plan.cells),
        "tests": tables,
        "untested": {name: found for name, found in untested.items() if found},
        "cells": _behaviour(plan, runs),
    }


def _compared(matrices: Mapping[str, OutcomeMatrix], reference: str) -> dict[str, Any]:
    compared = compare(matrices, reference) if reference in matrices else {}
    rows: dict[str, Any] = {}
    for name, matrix in matrices.items():
        value, ci95 = interval(matrix)
        rows[name] = {
            "value": value,
            "ci95": list(ci95),
            "by_seed": {str(seed): sum(matrix[seed].values()) / len(matrix[seed]) for seed in sorted(matrix)},
            "against_reference": asdict(compared[name]) if name in compared else None,
        }
    return rows


def _adjust(tables: Sequence[Mapping[str, Any]]) -> None:
    """Set ``p_holm`` over all comparisons of all test sets."""
    found = [row["against_reference"] for rows in tables for row in rows.values() if row["against_reference"]]
    for one, p in zip(found, holm([one["p"] for one in found]), strict=True):
        one["p_holm"] = p


def _matrices(
    runs: Mapping[tuple[str, int], Run], dataset: str, which: str
) -> tuple[dict[str, OutcomeMatrix], dict[str, list[int]]]:
    """Return the outcomes of each cell, and the seeds of each that were not tested.

    Controls are students of the last iteration; beside another one they would have trained for longer,
    so there they count as not tested.
    """
    matrices: dict[str, dict[int, Mapping[str, bool]]] = {}
    missing: dict[str, list[int]] = {}
    for (cell, seed), run in runs.items():
        summary = run.summary
        last = summary["iterations"][-1]["iteration"]
        iteration = last if which == "last" else summary["best_iteration"]
        wanted = {cell: Stage(MAIN, iteration, f"free:{dataset}")}
        for control in summary["controls"]:
            name, at = control["name"], control["iteration"]
            wanted[f"{cell}/{name}"] = Stage(name, at, f"free:{dataset}")
        for one in summary.get("best_strategy", []):
            of = cell if one["track"] == MAIN else f"{cell}/{one['track']}"
            wanted[f"{of}/best-strategy"] = Stage(one["track"], last, f"best:{dataset}")
        for name, stage in wanted.items():
            same = stage.iteration == iteration
            found = verdicts.solved_by_name(run.journal, stage) if same else {}
            if found:
                matrices.setdefault(name, {})[seed] = found
            else:
                missing.setdefault(name, []).append(seed)
    return dict(matrices), missing


def _behaviour(plan: Plan, runs: Mapping[tuple[str, int], Run]) -> dict[str, Any]:
    """What the last iteration trained on and chose, means over seeds."""
    found: dict[str, Any] = {}
    for cell in plan.cells:
        whole = [run.summary["iterations"] for (name, _), run in runs.items() if name == cell]
        if not whole:
            continue
        lasts = [iterations[-1] for iterations in whole]
        kls = [values["kl"] for values in lasts if values["kl"] is not None]
        solved = [v["any_strategy"] for v in lasts if v["any_strategy"] is not None]
        names = dict.fromkeys(name for values in lasts for name in values["choice"])
        found[cell] = {
            "rows": _mean([values["rows"] for values in lasts]),
            "alpha": _mean([values["alpha"] for values in lasts]),
            "kl": _mean(kls) if kls else None,
            "choice": {name: _mean([v["choice"].get(name, 0.0) for v in lasts]) for name in names},
            "any_strategy": _mean(solved) if solved else None,
            "steps": _mean([sum(v["training"]["steps"] for v in its) for its in whole]),
            "seconds": _mean([sum(sum(v["seconds"].values()) for v in its) for its in whole]),
        }
    return found


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def markdown(found: Mapping[str, Any]) -> str:
    """Return the study as Markdown tables."""
    lines = [
        f"{found['runs']} of {found['wanted']} runs; seeds {', '.join(map(str, found['seeds']))}; "
        f"compared with `{found['reference']}`.",
        "",
        "Accuracy in per cent, mean over seeds, with a 95 % interval over seeds and problems; the difference "
        "is paired; p by a t test over seeds, after Holm over the cells and test sets; *detectable* is the "
        "smallest difference that a study of this size finds four times in five.",
    ]
    if len(found["seeds"]) < ENOUGH:
        lines += ["", f"Fewer than {ENOUGH} seeds: how much seeds differ is a guess, and so is p."]
    for name, tables in found["tests"].items():
        for which, rows in tables.items():
            lines += ["", f"### {name}, {which} iteration", ""]
            untested = found["untested"].get(name, {}).get(which, {})
            if found["reference"] in rows:
                lines += _table(
                    HEAD,
                    [row_of(cell, values) for cell, values in rows.items()],
                )
            else:
                lines.append(
                    "The reference was not tested at this iteration (`evaluate.when: every` tests all)."
                )
            if untested and found["reference"] in rows:
                each = (f"`{cell}` with seed {', '.join(map(str, s))}" for cell, s in untested.items())
                lines += ["", f"Not tested at this iteration: {'; '.join(each)}."]
    lines += ["", "### What the last iteration trained on and chose", ""]
    lines += _table(
        ["cell", "rows", "steps in all", "alpha", "KL", "any strategy (dev)", "choice on dev", "seconds"],
        [
            [
                cell,
                f"{values['rows']:.0f}",
                f"{values['steps']:.0f}",
                f"{values['alpha']:.2f}",
                "" if values["kl"] is None else f"{values['kl']:.3f}",
                "" if values["any_strategy"] is None else f"{100 * values['any_strategy']:.1f}",
                ", ".join(f"{k} {100 * v:.0f}" for k, v in values["choice"].items()),
                f"{values['seconds']:.0f}",
            ]
            for cell, values in found["cells"].items()
        ],
    )
    return "\n".join(lines) + "\n"


def row_of(cell: str, values: Mapping[str, Any]) -> list[str]:
    """Return the cells of a row of :data:`HEAD`."""
    low, high = values["ci95"]
    row = [
        cell,
        f"{100 * values['value']:.1f} [{100 * low:.1f}, {100 * high:.1f}]",
        " ".join(f"{100 * value:.1f}" for value in values["by_seed"].values()),
    ]
    against = values["against_reference"]
    if against is None:
        return [*row, "", "", ""]
    low, high = against["ci95"]
    return [
        *row,
        f"{100 * against['difference']:+.1f} [{100 * low:+.1f}, {100 * high:+.1f}]",
        _p(against["p_holm"]),
        "" if against["detectable"] is None else f"{100 * against['detectable']:.1f}",
    ]


def _p(value: float | None) -> str:
    if value is None:
        return "one seed"
    return f"{value:.3f}" if value >= 0.001 else "< 0.001"


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    marks = ["---" if i == 0 else "---:" for i in range(len(head))]
    return [f"| {' | '.join(cells)} |" for cells in (head, marks, *rows)]
