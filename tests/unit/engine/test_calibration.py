"""The choice of strategy, measured: worked out by hand on three problems."""

import pytest

from siked.engine.calibration import quality

PROBABLE = [
    {"cot": 0.6, "pot": 0.2},  # 0.75 and 0.25 of a mass of 0.8
    {"cot": 0.5, "pot": 0.5},
    {"cot": 0.1, "pot": 0.9},
]
SOLVED = [
    {"cot": True, "pot": False},
    {"cot": False, "pot": True},
    {"cot": True, "pot": False},
]


def test_every_number_by_hand() -> None:
    found = quality(PROBABLE, SOLVED)
    assert found["n"] == 3
    assert found["mass"] == pytest.approx((0.8 + 1 + 1) / 3)
    # The first is chosen rightly; the tie goes to cot, wrongly; the third wrongly.
    assert found["chosen"] == pytest.approx(1 / 3)
    assert found["expected"] == pytest.approx((0.75 + 0.5 + 0.1) / 3)
    assert found["best_single"] == pytest.approx(2 / 3)
    assert found["oracle"] == 1
    assert found["regret_single"] == pytest.approx(1 / 3)
    assert found["regret_oracle"] == pytest.approx(2 / 3)
    # Pairs: 0.75 over 0.25 (right), 0.5 and 0.5 (half), 0.1 under 0.9 (wrong).
    assert found["concordance"] == pytest.approx(0.5)


def test_calibration_counts_every_tag_once() -> None:
    bins = quality(PROBABLE, SOLVED)["calibration"]
    assert sum(one["n"] for one in bins) == 6
    (middle,) = [one for one in bins if one["from"] == 0.4]
    assert (middle["n"], middle["probability"], middle["solved"]) == (2, 0.5, 0.5)
    (high,) = [one for one in bins if one["from"] == 0.8]
    assert (high["n"], high["solved"]) == (1, 0.0)


def test_a_choice_made_up_wholly_falls_into_the_outer_bins() -> None:
    found = quality([{"cot": 0.0, "pot": 1.0}], [{"cot": False, "pot": False}])
    assert found["concordance"] is None
    assert [(one["from"], one["n"]) for one in found["calibration"]] == [(0.0, 1), (0.95, 1)]
