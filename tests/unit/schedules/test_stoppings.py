"""Stopping rules on hand-worked dev histories."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siked.builtin.stoppings.rules import (
    Decline,
    DeclineOptions,
    Fixed,
    Marginal,
    MarginalOptions,
    NoOptions,
    least_gain,
)
from siked.errors import ConfigError
from siked.records import Continue, DevPoint, RollBack, Score, Stop


def wilson(correct: int, n: int) -> tuple[float, float]:
    z, p = 1.959963984540054, correct / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
    return middle - half, middle + half


def history(*correct: int, n: int = 100) -> list[DevPoint]:
    return [
        DevPoint(
            iteration=t,
            score=Score(correct=c, n=n, unverified=0, value=c / n, ci95=wilson(c, n)),
            choice={},
        )
        for t, c in enumerate(correct)
    ]


def test_fixed_goes_to_the_end_whatever_happens() -> None:
    rule = Fixed(NoOptions())
    assert rule.decide(history(50), 2) == Continue()
    assert rule.decide(history(50, 10), 2) == Continue()
    assert rule.decide(history(50, 10, 5), 2) == Stop("all 2 iterations are done")
    assert isinstance(rule.decide(history(50), 0), Stop)


def test_decline_rolls_back_to_the_best() -> None:
    rule = Decline(DeclineOptions())
    assert rule.decide(history(50), 3) == Continue()
    assert rule.decide(history(50, 50), 3) == Continue()
    assert rule.decide(history(50, 60), 3) == Continue()
    assert rule.decide(history(50, 60, 55), 3) == RollBack(1, "dev accuracy fell from 60.0 % to 55.0 %")
    assert rule.decide(history(60, 60, 55), 3) == RollBack(0, "dev accuracy fell from 60.0 % to 55.0 %")
    assert rule.decide(history(50, 60, 61, 62), 3) == Stop("all 3 iterations are done")


def test_decline_with_tolerance_and_patience() -> None:
    assert Decline(DeclineOptions(tolerance=0.06)).decide(history(50, 60, 55), 3) == Continue()
    patient = Decline(DeclineOptions(patience=2))
    assert patient.decide(history(60, 50), 5) == Continue()
    assert patient.decide(history(60, 50, 60), 5) == Continue()
    assert patient.decide(history(60, 50, 55), 5) == RollBack(0, "dev accuracy fell from 60.0 % to 55.0 %")


def test_marginal_by_threshold() -> None:
    rule = Marginal(MarginalOptions(gain=0.02))
    assert rule.decide(history(50), 3) == Continue()
    assert rule.decide(history(50, 52), 3) == Continue()
    assert rule.decide(history(50, 51), 3) == Stop("dev gain is marginal: from 50.0 % to 51.0 %")
    assert rule.decide(history(50, 49), 3) == RollBack(0, "dev gain is marginal: from 50.0 % to 49.0 %")
    assert rule.decide(history(50, 60, 59), 3) == RollBack(1, "dev gain is marginal: from 60.0 % to 59.0 %")
    assert isinstance(rule.decide(history(50, 55, 60, 65), 3), Stop)


def test_marginal_by_interval() -> None:
    """50 to 58 of 100 is within noise, 50 to 65 is not (Newcombe: -0.058 and +0.013)."""
    rule = Marginal(MarginalOptions(interval=True))
    few, many = history(50, 58), history(50, 65)
    assert least_gain(few[0].score, few[1].score) == pytest.approx(-0.0575, abs=5e-4)
    assert least_gain(many[0].score, many[1].score) == pytest.approx(0.0129, abs=5e-4)
    assert isinstance(rule.decide(few, 3), Stop)
    assert rule.decide(many, 3) == Continue()


@pytest.mark.parametrize(
    "make",
    [
        lambda: DeclineOptions(tolerance=-0.1),
        lambda: DeclineOptions(patience=0),
        lambda: MarginalOptions(gain=2.0),
    ],
)
def test_bad_options_are_refused(make: object) -> None:
    assert callable(make)
    with pytest.raises(ConfigError):
        make()


@given(st.lists(st.integers(0, 100), min_size=1, max_size=8), st.integers(0, 6), st.sampled_from([0, 1, 2]))
def test_every_rule_ends_by_the_last_iteration(correct: list[int], iterations: int, which: int) -> None:
    rule = [Fixed(NoOptions()), Decline(DeclineOptions()), Marginal(MarginalOptions())][which]
    points = history(*correct)
    decision = rule.decide(points, iterations)
    if points[-1].iteration >= iterations:
        assert decision != Continue()
    if isinstance(decision, RollBack):
        assert points[decision.to].score.value == max(p.score.value for p in points)
        assert decision.to < points[-1].iteration
