"""One plain sentence: what a run shows, and what it does not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_SEED = "one seed: how much of it is luck of this seed is not known"


def sentence(summary: Mapping[str, Any]) -> str:
    """Return what the run shows on its first test set (dev, where there is none) and what it leaves open."""
    last = summary["iterations"][-1]
    tests = [name for name in last["accuracy"] if name != "dev"]
    where = tests[0] if tests else "dev"
    if where not in last["accuracy"]:
        return "Nothing was scored, so this run shows nothing of the method."
    solved = f"{100 * last['accuracy'][where]['value']:.1f} % of {where}"
    if last["iteration"] == 0:
        return f"Combined solves {solved} by its own choice; nothing was mixed, so it says nothing of SIKeD."
    student = f"SIKeD's last student solves {solved} by its own choice"
    found = [row for row in summary.get("comparisons", []) if row["set"] == where]
    controls = [row for row in found if row["against"] != "combined"]
    if not controls:
        first = "".join(f", {_against(row)}" for row in found)
        return f"{student}{first}; without a control, longer training may explain it as well; {_SEED}."
    text = f"{student}, {' and '.join(_against(row) for row in controls)}"
    missing = {"equal-steps", "best-strategy"} - {row["against"] for row in controls}
    if "equal-steps" in missing:
        text += "; whether longer training explains it was not tried"
    if "best-strategy" in missing:
        text += "; whether one strategy throughout does as well was not tried"
    return f"{text}; {_SEED}."


def _against(row: Mapping[str, Any]) -> str:
    name = {
        "combined": "Combined",
        "equal-steps": "Combined with equal steps",
        "adaptive": "the paper's mixture",
        "best-strategy": f"always writing {row.get('strategy', '')}",
    }[row["against"]]
    low, high = row["ci95"]
    ends = f"[{100 * low:.1f}, {100 * high:.1f}]"
    points = 100 * row["difference"]
    if low <= 0 <= high:
        return f"not told apart from {name} ({points:+.1f} points {ends})"
    if low > 0:
        return f"{points:.1f} points {ends} above {name}"
    return f"{-points:.1f} points [{-100 * high:.1f}, {-100 * low:.1f}] below {name}"
