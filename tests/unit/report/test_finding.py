"""The sentence a run ends with, case by case."""

from typing import Any

import pytest

from siked.report.finding import sentence

SEED = "one seed: how much of it is luck of this seed is not known."


def summary(*rows: dict[str, Any], iteration: int = 2) -> dict[str, Any]:
    accuracy = {"dev": {"value": 0.5}, "sums": {"value": 0.812}}
    return {"iterations": [{"iteration": iteration, "accuracy": accuracy}], "comparisons": list(rows)}


def row(against: str, difference: float, low: float, high: float, name: str = "sums") -> dict[str, Any]:
    found = {"set": name, "against": against, "difference": difference, "ci95": [low, high]}
    return found | ({"strategy": "pot"} if against == "best-strategy" else {})


def test_a_gain_over_both_controls() -> None:
    found = summary(row("equal-steps", 0.41, 0.321, 0.498), row("best-strategy", 0.241, 0.15, 0.33))
    assert sentence(found) == (
        "SIKeD's last student solves 81.2 % of sums by its own choice, 41.0 points [32.1, 49.8] above"
        f" Combined with equal steps and 24.1 points [15.0, 33.0] above always writing pot; {SEED}"
    )


def test_a_loss_is_told_as_one() -> None:
    found = sentence(summary(row("equal-steps", -0.1, -0.18, -0.02)))
    assert "10.0 points [2.0, 18.0] below Combined with equal steps" in found
    assert "whether one strategy throughout does as well was not tried" in found


def test_what_cannot_be_told_apart() -> None:
    found = sentence(summary(row("best-strategy", 0.01, -0.04, 0.06)))
    assert "not told apart from always writing pot (+1.0 points [-4.0, 6.0])" in found
    assert "whether longer training explains it was not tried" in found


@pytest.mark.parametrize(
    "rows", [[], [row("combined", 0.3, 0.2, 0.4)], [row("equal-steps", 0.3, 0.2, 0.4, "x")]]
)
def test_no_control_on_the_set_proves_nothing(rows: list[dict[str, Any]]) -> None:
    found = sentence(summary(*rows))
    assert found.endswith(f"without a control, longer training may explain it as well; {SEED}")
    assert ("30.0 points [20.0, 40.0] above Combined" in found) == any(
        r["against"] == "combined" for r in rows
    )


def test_iteration_0_alone_says_nothing_of_the_method() -> None:
    assert sentence(summary(iteration=0)).endswith("nothing was mixed, so it says nothing of SIKeD.")
