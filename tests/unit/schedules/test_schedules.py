"""Mixing schedules on hand-worked tables."""

from __future__ import annotations

from typing import Any

import pytest

from siked.builtin.schedules.adaptive import Adaptive, AdaptiveOptions
from siked.builtin.schedules.fixed import Annealed, AnnealedOptions, Fixed, FixedOptions, row_counts
from siked.builtin.schedules.kl import KlOptions, KlTarget
from siked.builtin.schedules.plain import All, SelfOnly
from siked.builtin.schedules.routed import Routed, RoutedOptions
from siked.contracts import Schedule
from siked.errors import ConfigError
from siked.records import Candidate, History, Target
from siked.schedules.pools import PooledSchedule, PoolOptions
from siked.testing.tables import Mixed, candidate, mixed

# The teacher solved a by both, b by cot; the student a by cot (twice), b by both.
TEACHER = [
    candidate(1, "a", "cot", "teacher"),
    candidate(2, "a", "pot", "teacher"),
    candidate(3, "b", "cot", "teacher"),
]
STUDENT = [
    candidate(4, "a", "cot", "student", sample=0),
    candidate(5, "a", "cot", "student", sample=2),
    candidate(6, "b", "cot", "student", sample=1),
    candidate(7, "b", "pot", "student", sample=0),
]
SOLVED = {("a", "cot"): (2, 4), ("a", "pot"): (0, 4), ("b", "cot"): (1, 4), ("b", "pot"): (1, 4)}


def history(iteration: int = 1, iterations: int = 3, **values: Any) -> History:
    known = {"strategies": ("cot", "pot"), "solved": SOLVED, **values}
    return History(iteration=iteration, iterations=iterations, **known)


def mix(
    schedule: Schedule,
    student: list[Candidate] = STUDENT,
    teacher: list[Candidate] = TEACHER,
    iteration: int = 1,
    seed: int = 0,
) -> Mixed:
    return mixed(schedule, teacher, student, history(iteration), seed)


def test_adaptive_by_hand() -> None:
    """Three solved pairs give three student rows; the one unsolved pair, (a, pot), is refilled."""
    found = mix(Adaptive(AdaptiveOptions()))
    assert [(c.candidate.rationale, c.reason) for c in found.choices] == [
        (4, "student: correct"),
        (2, "teacher: the student solved none of 4"),
        (6, "student: correct"),
        (7, "student: correct"),
    ]
    assert found.alpha == 1 / 4
    assert found.left == {1: "schedule", 3: "schedule", 5: "keep first"}
    assert found.aims == {}


def test_adaptive_floor_by_hand() -> None:
    """One teacher row of four is 25 %; one more of five is 40 %; all three of six is 50 %."""
    assert mix(Adaptive(AdaptiveOptions(floor=0.25))).numbers == [4, 2, 6, 7]
    drawn = {frozenset(mix(Adaptive(AdaptiveOptions(floor=0.4)), seed=s).numbers) for s in range(20)}
    assert drawn == {frozenset({4, 2, 6, 7, 1}), frozenset({4, 2, 6, 7, 3})}
    half = mix(Adaptive(AdaptiveOptions(floor=0.5)))
    assert sorted(half.numbers) == [1, 2, 3, 4, 6, 7]
    assert half.aims["floor"] == Target("floor", 0.5)


def test_a_floor_that_nothing_is_left_for_says_so() -> None:
    most = mix(Adaptive(AdaptiveOptions(floor=0.9)))
    assert sorted(most.numbers) == [1, 2, 3, 4, 6, 7]
    assert most.aims["floor"].why == "no teacher rationale is left that the cap would admit"


def test_a_floor_under_a_cap_swaps_rationales_of_one_pair() -> None:
    """Two rows a problem: 4, 2 and two of 3, 6, 7; for one half, 1 takes the place of 4 or 3 that of 6."""
    for seed in range(20):
        found = mix(Adaptive(AdaptiveOptions(floor=0.5, cap=2)), seed=seed)
        assert found.alpha == 0.5
        assert found.count("cot") == found.count("pot") == 2
        assert set(found.numbers) in ({1, 2, 6, 7}, {4, 2, 3, 7})


def test_all_by_hand() -> None:
    assert mix(All(PoolOptions())).numbers == [1, 4, 2, 3, 6, 7]


def test_self_by_hand() -> None:
    assert mix(SelfOnly(PoolOptions())).numbers == [4, 6, 7]
    assert mix(SelfOnly(PoolOptions()), student=[]).numbers == []


def test_fixed_by_hand() -> None:
    """Three rows of each source; at one quarter the student's three rows allow one of the teacher."""
    assert sorted(mix(Fixed(FixedOptions(alpha=0.5))).numbers) == [1, 2, 3, 4, 6, 7]
    quarter = mix(Fixed(FixedOptions(alpha=0.25)))
    assert (quarter.count(source="teacher"), quarter.count(source="student")) == (1, 3)
    assert quarter.aims == {"alpha": Target("alpha", 0.25)}
    assert mix(Fixed(FixedOptions(alpha=1.0))).numbers == [1, 2, 3]
    assert mix(Fixed(FixedOptions(alpha=0.0))).numbers == [4, 6, 7]


def test_fixed_with_one_source_takes_all_of_it_and_says_so() -> None:
    nothing = mix(Fixed(FixedOptions(alpha=0.3)), student=[])
    assert nothing.numbers == [1, 2, 3]
    assert nothing.aims["alpha"].why == "the student has nothing to give"
    untaught = mix(Fixed(FixedOptions(alpha=0.3)), teacher=[])
    assert untaught.numbers == [4, 6, 7]
    assert untaught.aims["alpha"].why == "the teacher has nothing to give"


def test_a_floor_above_alpha_holds_and_says_so() -> None:
    found = mix(Fixed(FixedOptions(alpha=0.1, floor=0.5)))
    assert found.alpha == 0.5
    assert found.aims == {"alpha": Target("alpha", 0.1, "the floor is 0.5"), "floor": Target("floor", 0.5)}


def test_a_floor_above_alpha_decides_how_many_rows_the_student_gives() -> None:
    """Nine student rows at a tenth would take one of the teacher, and a half could not be reached."""
    student = [candidate(100 + n, f"p{n}", "cot", "student") for n in range(9)]
    found = mix(Fixed(FixedOptions(alpha=0.1, floor=0.5)), student)
    assert (found.count(source="teacher"), found.count(source="student")) == (3, 3)
    assert found.aims["floor"].why == ""


@pytest.mark.parametrize(
    ("teacher", "student", "share", "rows"),
    [
        (3, 3, 0.5, (3, 3)),
        (9, 3, 0.75, (9, 3)),
        (9, 2, 0.75, (8, 2)),  # 7.5 of 10 is 8; 8.25 of 11 would be 8, too, and leave three
        (100, 1, 0.9, (14, 1)),  # 13.5 of 15 is 14; 14.4 of 16 would leave two
        (0, 4, 0.5, (0, 0)),
    ],
)
def test_row_counts_by_hand(teacher: int, student: int, share: float, rows: tuple[int, int]) -> None:
    assert row_counts(teacher, student, share) == rows


@pytest.mark.parametrize(
    ("shape", "alphas"),
    [
        # three steps: by 0.2 each; a quarter of the way, as (1 - cos 60) / 2; by the third root of 3 each
        ("linear", [0.9, 0.7, 0.5, 0.3, 0.3]),
        ("cosine", [0.9, 0.75, 0.45, 0.3, 0.3]),
        ("geometric", [0.9, 0.6240, 0.4327, 0.3, 0.3]),
    ],
)
def test_annealed_asks_for_the_alpha_of_its_iteration(shape: Any, alphas: list[float]) -> None:
    schedule = Annealed(AnnealedOptions(start=0.9, end=0.3, shape=shape, over=4))
    asked = [mix(schedule, iteration=t).aims["alpha"].asked for t in range(1, 6)]
    assert asked == pytest.approx(alphas, abs=1e-4)


def test_annealed_goes_from_the_first_to_the_last_iteration_of_the_run() -> None:
    schedule = Annealed(AnnealedOptions())
    asked = [mix(schedule, iteration=t).aims["alpha"].asked for t in (1, 2, 3)]
    assert asked == pytest.approx([0.9, 0.55, 0.2])
    alone = mixed(schedule, TEACHER, STUDENT, history(1, iterations=1))
    assert alone.aims["alpha"].asked == 0.9


def test_annealed_meets_its_alpha() -> None:
    """Ten rows of each source: 9.9 of 11 is 10, and 2.6 of 13 is 3."""
    teacher = [candidate(n, f"p{n}", "cot", "teacher") for n in range(10)]
    student = [candidate(100 + n, f"p{n}", "cot", "student") for n in range(10)]
    schedule = Annealed(AnnealedOptions())
    first = mix(schedule, student, teacher, iteration=1)
    last = mix(schedule, student, teacher, iteration=3)
    assert (first.count(source="teacher"), first.count(source="student")) == (10, 1)
    assert (last.count(source="teacher"), last.count(source="student")) == (3, 10)


BUILT_IN = [
    Adaptive(AdaptiveOptions()),
    Routed(RoutedOptions()),
    All(PoolOptions()),
    SelfOnly(PoolOptions()),
    Fixed(FixedOptions()),
    Annealed(AnnealedOptions()),
    KlTarget(KlOptions()),
]


@pytest.mark.parametrize("schedule", BUILT_IN, ids=lambda schedule: schedule.name)
def test_iteration_0_is_the_teachers(schedule: PooledSchedule) -> None:
    assert mix(schedule, student=[], iteration=0).numbers == [1, 2, 3]


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: PoolOptions(keep="some"), "keep is 'some'; it can be first, shortest, diverse or all"),  # type: ignore[arg-type]
        (lambda: PoolOptions(choose="any"), "choose is 'any'"),  # type: ignore[arg-type]
        (lambda: PoolOptions(flagged="no"), "flagged is 'no'"),  # type: ignore[arg-type]
        (lambda: PoolOptions(margin=2), "margin is 2"),
        (lambda: PoolOptions(most=0), "most is 0"),
        (lambda: PoolOptions(cap=-1), "cap is -1"),
        (lambda: PoolOptions(tokens=-1), "tokens is -1"),
        (lambda: PoolOptions(floor=1.0), "floor is 1.0"),
        (lambda: FixedOptions(alpha=1.5), "alpha is 1.5"),
        (lambda: FixedOptions(cap=-2), "cap is -2"),
        (lambda: AnnealedOptions(start=1.1), "start is 1.1"),
        (lambda: AnnealedOptions(end=-0.1), "end is -0.1"),
        (lambda: AnnealedOptions(shape="steep"), "shape is 'steep'"),  # type: ignore[arg-type]
        (lambda: AnnealedOptions(shape="geometric", end=0), "needs a start and an end above 0"),
        (lambda: AnnealedOptions(over=-1), "over is -1"),
        (lambda: KlOptions(target=-0.1), "target is -0.1"),
        (lambda: KlOptions(end=-0.1), "end is -0.1"),
        (lambda: KlOptions(cap=-0.1), "cap is -0.1"),  # type: ignore[arg-type]
    ],
)
def test_bad_options_are_refused(make: Any, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        make()
