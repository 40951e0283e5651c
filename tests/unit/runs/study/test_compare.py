"""Paired comparison, worked out by hand where it can be."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siked.runs.study.compare import compare, holm, interval, resampled


def grid(*rows: str) -> dict[int, dict[str, bool]]:
    return {seed: {f"p{i}": mark == "1" for i, mark in enumerate(row)} for seed, row in enumerate(rows)}


def test_the_difference_is_the_mean_over_seeds_of_paired_differences() -> None:
    # Seed 0 gains two of four, seed 1 gains one and loses none: (2/4 + 1/4) / 2.
    found = compare({"base": grid("1000", "1100"), "new": grid("1110", "1110")}, "base")
    assert found["new"].difference == pytest.approx(0.375)
    assert found["new"].ci95[0] >= 0
    assert (found["new"].seeds, found["new"].problems) == (2, 4)


def test_equal_cells_differ_by_nothing() -> None:
    one = compare({"base": grid("1010"), "same": grid("1010")}, "base")["same"]
    assert (one.difference, one.ci95, one.p, one.detectable) == (0, (0, 0), 1, 0)


def test_only_what_both_cells_have_is_compared() -> None:
    cells = {"base": {0: {"a": True, "b": False}}, "new": {0: {"b": True, "c": True}, 1: {"b": True}}}
    found = compare(cells, "base")["new"]
    assert (found.difference, found.seeds, found.problems) == (1.0, 1, 1)
    assert compare({"base": {0: {"a": True}}, "new": {1: {"a": True}}}, "base") == {}


def test_the_bootstrap_spread_is_that_of_the_textbook_for_one_seed() -> None:
    # One seed: the bootstrap of a mean over n problems has standard error sqrt(p (1 - p) / n).
    values = np.array([[1.0] * 30 + [0.0] * 70])
    means = resampled(values, np.random.default_rng(1))
    assert means.mean() == pytest.approx(0.3, abs=0.003)
    assert means.std() == pytest.approx(np.sqrt(0.3 * 0.7 / 100), rel=0.03)


def test_seeds_that_disagree_widen_the_interval() -> None:
    agreeing = interval(grid("1" * 50 + "0" * 50, "1" * 50 + "0" * 50))[1]
    disagreeing = interval(grid("1" * 90 + "0" * 10, "1" * 10 + "0" * 90))[1]
    assert disagreeing[1] - disagreeing[0] > 2 * (agreeing[1] - agreeing[0])


def test_holm_by_hand() -> None:
    # Sorted .01 .02 .03 .04, times 4 3 2 1: .04 .06 .06 .06 (never falling).
    assert holm([0.04, 0.01, 0.03, 0.02]) == [0.06, 0.04, 0.06, 0.06]
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), max_size=12))
def test_holm_keeps_order_and_only_raises(values: list[float]) -> None:
    adjusted = holm(values)
    assert all(a >= round(v, 12) - 1e-12 and a <= 1 for a, v in zip(adjusted, values, strict=True))
    assert sorted(adjusted) == [adjusted[i] for i in sorted(range(len(values)), key=lambda i: values[i])]
