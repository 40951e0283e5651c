"""What holds for every built-in schedule, whatever the candidates and the options."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siked.builtin.schedules.adaptive import Adaptive, AdaptiveOptions
from siked.builtin.schedules.fixed import Annealed, AnnealedOptions, Fixed, FixedOptions, row_counts
from siked.builtin.schedules.kl import KlOptions, KlTarget
from siked.builtin.schedules.plain import All, SelfOnly
from siked.builtin.schedules.routed import Routed, RoutedOptions
from siked.mixtures import divergence, strategy_counts
from siked.records import Candidate, History
from siked.schedules.pools import PooledSchedule, PoolOptions
from siked.testing.tables import Mixed, candidate, mixed

NAMES = ("cot", "l2m", "pot")
pooled = st.fixed_dictionaries(
    {
        "keep": st.sampled_from(["first", "shortest", "diverse", "all"]),
        "most": st.integers(1, 3),
        "choose": st.sampled_from(["every", "best", "proportional"]),
        "floor": st.sampled_from([0.0, 0.2, 0.5, 0.9]),
        "cap": st.integers(0, 3),
        "tokens": st.sampled_from([0, 0, 60, 150]),
        "flagged": st.sampled_from(["keep", "drop"]),
    }
)
shares = st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.8, 1.0])
schedules: st.SearchStrategy[PooledSchedule] = st.one_of(
    st.builds(lambda o: Adaptive(AdaptiveOptions(**o)), pooled),
    st.builds(
        lambda o, b: Routed(RoutedOptions(**o, tags=3.0, beta=b)), pooled, st.sampled_from([0.0, 0.1, 1.0])
    ),
    st.builds(lambda o: All(PoolOptions(**o)), pooled),
    st.builds(lambda o: SelfOnly(PoolOptions(**o)), pooled),
    st.builds(lambda o, a: Fixed(FixedOptions(**o, alpha=a)), pooled, shares),
    st.builds(lambda o, a, b: Annealed(AnnealedOptions(**o, start=a, end=b)), pooled, shares, shares),
    st.builds(lambda o, k: KlTarget(KlOptions(**o, target=k)), pooled, st.floats(0, 1)),
)


@st.composite
def sources(draw: st.DrawFn, source: Any) -> list[Candidate]:
    keys = draw(
        st.lists(
            st.tuples(st.sampled_from("abcdef"), st.sampled_from(NAMES), st.integers(0, 3)),
            unique=True,
            max_size=30,
        )
    )
    base = 0 if source == "teacher" else 100
    return [
        candidate(
            base + n,
            problem,
            strategy,
            source,
            sample=sample,
            length=draw(st.integers(5, 20)),
            text=draw(st.sampled_from(["", "x", "y"])),
            flagged=draw(st.booleans()),
            sketch=bytes(draw(st.lists(st.integers(1, 3), min_size=4, max_size=4))),
        )
        for n, (problem, strategy, sample) in enumerate(sorted(keys))
    ]


@st.composite
def histories(draw: st.DrawFn) -> History:
    counts = st.tuples(st.integers(0, 4), st.just(4))
    return History(
        iteration=draw(st.integers(1, 3)),
        iterations=3,
        strategies=NAMES,
        choice=draw(st.sampled_from([{}, {"cot": 0.9, "pot": 0.1}, {"l2m": 0.5, "pot": 0.3, "none": 0.2}])),
        solved={(p, s): draw(counts) for p in "abcdef" for s in NAMES},
    )


def per_problem(found: Mixed) -> Counter[str]:
    return Counter(choice.candidate.problem_id for choice in found.choices)


@settings(max_examples=200, deadline=None)
@given(schedules, sources("teacher"), sources("student"), histories(), st.randoms(use_true_random=False))
def test_rows_are_given_once_within_bounds_and_all_others_are_accounted_for(
    schedule: PooledSchedule,
    teacher: list[Candidate],
    student: list[Candidate],
    known: History,
    order: random.Random,
) -> None:
    options = schedule.pool_options
    found = mixed(schedule, teacher, student, known, seed=5)
    rows = [choice.candidate for choice in found.choices]
    numbers = {row.rationale for row in rows}
    assert len(numbers) == len(rows)
    assert numbers | set(found.left) == {row.rationale for row in [*teacher, *student]}
    assert not numbers & set(found.left)
    texts = [(row.source, row.problem_id, row.strategy, row.hash) for row in rows]
    assert len(set(texts)) == len(texts)
    assert all(choice.reason.startswith(choice.candidate.source) for choice in found.choices)
    assert not options.cap or max(per_problem(found).values(), default=0) <= options.cap
    assert options.flagged == "keep" or not any(row.flagged for row in rows)
    assert not options.tokens or len(rows) <= 1 or sum(row.length for row in rows) <= options.tokens
    if options.tokens and not found.aims["tokens"].why and rows:
        longest = max(row.length for row in [*teacher, *student])
        assert sum(row.length for row in rows) >= options.tokens - longest
    state = random.getstate()
    shuffled = order.sample(teacher, len(teacher)), order.sample(student, len(student))
    assert mixed(schedule, *shuffled, known, seed=5) == found
    assert random.getstate() == state


@settings(max_examples=200, deadline=None)
@given(schedules, sources("teacher"), sources("student"), histories())
def test_floor_and_targets_are_met_to_within_a_row_or_it_is_said_why(
    schedule: PooledSchedule, teacher: list[Candidate], student: list[Candidate], known: History
) -> None:
    """One row, and one more of each strategy where rows are taken away to come to a number of tokens."""
    options = schedule.pool_options
    found = mixed(schedule, teacher, student, known)
    total = found.weight()
    slack = 1 + (options.tokens > 0) * len(NAMES)
    taught = found.weight(source="teacher")
    if options.floor and not found.aims["floor"].why:
        assert taught >= options.floor * total - (slack - 1) - 1e-9
    if "alpha" in found.aims and not found.aims["alpha"].why:
        assert abs(taught - found.aims["alpha"].asked * total) <= slack + 1e-9
    if "kl" in found.aims and known.choice and total and not options.tokens:
        counts = strategy_counts(found.choices, NAMES)
        moved = [
            divergence({**counts, name: counts[name] + step}, known.choice, known.dev)
            for name in NAMES
            for step in (-1, 1)
            if counts[name] + step >= 0 and total + step > 0
        ]
        reached = divergence(counts, known.choice, known.dev)
        resolution = max(abs(value - reached) for value in moved)
        off = abs(reached - found.aims["kl"].asked)
        assert found.aims["kl"].why or off <= resolution + 1e-9


@settings(max_examples=200, deadline=None)
@given(schedules, sources("teacher"), sources("student"), histories(), st.sampled_from(["diverse", "all"]))
def test_the_number_of_rationales_kept_shifts_no_tag(
    schedule: PooledSchedule,
    teacher: list[Candidate],
    student: list[Candidate],
    known: History,
    keep: Any,
) -> None:
    """What a strategy of a problem weighs, by either source, is what it weighs with one rationale."""
    bound = replace(schedule.pool_options, tokens=0)
    one, more = (type(schedule)(replace(bound, keep=k)) for k in ("first", keep))
    first, many = (mixed(s, teacher, student, known) for s in (one, more))
    assert set(first.numbers) <= set(many.numbers)
    cells: list[dict[tuple[str, str, str], float]] = []
    for found in (first, many):
        cells.append({})
        for choice in found.choices:
            row = choice.candidate
            key = row.problem_id, row.source, row.strategy
            cells[-1][key] = cells[-1].get(key, 0.0) + choice.weight
    assert cells[1] == pytest.approx(cells[0])
    assert many.aims == first.aims


@settings(deadline=None)
@given(sources("teacher"), sources("student"), histories())
def test_adaptive_asks_the_teacher_only_for_what_is_missing(
    teacher: list[Candidate], student: list[Candidate], known: History
) -> None:
    found = mixed(Adaptive(AdaptiveOptions()), teacher, student, known)
    pairs = Counter((c.candidate.problem_id, c.candidate.strategy) for c in found.choices)
    own = {(row.problem_id, row.strategy) for row in student}
    assert set(pairs) == own | {(row.problem_id, row.strategy) for row in teacher}
    assert max(pairs.values(), default=1) == 1
    for choice in found.choices:
        row = choice.candidate
        assert (row.source == "student") == ((row.problem_id, row.strategy) in own)


@settings(deadline=None)
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
    teacher = [candidate(n, f"p{n}", "cot", "teacher") for n in range(10)]
    student = [candidate(100 + n, f"p{n}", "cot", "student") for n in range(10)]
    known = History(iteration=1, iterations=3, strategies=("cot",))
    assert mixed(All(PoolOptions()), teacher, student, known).alpha == 0.5
