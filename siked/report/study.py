"""A study as one page: its cells compared, and where its runs stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from siked.engine.state import MAIN
from siked.report import figures, standing, tables
from siked.report.figures import Figure, Point, Series, plain
from siked.report.pages import render
from siked.report.tables import Table
from siked.runs.reading import read_json, shown
from siked.runs.run import Run
from siked.runs.study.compare import ENOUGH
from siked.runs.study.execute import finished_runs, run_folder
from siked.runs.study.plan import Plan, kept_plan
from siked.runs.study.results import HEAD, results, row_of

_WHICH = {"last": "last iteration", "dev-best": "iteration that is best on dev"}

Runs = Mapping[tuple[str, int], Run]


def page(folder: Path) -> str:
    """Return the page of the study in a folder, as far as it is."""
    plan = kept_plan(folder)
    with shown(folder):
        found, runs = results(plan, folder), finished_runs(plan, folder)
        states = _states(plan, folder)
        return render(
            "study.html.j2",
            title=plan.name,
            found=found,
            enough=len(found["seeds"]) >= ENOUGH,
            least=ENOUGH,
            told=_told(found),
            states=states if found["runs"] < found["wanted"] else None,
            accuracy=[
                (name, which, _accuracy(name, which, rows), _left_out(found, name, which))
                for name, by_which in found["tests"].items()
                for which, rows in by_which.items()
                if plan.reference in rows
            ],
            behaviour=_behaviour(found),
            legend=[(name, figures.colour(at, name)) for at, name in enumerate(_strategies(runs))],
            figures=_figures(found, runs),
        )


def study_figures(folder: Path) -> list[Figure]:
    """Return the figures of the study in a folder."""
    plan = kept_plan(folder)
    with shown(folder):
        return _figures(results(plan, folder), finished_runs(plan, folder))


def study_tables(folder: Path) -> list[Table]:
    """Return the tables of results of the study in a folder."""
    plan = kept_plan(folder)
    with shown(folder):
        found = results(plan, folder)
        made = [
            _accuracy(name, which, rows)
            for name, by_which in found["tests"].items()
            for which, rows in by_which.items()
        ]
        return [*made, _behaviour(found)]


def _figures(found: Mapping[str, Any], runs: Runs) -> list[Figure]:
    made = [
        figures.ranges(
            f"{name}, last iteration, %",
            [
                (
                    cell,
                    Point(0, 100 * row["value"], (100 * row["ci95"][0], 100 * row["ci95"][1])),
                    [100 * value for value in row["by_seed"].values()],
                )
                for cell, row in by_which["last"].items()
            ],
            "{:.1f}".format,
            name=f"accuracy-{plain(name)}",
        )
        for name, by_which in found["tests"].items()
        if by_which.get("last")
    ]
    by_choice = _by_iteration(runs, lambda v: v["accuracy"].get("dev", {}).get("value"))
    by_any = _by_iteration(runs, lambda v: v["any_strategy"])
    for title, series, name in (
        ("dev by choice, mean over seeds, %", by_choice, "dev"),
        ("dev by any strategy, mean over seeds, %", by_any, "any-strategy"),
    ):
        if series:
            made.append(figures.lines(title, series, "{:.1f}".format, name=name))
    return made + _choices(runs)


def _by_iteration(runs: Runs, pick: Callable[[Mapping[str, Any]], float | None]) -> list[Series]:
    """Return a line for each cell: the mean over the seeds that have a value at an iteration."""
    found = []
    for at, cell in enumerate(dict.fromkeys(cell for cell, _ in runs)):
        values: dict[int, list[float]] = {}
        for (name, _), run in runs.items():
            for one in run.summary["iterations"] if name == cell else ():
                value = pick(one)
                if value is not None:
                    values.setdefault(one["iteration"], []).append(100 * value)
        points = [Point(t, fmean(many)) for t, many in sorted(values.items())]
        if points:
            found.append(Series(cell, figures.colour(at), points))
    return found


def _choices(runs: Runs) -> list[Figure]:
    """Return, by set, what the last student of each cell chose, the mean over seeds."""
    every = _strategies(runs)
    by_set: dict[str, dict[str, list[Mapping[str, float]]]] = {}
    for (cell, _), run in runs.items():
        last = run.summary["iterations"][-1]["iteration"]
        for name, chosen in tables.choices(run.journal).get((MAIN, last), {}).items():
            by_set.setdefault(name, {}).setdefault(cell, []).append(chosen)
    return [
        figures.shares(
            f"chosen on {name}, %",
            [
                (cell, {s: fmean(one.get(s, 0.0) for one in many) for s in every})
                for cell, many in cells.items()
            ],
            every,
            tables.whole_percent,
            name=f"choice-{plain(name)}",
        )
        for name, cells in by_set.items()
    ]


def _strategies(runs: Runs) -> list[str]:
    return [*dict.fromkeys(name for run in runs.values() for name in run.summary["strategies"]), "none"]


def _told(found: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each cell on the first test set, at the last iteration."""
    for name, by_which in found["tests"].items():
        rows = by_which.get("last", {})
        return [
            f"{name}: {cell} {_verdict(row['against_reference'], found['reference'])}"
            for cell, row in rows.items()
            if row["against_reference"]
        ]
    return []


def _verdict(against: Mapping[str, Any], reference: str) -> str:
    low, high = against["ci95"]
    points = f"({100 * against['difference']:+.1f} points [{100 * low:+.1f}, {100 * high:+.1f}])"
    if low <= 0 <= high:
        return f"is not told apart from {reference} {points}"
    return f"is {'above' if low > 0 else 'below'} {reference} {points}"


def _accuracy(name: str, which: str, rows: Mapping[str, Any]) -> Table:
    cells = [[text.replace(" [", "\n[") for text in row_of(cell, values)] for cell, values in rows.items()]
    return Table(f"{name}, {_WHICH[which]} (%)", HEAD, cells)


def _left_out(found: Mapping[str, Any], name: str, which: str) -> str:
    untested = found["untested"].get(name, {}).get(which, {})
    return "; ".join(f"{cell} with seed {', '.join(map(str, seeds))}" for cell, seeds in untested.items())


def _behaviour(found: Mapping[str, Any]) -> Table:
    names = list(dict.fromkeys(name for values in found["cells"].values() for name in values["choice"]))
    return Table(
        "What the last iteration trained on and chose, means over seeds",
        [
            "cell",
            "rows",
            "steps in all",
            "alpha",
            "KL",
            "any strategy (dev)",
            f"choice {'/'.join(names)}",
            "seconds",
        ],
        [
            [
                cell,
                f"{values['rows']:.0f}",
                f"{values['steps']:.0f}",
                tables.share(values["alpha"]),
                tables.nats(values["kl"]),
                tables.percent(values["any_strategy"]),
                tables.shares_of(values["choice"], names),
                f"{values['seconds']:.0f}",
            ]
            for cell, values in found["cells"].items()
        ],
    )


def _states(plan: Plan, folder: Path) -> Table:
    """Return where each run of the study stands."""
    path = folder / "failed.json"
    failed = read_json(path) if path.exists() else {}
    rows = [
        [
            cell,
            *(
                _state(run_folder(folder, cell, seed), failed.get(f"{cell} seed {seed}"))
                for seed in plan.seeds
            ),
        ]
        for cell in plan.cells
    ]
    columns = ["cell", *(f"seed {seed}" for seed in plan.seeds)]
    return Table("Runs", columns, rows, frozenset(columns))


def _state(place: Path, failed: Any) -> str:
    if (place / "summary.json").exists():
        return "finished"
    if failed:
        return f"failed: {failed}"
    if not (place / "run.db").exists():
        return "not begun"
    steps: Sequence[Sequence[str]] = standing.table(Run(place)).rows
    at = next((row for row in steps if row[2] == "next"), None)
    return " ".join(filter(None, (at[0], at[1], at[3]))) if at else "nearly finished"
