"""Draw the figures of docs/explanation/choice.md from a study, as SVG. Needs matplotlib.

python tests/bench/figures_choice.py studies/default-study docs/explanation/figures
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from pathlib import Path
from statistics import fmean
from typing import Any

import matplotlib as mpl

mpl.use("svg")
import matplotlib.pyplot as plt

from siked.journal.queries import verdicts
from siked.runs.run import Run

COLOURS = {
    "routed": "#1b6ca8",
    "best": "#2a9d8f",
    "self": "#8a6fb0",
    "all": "#c08a3e",
    "adaptive": "#c8553d",
    "equal-steps": "#777777",
}
NAMES = {"adaptive": "adaptive (the paper's)", "equal-steps": "Combined, equal steps"}
FAMILIES = ("trips-known", "bags-known", "trips-stated", "bags-stated", "small")


def main() -> None:
    """Draw the three figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    plt.rcParams.update(
        {"font.size": 9, "axes.spines.top": False, "axes.spines.right": False, "svg.hashsalt": "siked"}
    )
    runs: dict[str, list[Run]] = defaultdict(list)
    for summary in sorted(options.study.glob("runs/*/seed-*/summary.json")):
        runs[summary.parent.parent.name].append(Run(summary.parent))
    _save(by_iteration(runs), options.out / "by-iteration.svg")
    _save(by_family(runs["routed"]), options.out / "by-family.svg")
    _save(information(runs), options.out / "information.svg")


def _save(figure: Any, out: Path) -> None:
    figure.savefig(out, metadata={"Date": None}, bbox_inches="tight")
    print(out)


def by_iteration(runs: dict[str, list[Run]]) -> Any:
    """Accuracy on dev by free choice over the iterations: each seed a thin line, their mean a thick one.

    The control has been scored at its end only, so its line is dashed.
    """
    figure, axes = plt.subplots(figsize=(5.6, 3.4))
    for cell, colour in COLOURS.items():
        control = cell == "equal-steps"
        lines = [
            _control(run, cell) if control else _free(run) for run in runs["routed" if control else cell]
        ]
        if not lines:
            continue
        style = "--" if control else "-"
        for line in lines:
            axes.plot(list(line), list(line.values()), style, color=colour, alpha=0.25, linewidth=0.8)
        mean = {t: fmean(line[t] for line in lines) for t in lines[0]}
        label = NAMES.get(cell, cell)
        axes.plot(list(mean), list(mean.values()), style, color=colour, linewidth=2.2, label=label)
    axes.set(xlabel="iteration", ylabel="dev solved by free choice, %", ylim=(0, 100))
    axes.set_xticks(range(4))
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def _free(run: Run) -> dict[int, float]:
    return {values["iteration"]: _dev(values) for values in run.summary["iterations"]}


def _control(run: Run, name: str) -> dict[int, float]:
    (control,) = [one for one in run.summary["controls"] if one["name"] == name]
    return {0: _dev(run.summary["iterations"][0]), control["iteration"]: _dev(control)}


def _dev(values: Any) -> float:
    return 100 * float(values["accuracy"]["dev"]["value"])


def by_family(runs: list[Run]) -> Any:
    """What each strategy solves and what is chosen, by family, before and after, means over seeds."""
    names = runs[0].summary["strategies"]
    last = runs[0].summary["iterations"][-1]["iteration"]
    figure, grid = plt.subplots(1, 4, figsize=(8.6, 2.6), sharey=True)
    panels = [
        (verdicts.by_family, 0, "solved, iteration 0"),
        (verdicts.chosen_by_family, 0, "chosen, iteration 0"),
        (verdicts.by_family, last, f"solved, iteration {last}"),
        (verdicts.chosen_by_family, last, f"chosen, iteration {last}"),
    ]
    for axes, (asked, iteration, title) in zip(grid, panels, strict=True):
        counts: Counter[tuple[str, str]] = Counter()
        sizes: Counter[str] = Counter()
        for run in runs:
            rows = asked(run.journal, iteration)
            sizes.update(family for _, family in {(row.problem, row.family) for row in rows})
            counts.update(
                (row.family, row.strategy) for row in rows if row.solved or asked is verdicts.chosen_by_family
            )
        values = [[100 * counts[family, name] / sizes[family] for name in names] for family in FAMILIES]
        axes.imshow(values, vmin=0, vmax=100, cmap="Blues" if "chosen" in title else "Greens", aspect="auto")
        for y, row in enumerate(values):
            for x, value in enumerate(row):
                axes.text(
                    x, y, f"{value:.0f}", ha="center", va="center", color="white" if value > 60 else "black"
                )
        axes.set_title(title, fontsize=9)
        axes.set_xticks(range(len(names)), names)
        axes.tick_params(length=0)
    grid[0].set_yticks(range(len(FAMILIES)), FAMILIES)
    figure.tight_layout()
    return figure


def information(runs: dict[str, list[Run]]) -> Any:
    """What a choice knows of the problem against what it gains over the best single strategy."""
    figure, axes = plt.subplots(figsize=(5.6, 3.4))
    for cell, colour in COLOURS.items():
        points = []
        for run in runs.get(cell, []) if cell != "equal-steps" else runs["routed"]:
            found = run.summary["iterations"][-1]
            if cell == "equal-steps":
                (found,) = [one for one in run.summary["controls"] if one["name"] == cell]
            quality = found["choice_quality"]
            points.append((quality["information"], 100 * (quality["chosen"] - quality["best_single"])))
        if points:
            axes.scatter(*zip(*points, strict=True), color=colour, s=22, label=NAMES.get(cell, cell))
    axes.axhline(0, color="#bbbbbb", linewidth=0.8)
    axes.set(
        xlabel="information between tag and problem, nats",
        ylabel="most probable tag minus\nbest single strategy, points",
    )
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


if __name__ == "__main__":
    main()
