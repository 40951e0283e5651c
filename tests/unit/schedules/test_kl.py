"""The divergence that ``kl`` aims at, solved by hand and as a property."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siked.builtin.schedules.kl import KlOptions, KlTarget, solve
from siked.mixtures import divergence
from siked.records import History
from siked.testing.tables import Mixed, candidate, mixed

ROOM = {"cot": 10, "pot": 10}
COT = {"cot": 0.8, "pot": 0.2}


def test_all_rows_where_they_are_near_enough() -> None:
    """Of 100 problems (50.5, 50.5)/101 against (80.5, 20.5)/101 is 0.2176 nats: less than 0.3."""
    value = 0.5 * math.log(50.5 / 80.5) + 0.5 * math.log(50.5 / 20.5)
    assert divergence(ROOM, COT, 100) == pytest.approx(value)
    assert value == pytest.approx(0.2176, abs=1e-4)
    assert solve(ROOM, COT, 0.3, 100) == (ROOM, "all rows together are only 0.2176")
    assert solve(ROOM, COT, 0.218, 100) == (ROOM, "")


def test_the_same_shares_are_as_far_however_many_rows_there_are() -> None:
    """A strategy that the student never chose is as far at 60 rows as at 20,000."""
    choice = {"cot": 0.0, "pot": 1.0}
    values = [divergence({"cot": n / 3, "pot": 2 * n / 3}, choice, 200) for n in (60, 20_000)]
    assert values[0] == pytest.approx(values[1])


def test_fewer_rows_of_what_the_student_avoids() -> None:
    """With all ten cot, 5 pot are 0.0475 away and 4 are 0.0206: for 0.045 it is 5.

    Of 300 problems: (200.5, 100.5)/301 against (240.5, 60.5)/301; of 140: (100.5, 40.5)/141 against
    (112.5, 28.5)/141.
    """
    five = 200.5 / 301 * math.log(200.5 / 240.5) + 100.5 / 301 * math.log(100.5 / 60.5)
    four = 100.5 / 141 * math.log(100.5 / 112.5) + 40.5 / 141 * math.log(40.5 / 28.5)
    assert divergence({"cot": 10, "pot": 5}, COT, 300) == pytest.approx(five)
    assert divergence({"cot": 10, "pot": 4}, COT, 140) == pytest.approx(four)
    assert solve(ROOM, COT, five, 300) == ({"cot": 10, "pot": 5}, "")
    assert solve(ROOM, COT, 0.045, 300) == ({"cot": 10, "pot": 5}, "")
    assert solve(ROOM, COT, four, 140) == ({"cot": 10, "pot": 4}, "")


def test_a_target_of_nothing_is_the_students_choice() -> None:
    """40 cot and 10 pot of 40 each are exactly 0.8 and 0.2."""
    assert solve({"cot": 40, "pot": 40}, COT, 0.0, 100) == ({"cot": 40, "pot": 10}, "")


def test_what_cannot_be_met_is_said() -> None:
    counts, why = solve({"cot": 0, "pot": 30}, COT, 0.1, 100)
    assert counts == {"cot": 0, "pot": 30}
    assert why.startswith("the rows there are can come no nearer than 1.")
    assert (
        solve({"cot": 0, "l2m": 5}, {"pot": 1.0}, 0.1, 100)[1]
        == "the student chose no strategy that has rows"
    )
    assert solve({"cot": 5}, {}, 0.1, 100) == ({"cot": 5}, "the student chose no strategy that has rows")


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 60), min_size=3, max_size=3),
    st.lists(st.integers(0, 50), min_size=3, max_size=3),
    st.floats(0, 1.5),
)
def test_the_target_is_met_to_within_a_row_or_it_is_said_why(
    rows: list[int], chosen: list[int], target: float
) -> None:
    names = ("cot", "l2m", "pot")
    room = dict(zip(names, rows, strict=True))
    choice = {name: count / max(1, sum(chosen)) for name, count in zip(names, chosen, strict=True)}
    counts, why = solve(room, choice, target, 100)
    assert all(0 <= counts[name] <= room[name] for name in names)
    assert sum(counts.values()) > 0 or not any(rows)
    reached = divergence(counts, choice, 100)
    moved = [
        divergence({**counts, name: counts[name] + step}, choice, 100)
        for name in names
        for step in (-1, 1)
        if 0 <= counts[name] + step <= room[name] and sum(counts.values()) + step > 0
    ]
    resolution = max((abs(value - reached) for value in moved), default=0.0)
    assert why or abs(reached - target) <= resolution + 1e-12
    if not why.startswith(("all rows", "the student")):
        # no mixture is thrown away for a target: the scarcest strategy is used up but for a few rows
        left = min((room[name] - counts[name] for name in names if room[name]), default=0)
        assert left <= 2 * len(names)


def mix(target: float, *, student: int, floor: float = 0.0, seed: int = 0) -> Mixed:
    """Ten problems that the teacher solves both ways, of which the student solves some by pot."""
    teacher = [candidate(10 * n, f"p{n}", "cot", "teacher") for n in range(10)]
    teacher += [candidate(10 * n + 1, f"p{n}", "pot", "teacher") for n in range(10)]
    own = [candidate(10 * n + 2, f"p{n}", "pot", "student") for n in range(student)]
    known = History(
        iteration=1,
        iterations=1,
        strategies=("cot", "pot"),
        choice=COT,
        solved={(f"p{n}", "pot"): (int(n < student), 1) for n in range(10)},
    )
    return mixed(KlTarget(KlOptions(target=target, floor=floor)), teacher, own, known, seed)


def test_the_teacher_gives_what_the_student_has_not() -> None:
    """0.04 is ten cot and five pot (above). The student has no cot and three pot."""
    found = mix(0.04, student=3)
    assert (found.count("cot", "teacher"), found.count("cot", "student")) == (10, 0)
    assert (found.count("pot", "teacher"), found.count("pot", "student")) == (2, 3)
    assert found.aims["kl"].asked == 0.04


def test_the_students_rows_come_first() -> None:
    found = mix(0.04, student=8)
    assert (found.count("pot", "teacher"), found.count("pot", "student")) == (0, 5)
    assert {c.reason for c in found.choices if c.candidate.source == "student"} == {"student: correct"}


def test_a_floor_changes_sources_and_no_tag() -> None:
    """Ten of 15 rows are the teacher's; for 0.8 it takes 12, so two pot change hands."""
    for seed in range(10):
        found = mix(0.04, student=8, floor=0.8, seed=seed)
        assert (found.count("cot"), found.count("pot")) == (10, 5)
        assert found.count("pot", "teacher") == 2
        assert len({c.candidate.problem_id for c in found.choices if c.candidate.strategy == "pot"}) == 5


def test_targets_decay() -> None:
    schedule = KlTarget(KlOptions(target=0.4, end=0.1, shape="geometric"))
    asked = []
    for t in (1, 2, 3):
        known = History(iteration=t, iterations=3, strategies=("cot", "pot"), choice=COT)
        asked.append(mixed(schedule, [candidate(1, "a", "cot", "teacher")], [], known).aims["kl"].asked)
    assert asked == pytest.approx([0.4, 0.2, 0.1])
