"""Stopping rules on hand-worked dev histories."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siked.builtin.stoppings.rules import (
    Decline,
    DeclineOptions,
    Fixed,
    GuardOptions,
    Marginal,
    MarginalOptions,
    Rule,
    gain_interval,
)
from siked.errors import ConfigError
from siked.records import Continue, DevPoint, RollBack, Score, Stop


def wilson(correct: int, n: int) -> tuple[float, float]:
    z, p = 1.959963984540054, correct / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
    return middle - half, middle + half


def point(iteration: int, correct: int, n: int = 100, **values: Any) -> DevPoint:
    score = Score(correct=correct, n=n, unverified=0, value=correct / n, ci95=wilson(correct, n))
    return DevPoint(**{"iteration": iteration, "score": score, "choice": {}, **values})


def history(*correct: int, n: int = 100) -> list[DevPoint]:
    return [point(t, c, n) for t, c in enumerate(correct)]


def test_fixed_goes_to_the_end_whatever_happens() -> None:
    rule = Fixed(GuardOptions())
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
    stopped = rule.decide(history(50, 51), 3)
    assert isinstance(stopped, Stop)
    assert stopped.reason.startswith("dev gain is marginal: from 50.0 % to 51.0 % (95 % interval -")
    lost = rule.decide(history(50, 60, 59), 3)
    assert isinstance(lost, RollBack)
    assert (lost.to, lost.reason[:48]) == (1, "dev gain is marginal: from 60.0 % to 59.0 % (95 ")
    assert rule.decide(history(50, 55, 60, 65), 3) == Stop("all 3 iterations are done")


def test_marginal_by_interval() -> None:
    """50 to 58 of 100 is within noise, 50 to 65 is not (Newcombe: -0.058 and +0.013)."""
    rule = Marginal(MarginalOptions(interval=True))
    few, many = history(50, 58), history(50, 65)
    assert gain_interval(*few)[0] == pytest.approx(-0.0575, abs=5e-4)
    assert gain_interval(*many)[0] == pytest.approx(0.0129, abs=5e-4)
    assert isinstance(rule.decide(few, 3), Stop)
    assert rule.decide(many, 3) == Continue()


def test_the_interval_of_paired_points_is_narrower() -> None:
    """Of 100, 8 are gained and none lost: (8.5 - 0.5)/102 less 1.96 sqrt(9 - 64/102)/102 is 0.0228."""
    before = point(0, 50, solved=frozenset(str(n) for n in range(50)))
    after = point(1, 58, solved=frozenset(str(n) for n in range(58)))
    low, high = gain_interval(before, after)
    assert low == pytest.approx(8 / 102 - 1.96 * (9 - 64 / 102) ** 0.5 / 102, abs=1e-4)
    assert low + high == pytest.approx(2 * 8 / 102)
    assert Marginal(MarginalOptions(interval=True)).decide([before, after], 3) == Continue()
    mixed = point(1, 58, solved=frozenset(str(n) for n in range(30, 88)))  # 38 gained, 30 lost
    assert isinstance(Marginal(MarginalOptions(interval=True)).decide([before, mixed], 3), Stop)


def test_a_budget_of_time_ends_before_it_is_exceeded() -> None:
    """Iterations 1 and 2 took 40 s and 50 s: at 190 s another 50 s are too many for 239 and fit in 240."""
    points = [point(0, 50, seconds=100), point(1, 55, seconds=140), point(2, 60, seconds=190)]
    stopped = Fixed(GuardOptions(seconds=239)).decide(points, 5)
    assert stopped == Stop("the budget of time is 239 s: 190 are spent and the last iteration took 50")
    assert Fixed(GuardOptions(seconds=240)).decide(points, 5) == Continue()
    assert Fixed(GuardOptions(seconds=100)).decide(points[:1], 5) == Continue()
    assert Fixed(GuardOptions(seconds=99)).decide(points[:1], 5) == Stop(
        "the budget of time is 99 s: 100 are spent"
    )


def test_a_budget_of_tokens() -> None:
    points = [point(0, 50, tokens=1000), point(1, 55, tokens=1500)]
    assert Decline(DeclineOptions(tokens=2000)).decide(points, 5) == Continue()
    assert isinstance(Decline(DeclineOptions(tokens=1999)).decide(points, 5), Stop)


def test_a_collapse_of_strategies() -> None:
    """Combined may be as one-sided as it likes; from then on 95 % must not be reached or kept."""
    rule = Fixed(GuardOptions(collapse=0.95))

    def choices(*cot: float) -> list[DevPoint]:
        scores = (50, 60, 55, 70)
        return [
            point(t, scores[t], choice={"cot": c, "pot": round(0.98 - c, 2), "none": 0.02})
            for t, c in enumerate(cot)
        ]

    assert rule.decide(choices(0.97), 5) == Continue()
    assert rule.decide(choices(0.97, 0.96), 5) == Continue()
    assert rule.decide(choices(0.5, 0.94), 5) == Continue()
    reason = "strategies collapsed: cot is chosen for 95.0 % of dev"
    assert rule.decide(choices(0.5, 0.95), 5) == Stop(reason)
    assert rule.decide(choices(0.5, 0.6, 0.95), 5) == RollBack(1, reason)
    assert Fixed(GuardOptions()).decide(choices(0.5, 0.98), 5) == Continue()


def test_a_rule_of_its_own_speaks_before_a_guard() -> None:
    points = [point(0, 60, seconds=10), point(1, 50, seconds=500)]
    found = Decline(DeclineOptions(seconds=20)).decide(points, 5)
    assert found == RollBack(0, "dev accuracy fell from 60.0 % to 50.0 %")


@pytest.mark.parametrize(
    "make",
    [
        lambda: DeclineOptions(tolerance=-0.1),
        lambda: DeclineOptions(patience=0),
        lambda: MarginalOptions(gain=2.0),
        lambda: MarginalOptions(collapse=1.5),
        lambda: GuardOptions(seconds=-1),
        lambda: DeclineOptions(tokens=-1),
    ],
)
def test_bad_options_are_refused(make: object) -> None:
    assert callable(make)
    with pytest.raises(ConfigError):
        make()


@settings(deadline=None)
@given(st.lists(st.integers(0, 100), min_size=1, max_size=8), st.integers(0, 6), st.sampled_from([0, 1, 2]))
def test_every_rule_ends_by_the_last_iteration(correct: list[int], iterations: int, which: int) -> None:
    rule: Rule = [Fixed(GuardOptions()), Decline(DeclineOptions()), Marginal(MarginalOptions())][which]
    points = history(*correct)
    decision = rule.decide(points, iterations)
    if points[-1].iteration >= iterations:
        assert decision != Continue()
    if isinstance(decision, RollBack):
        assert points[decision.to].score.value == max(p.score.value for p in points)
        assert decision.to < points[-1].iteration
