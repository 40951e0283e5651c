"""Mixing schedules on hand-worked tables and as properties."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siked.builtin.schedules.adaptive import Adaptive, AdaptiveOptions
from siked.builtin.schedules.fixed import Fixed, FixedOptions, row_counts
from siked.builtin.schedules.plain import All, SelfOnly
from siked.builtin.schedules.pools import KeepOptions, pair_of
from siked.contracts import Schedule
from siked.errors import ConfigError
from siked.records import Candidate, Choice, History


def row(number: int, problem: str, strategy: str, source: str, sample: int = 0, text: str = "") -> Candidate:
    return Candidate(
        rationale=number,
        problem_id=problem,
        strategy=strategy,
        source="teacher" if source == "teacher" else "student",
        sample=sample,
        length=10,
        hash=text or f"h{number}",
        flagged=text.endswith("!"),
    )


# The teacher solved a by both, b by cot; the student a by cot (twice), b by both.
TEACHER = [row(1, "a", "cot", "teacher"), row(2, "a", "pot", "teacher"), row(3, "b", "cot", "teacher")]
STUDENT = [
    row(4, "a", "cot", "student", 0),
    row(5, "a", "cot", "student", 2),
    row(6, "b", "cot", "student", 1),
    row(7, "b", "pot", "student", 0),
]


def history(iteration: int = 1) -> History:
    return History(
        iteration=iteration,
        iterations=3,
        strategies=("cot", "pot"),
        solved={("a", "cot"): (2, 4), ("a", "pot"): (0, 4), ("b", "cot"): (1, 4), ("b", "pot"): (1, 4)},
    )


def numbers(
    schedule: Schedule, student: Sequence[Candidate] = STUDENT, iteration: int = 1, seed: int = 0
) -> list[int]:
    rows = schedule.mix(TEACHER, student, history(iteration), random.Random(seed))
    return [choice.candidate.rationale for choice in rows]


def alpha(choices: Sequence[Choice]) -> float:
    return sum(c.candidate.source == "teacher" for c in choices) / len(choices)


def test_adaptive_by_hand() -> None:
    """Three solved pairs give three student rows; the one unsolved pair, (a, pot), is refilled."""
    schedule = Adaptive(AdaptiveOptions())
    choices = list(schedule.mix(TEACHER, STUDENT, history(), random.Random(0)))
    assert [(c.candidate.rationale, c.reason) for c in choices] == [
        (4, "student: correct"),
        (2, "teacher: the student solved none of 4"),
        (6, "student: correct"),
        (7, "student: correct"),
    ]
    assert alpha(choices) == 1 / 4


def test_adaptive_floor_by_hand() -> None:
    """One teacher row of four is 25 %; one more of five is 40 %; all three of six is 50 %."""
    assert numbers(Adaptive(AdaptiveOptions(floor=0.25))) == [4, 2, 6, 7]
    assert sorted(numbers(Adaptive(AdaptiveOptions(floor=0.5)))) == [1, 2, 3, 4, 6, 7]
    assert sorted(numbers(Adaptive(AdaptiveOptions(floor=0.9)))) == [1, 2, 3, 4, 6, 7]
    drawn = {tuple(numbers(Adaptive(AdaptiveOptions(floor=0.4)), seed=s)) for s in range(20)}
    assert {frozenset(d) for d in drawn} == {frozenset({4, 2, 6, 7, 1}), frozenset({4, 2, 6, 7, 3})}


def test_all_by_hand() -> None:
    assert numbers(All(KeepOptions())) == [1, 4, 2, 3, 6, 7]
    assert numbers(All(KeepOptions(keep="all"))) == [1, 4, 5, 2, 3, 6, 7]


def test_self_by_hand() -> None:
    assert numbers(SelfOnly(KeepOptions())) == [4, 6, 7]
    assert numbers(SelfOnly(KeepOptions()), student=[]) == []


def test_fixed_by_hand() -> None:
    """Three rows of each source; at one quarter the student's three rows allow one of the teacher."""
    assert sorted(numbers(Fixed(FixedOptions(alpha=0.5)))) == [1, 2, 3, 4, 6, 7]
    quarter = list(Fixed(FixedOptions(alpha=0.25)).mix(TEACHER, STUDENT, history(), random.Random(1)))
    assert Counter(c.candidate.source for c in quarter) == {"teacher": 1, "student": 3}
    assert numbers(Fixed(FixedOptions(alpha=1.0))) == [1, 2, 3]
    assert numbers(Fixed(FixedOptions(alpha=0.0))) == [4, 6, 7]
    assert numbers(Fixed(FixedOptions(alpha=0.3)), student=[]) == []
    assert len(numbers(Fixed(FixedOptions(alpha=0.5)), student=[])) == 1


@pytest.mark.parametrize(
    "schedule",
    [Adaptive(AdaptiveOptions()), All(KeepOptions()), SelfOnly(KeepOptions()), Fixed(FixedOptions())],
)
def test_iteration_0_is_the_teachers(schedule: Schedule) -> None:
    assert numbers(schedule, student=[], iteration=0) == [1, 2, 3]


def test_flagged_rationales_can_be_dropped() -> None:
    student = [row(4, "a", "cot", "student", 0, "first!"), row(5, "a", "cot", "student", 1, "second")]
    assert numbers(SelfOnly(KeepOptions()), student) == [4]
    assert numbers(SelfOnly(KeepOptions(flagged="drop")), student) == [5]


def test_cap_and_duplicates() -> None:
    student = [row(n, "a", "cot", "student", n, text) for n, text in enumerate(["x", "x", "y", "z"])]
    assert numbers(SelfOnly(KeepOptions(keep="all")), student) == [0, 2, 3]
    assert numbers(SelfOnly(KeepOptions(keep="all", cap=2)), student) == [0, 2]


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: KeepOptions(keep="some"), "keep is 'some'"),  # type: ignore[arg-type]
        (lambda: KeepOptions(flagged="no"), "flagged is 'no'"),  # type: ignore[arg-type]
        (lambda: KeepOptions(cap=-1), "cap is -1"),
        (lambda: AdaptiveOptions(floor=1.0), "floor is 1.0"),
        (lambda: AdaptiveOptions(cap=-2), "cap is -2"),
        (lambda: FixedOptions(alpha=1.5), "alpha is 1.5"),
        (lambda: FixedOptions(cap=-2), "cap is -2"),
    ],
)
def test_bad_options_are_refused(make: object, reason: str) -> None:
    assert callable(make)
    with pytest.raises(ConfigError, match=reason):
        make()


# --- properties -------------------------------------------------------------------------------

keeps = st.builds(
    dict,
    keep=st.sampled_from(["first", "all"]),
    cap=st.integers(0, 2),
    flagged=st.sampled_from(["keep", "drop"]),
)
schedules = st.one_of(
    st.builds(
        lambda k, f: Adaptive(AdaptiveOptions(**k, floor=f)), keeps, st.sampled_from([0.0, 0.2, 0.5, 0.9])
    ),
    st.builds(lambda k: All(KeepOptions(**k)), keeps),
    st.builds(lambda k: SelfOnly(KeepOptions(**k)), keeps),
    st.builds(lambda k, a: Fixed(FixedOptions(**k, alpha=a)), keeps, st.floats(0, 1)),
)


@st.composite
def sources(draw: st.DrawFn, source: str) -> list[Candidate]:
    keys = draw(
        st.lists(
            st.tuples(st.sampled_from("abcd"), st.sampled_from(["cot", "l2m", "pot"]), st.integers(0, 3)),
            unique=True,
            max_size=14,
        )
    )
    texts = draw(st.lists(st.sampled_from(["x", "y", "z!"]), min_size=len(keys), max_size=len(keys)))
    base = 0 if source == "teacher" else 100
    return [
        row(base + n, p, s, source, k, t)
        for n, ((p, s, k), t) in enumerate(zip(sorted(keys), texts, strict=True))
    ]


@given(
    schedules, sources("teacher"), sources("student"), st.integers(0, 2), st.randoms(use_true_random=False)
)
def test_rows_are_given_once_and_texts_kept_once(
    schedule: Schedule,
    teacher: list[Candidate],
    student: list[Candidate],
    iteration: int,
    order: random.Random,
) -> None:
    if iteration == 0:
        student = []
    first = list(schedule.mix(teacher, student, history(iteration), random.Random(5)))
    rows = [c.candidate for c in first]
    assert all(r in teacher or r in student for r in rows)
    assert len({r.rationale for r in rows}) == len(rows)
    texts = [(r.source, pair_of(r), r.hash) for r in rows]
    assert len(set(texts)) == len(texts)
    assert all(c.reason.startswith(c.candidate.source) for c in first)
    state = random.getstate()
    shuffled = order.sample(teacher, len(teacher)), order.sample(student, len(student))
    assert list(schedule.mix(*shuffled, history(iteration), random.Random(5))) == first
    assert random.getstate() == state


@given(keeps, sources("teacher"), sources("student"))
def test_adaptive_asks_the_teacher_only_for_what_is_missing(
    keep: dict[str, object], teacher: list[Candidate], student: list[Candidate]
) -> None:
    options = AdaptiveOptions(**keep)  # type: ignore[arg-type]
    rows = [c.candidate for c in Adaptive(options).mix(teacher, student, history(), random.Random(0))]
    taught = {pair_of(r) for r in rows if r.source == "teacher"}
    own = {pair_of(r) for r in rows if r.source == "student"}
    allowed = [r for r in teacher + student if options.flagged == "keep" or not r.flagged]
    assert not taught & own
    assert taught | own == {pair_of(r) for r in allowed}
    if options.keep == "first":
        assert max(Counter(pair_of(r) for r in rows).values(), default=0) <= 1


@given(st.sampled_from([0.1, 0.3, 0.5, 0.8]), sources("teacher"), sources("student"))
def test_adaptive_reaches_its_floor_or_uses_the_whole_teacher(
    floor: float, teacher: list[Candidate], student: list[Candidate]
) -> None:
    options = AdaptiveOptions(floor=floor)
    choices = list(Adaptive(options).mix(teacher, student, history(), random.Random(0)))
    used = sum(c.candidate.source == "teacher" for c in choices)
    pairs = len({pair_of(r) for r in teacher})
    assert not choices or alpha(choices) >= floor - 1e-9 or used == pairs


@given(st.integers(0, 60), st.integers(0, 60), st.floats(0, 1))
def test_fixed_is_within_one_row_and_as_large_as_can_be(teacher: int, student: int, share: float) -> None:
    taught, own = row_counts(teacher, student, share)
    rows = taught + own
    assert 0 <= taught <= teacher
    assert 0 <= own <= student
    assert abs(taught - share * rows) <= 0.5 + 1e-9
    for more in range(rows + 1, teacher + student + 1):
        wanted = int(share * more + 0.5)
        assert wanted > teacher or more - wanted > student


def test_all_stays_at_one_half_where_the_teacher_solved_everything() -> None:
    teacher = [row(n, f"p{n}", "cot", "teacher") for n in range(10)]
    student = [row(100 + n, f"p{n}", "cot", "student") for n in range(10)]
    choices = list(All(KeepOptions()).mix(teacher, student, history(), random.Random(0)))
    assert alpha(choices) == 0.5
