"""The choice of strategy, measured: worked out by hand on three problems."""

import math

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


def test_what_the_choice_knows_of_the_problem_by_hand() -> None:
    found = quality(PROBABLE, SOLVED)
    # The means are 0.45 and 0.55: right on the one problem that pot alone solves.
    assert found["concordance_baseline"] == pytest.approx(1 / 3)
    # cot solves the problems at 0.75 and 0.1 and not that at 0.5; pot that at 0.5, not at 0.25 and 0.9.
    assert found["auc"] == {"cot": 0.5, "pot": 0.5}
    means = {"cot": 0.45, "pot": 0.55}
    rows = [(0.75, 0.25), (0.5, 0.5), (0.1, 0.9)]
    nats = [c * math.log(c / means["cot"]) + p * math.log(p / means["pot"]) for c, p in rows]
    assert found["information"] == pytest.approx(sum(nats) / 3)


def test_a_choice_that_is_the_same_everywhere_says_nothing_however_good_it_is() -> None:
    solved = [{"cot": True, "pot": False}] * 3 + [{"cot": False, "pot": True}]
    found = quality([{"cot": 0.7, "pot": 0.3}] * 4, solved)
    assert found["concordance"] == found["concordance_baseline"] == 0.75
    assert found["concordance_centred"] == 0.5
    assert found["auc"] == {"cot": 0.5, "pot": 0.5}
    assert found["information"] == pytest.approx(0)


def test_a_choice_under_a_bias_is_seen_once_the_bias_is_taken_off() -> None:
    """cot is always the more probable, and the more so where it is right."""
    solved = [{"cot": True, "pot": False}, {"cot": False, "pot": True}]
    found = quality([{"cot": 0.95, "pot": 0.05}, {"cot": 0.8, "pot": 0.2}], solved)
    assert (found["concordance"], found["concordance_centred"]) == (0.5, 1.0)
    assert found["auc"] == {"cot": 1.0, "pot": 1.0}
    assert found["information"] > 0


def test_no_curve_where_a_strategy_solves_all_or_none() -> None:
    found = quality([{"cot": 0.0, "pot": 1.0}] * 2, [{"cot": True, "pot": False}] * 2)
    assert found["auc"] == {"cot": None, "pot": None}


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
