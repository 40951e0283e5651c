"""Paired comparison, worked out by hand where it can be."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siked.runs.study.compare import compare, compared, holm, interval, mean_of, quantile


def grid(*rows: str) -> dict[int, dict[str, bool]]:
    return {seed: {f"p{i}": mark == "1" for i, mark in enumerate(row)} for seed, row in enumerate(rows)}


def test_the_difference_is_the_mean_over_seeds_of_paired_differences() -> None:
    # Seed 0 gains two of four, seed 1 gains one and loses none: (2/4 + 1/4) / 2.
    found = compare({"base": grid("1000", "1100"), "new": grid("1110", "1110")}, "base")
    assert found["new"].difference == pytest.approx(0.375)
    assert (found["new"].seeds, found["new"].problems) == (2, 4)


def test_equal_cells_differ_by_nothing() -> None:
    same = grid("1010", "1000")
    one = compare({"base": same, "same": same}, "base")["same"]
    assert (one.difference, one.ci95, one.p, one.detectable) == (0, (0, 0), 1, 0)


def test_only_what_both_cells_have_is_compared() -> None:
    cells = {"base": {0: {"a": True, "b": False}}, "new": {0: {"b": True, "c": True}, 1: {"b": True}}}
    found = compare(cells, "base")["new"]
    assert (found.difference, found.seeds, found.problems) == (1.0, 1, 1)
    assert compare({"base": {0: {"a": True}}, "new": {1: {"a": True}}}, "base") == {}


def test_students_t_is_that_of_the_tables() -> None:
    assert quantile(0.975, 2) == pytest.approx(4.3027, abs=1e-4)
    assert quantile(0.975, 7) == pytest.approx(2.3646, abs=1e-4)


def test_without_problems_that_differ_it_is_the_paired_t_test() -> None:
    """Four seeds gain 0, 1, 1 and 2 quarters on problems that differ by nothing in the mean."""
    gains = np.array([[0, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 1]], dtype=float)
    found = compared(gains)
    means = gains.mean(axis=1)
    error = means.std(ddof=1) / 2
    assert found.difference == 0.25
    assert found.ci95[0] == pytest.approx(0.25 - 3.1824 * error, abs=1e-4)
    # t = 2.449 at three degrees of freedom
    assert found.p == pytest.approx(0.0917, abs=1e-4)


def test_problems_that_differ_widen_what_seeds_that_agree_would_leave() -> None:
    gains = np.array([[1.0] * 30 + [0.0] * 70] * 5)
    assert mean_of(gains).error == pytest.approx(np.sqrt(0.3 * 0.7 / 99))


def test_one_seed_has_no_test() -> None:
    one = compare({"base": grid("1000"), "new": grid("1110")}, "base")["new"]
    assert (one.difference, one.p, one.p_holm, one.detectable) == (0.5, None, None, None)


@pytest.mark.parametrize("seeds", [3, 5, 8])
def test_five_per_cent_are_about_five_per_cent(seeds: int) -> None:
    """Two cells without a difference, whose seeds spread by seven points."""
    rng = np.random.default_rng(seeds)
    error = quantile(0.975, seeds - 1)
    found = 0
    for _ in range(400):
        difficulty = rng.normal(0, 0.2, 100)[None, :]
        solved = [
            rng.random((seeds, 100)) < 0.5 + difficulty + rng.normal(0, 0.07, (seeds, 1)) for _ in range(2)
        ]
        mean = mean_of(solved[0].astype(float) - solved[1])
        found += abs(mean.value) > error * mean.error
    # 400 draws at 5 % are 20; outside of 7 to 34 they are once in five hundred
    assert 7 <= found <= 34


def test_seeds_that_disagree_widen_the_interval() -> None:
    agreeing = interval(grid(*["1" * 50 + "0" * 50] * 5))[1]
    disagreeing = interval(grid(*("1" * n + "0" * (100 - n) for n in (30, 40, 50, 60, 70))))[1]
    assert disagreeing[1] - disagreeing[0] > 1.5 * (agreeing[1] - agreeing[0])


def test_holm_by_hand() -> None:
    # Sorted .01 .02 .03 .04, times 4 3 2 1: .04 .06 .06 .06 (never falling).
    assert holm([0.04, 0.01, 0.03, 0.02]) == [0.06, 0.04, 0.06, 0.06]
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([]) == []
    assert holm([0.02, None, 0.03]) == [0.04, None, 0.04]


@given(st.lists(st.floats(0, 1), max_size=12))
def test_holm_keeps_order_and_only_raises(values: list[float]) -> None:
    adjusted = [a for a in holm(values) if a is not None]
    assert len(adjusted) == len(values)
    assert all(
        a >= round(v, 12) - 1e-12 and a <= 1 for a, v in zip(adjusted, values, strict=True) if a is not None
    )
    assert sorted(adjusted, key=float) == [
        adjusted[i] for i in sorted(range(len(values)), key=lambda i: values[i])
    ]
