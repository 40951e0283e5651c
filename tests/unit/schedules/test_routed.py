"""Which way to reason from pass rates, and the teacher only where nothing else is left: tables by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest

from siked.builtin.schedules.adaptive import Adaptive, AdaptiveOptions
from siked.builtin.schedules.plain import All
from siked.builtin.schedules.routed import Routed, RoutedOptions
from siked.errors import ConfigError
from siked.mixtures import tag_entropy
from siked.records import Candidate, History
from siked.schedules.pools import PooledSchedule, PoolOptions
from siked.testing.tables import Mixed, candidate, mixed

# The student solves a with cot 3 of 4 times and with pot once; b never; c with pot only.
TEACHER = [candidate(n, p, s, "teacher") for n, (p, s) in enumerate(
    [("a", "cot"), ("a", "l2m"), ("b", "cot"), ("b", "pot"), ("c", "cot")], start=1
)]  # fmt: skip
STUDENT = [candidate(10 + n, p, s, "student", sample=n) for n, (p, s) in enumerate(
    [("a", "cot"), ("a", "cot"), ("a", "cot"), ("a", "pot"), ("c", "pot"), ("c", "pot")]
)]  # fmt: skip
SOLVED = {
    ("a", "cot"): (3, 4),
    ("a", "l2m"): (0, 4),
    ("a", "pot"): (1, 4),
    ("c", "cot"): (0, 4),
    ("c", "pot"): (2, 4),
}


def mix(
    schedule: PooledSchedule, student: list[Candidate] = STUDENT, iteration: int = 1, **known: Any
) -> Mixed:
    values = {"strategies": ("cot", "l2m", "pot"), "solved": SOLVED, **known}
    return mixed(schedule, TEACHER, student, History(iteration=iteration, iterations=3, **values))


def tags(found: Mixed) -> dict[tuple[str, str], float | None]:
    return {(c.candidate.problem_id, c.candidate.strategy): c.tag_weight for c in found.choices}


def test_tags_weigh_the_shares_of_pass_rates_by_hand() -> None:
    found = mix(Routed(RoutedOptions()))
    assert tags(found) == {
        ("a", "cot"): pytest.approx(3 * 3 / 4),
        ("a", "l2m"): 0.0,
        ("a", "pot"): pytest.approx(3 * 1 / 4),
        ("b", "cot"): 0.0,
        ("b", "pot"): 0.0,
        ("c", "cot"): 0.0,
        ("c", "pot"): 3.0,
    }
    assert all(choice.weight == 1 for choice in found.choices)


def test_rationales_are_those_of_adaptive() -> None:
    assert mix(Routed(RoutedOptions())).numbers == mix(Adaptive(AdaptiveOptions())).numbers
    assert mix(Routed(RoutedOptions()), iteration=0).numbers == [1, 2, 3, 4, 5]
    assert set(tags(mix(Routed(RoutedOptions()), iteration=0)).values()) == {None}


def test_beta_sharpens_the_choice_by_hand() -> None:
    found = tags(mix(Routed(RoutedOptions(beta=0.5, tags=1.0))))
    parts = {"cot": math.exp(0.75 / 0.5), "l2m": 1.0, "pot": math.exp(0.25 / 0.5)}
    for strategy, part in parts.items():
        assert found["a", strategy] == pytest.approx(part / sum(parts.values()))
    assert found["b", "cot"] == found["b", "pot"] == 0.0
    sharp = tags(mix(Routed(RoutedOptions(beta=0.01))))
    assert sharp["a", "cot"] == pytest.approx(3.0)


def test_the_mixture_says_which_way_suits_a_problem() -> None:
    routed, adaptive = (mix(s).choices for s in (Routed(RoutedOptions()), Adaptive(AdaptiveOptions())))
    assert tag_entropy(routed) < 0.5 * tag_entropy(adaptive)


def test_further_rationales_of_a_pair_share_its_tags_weight() -> None:
    found = mix(Routed(RoutedOptions(keep="all")))
    own = [
        c.tag_weight for c in found.choices if (c.candidate.problem_id, c.candidate.strategy) == ("a", "cot")
    ]
    assert own == [pytest.approx(0.75)] * 3
    for problem, whole in (("a", 3.0), ("b", 0.0), ("c", 3.0)):
        assert math.fsum(c.tag_weight or 0 for c in found.choices if c.candidate.problem_id == problem) == (
            pytest.approx(whole)
        )


def test_flagged_texts_that_are_dropped_count_as_not_solved() -> None:
    student = [candidate(20, "a", "cot", "student", flagged=True), candidate(21, "a", "pot", "student")]
    solved = {("a", "cot"): (1, 4), ("a", "pot"): (1, 4)}
    kept = tags(mix(Routed(RoutedOptions()), student, solved=solved))
    assert kept["a", "cot"] == kept["a", "pot"] == pytest.approx(1.5)
    dropped = tags(mix(Routed(RoutedOptions(flagged="drop")), student, solved=solved))
    assert (dropped["a", "cot"], dropped["a", "pot"]) == (0.0, 3.0)
    best = mix(All(PoolOptions(choose="best", flagged="drop")), student, solved=solved)
    assert [n for n in best.numbers if n > 10] == [21]


def test_tags_of_any_schedule_can_be_counted_by_problems() -> None:
    found = tags(mix(Adaptive(AdaptiveOptions(tags=6.0))))
    assert found["a", "cot"] == found["a", "l2m"] == 2.0
    assert found["b", "pot"] == found["c", "cot"] == 3.0


def test_the_teacher_is_heard_only_where_the_student_solved_nothing() -> None:
    found = mix(Adaptive(AdaptiveOptions(refill="problem")))
    assert found.numbers == [10, 13, 3, 4, 14]
    assert {found.left[n] for n in (1, 2, 5)} == {"schedule"}


def test_bad_options_are_refused() -> None:
    with pytest.raises(ConfigError, match="beta is -1"):
        RoutedOptions(beta=-1)
    with pytest.raises(ConfigError, match="tags is 0"):
        RoutedOptions(tags=0)
    with pytest.raises(ConfigError, match="tags is -2"):
        PoolOptions(tags=-2)
    with pytest.raises(ConfigError, match="pair or problem"):
        AdaptiveOptions(refill="all")  # type: ignore[arg-type]
