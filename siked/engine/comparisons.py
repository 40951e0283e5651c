"""The last student against what else could explain its accuracy, problem by problem."""

from __future__ import annotations

from typing import Any

from siked.engine.state import MAIN
from siked.engine.stats import paired, score
from siked.journal import Reader, Stage
from siked.journal.queries import scores, verdicts
from siked.records import Score

EQUAL_STEPS = "equal-steps"
ADAPTIVE = "adaptive"


def score_dict(found: Score) -> dict[str, Any]:
    """Return a score as it stands in summary.json."""
    return {
        "value": found.value,
        "n": found.n,
        "ci95": list(found.ci95),
        "unverified": found.unverified,
    }


def best_strategies(journal: Reader, last: int) -> list[dict[str, Any]]:
    """Return the accuracy of students on test sets when always made to use their best strategy on dev."""
    found = []
    for track in (MAIN, EQUAL_STEPS):
        rows = [r for r in scores.evaluations(journal, track, last) if r.mode.startswith("best:")]
        if rows:
            accuracy = {row.set: score_dict(score(row.correct, row.n, row.unverified)) for row in rows}
            strategy = rows[0].mode.removeprefix("best:")
            found.append({"track": track, "strategy": strategy, "accuracy": accuracy})
    return found


def comparisons(journal: Reader, last: int) -> list[dict[str, Any]]:
    """Return, by test set, the last student's free choice against iteration 0, equal steps, the paper's
    mixture and its own best strategy, where these were scored: the paired difference with its 95 %
    interval."""
    sets = [e.set for e in scores.evaluations(journal, MAIN, last) if e.split == "test" and e.mode == "free"]
    strategy = {one["track"]: one["strategy"] for one in best_strategies(journal, last)}
    found = []
    for name in sets:
        mine = verdicts.solved_by_name(journal, Stage(MAIN, last, f"free:{name}"))
        others = {
            "combined": Stage(MAIN, 0, f"free:{name}"),
            EQUAL_STEPS: Stage(EQUAL_STEPS, last, f"free:{name}"),
            ADAPTIVE: Stage(ADAPTIVE, last, f"free:{name}"),
            "best-strategy": Stage(MAIN, last, f"best:{name}"),
        }
        for against, stage in others.items():
            theirs = verdicts.solved_by_name(journal, stage)
            both = set(mine) & set(theirs)
            if both and (last > 0 or against == "best-strategy"):
                gained = sum(mine[p] and not theirs[p] for p in both)
                lost = sum(theirs[p] and not mine[p] for p in both)
                row = {"set": name, "against": against, "n": len(both), "gained": gained, "lost": lost}
                ci95 = list(paired(gained, lost, len(both)))
                row |= {"difference": (gained - lost) / len(both), "ci95": ci95}
                if against == "best-strategy":
                    row["strategy"] = strategy.get(MAIN, "")
                found.append(row)
    return found
