"""What schedules share, by hand: keep, choose, cap, loss tokens, and what is left out."""

from __future__ import annotations

import random
from collections import Counter
from fractions import Fraction
from typing import Any

import pytest

from siked.builtin.schedules.plain import All, SelfOnly
from siked.records import Candidate, History, Target
from siked.schedules.pools import PoolOptions, fitting_pairs
from siked.testing.tables import Mixed, candidate, mixed
from siked.text.minhash import resemblance, sketch


def mix(student: list[Candidate], *, seed: int = 0, solved: Any = None, **options: Any) -> Mixed:
    history = History(iteration=1, iterations=3, strategies=("cot", "l2m", "pot"), solved=solved or {})
    return mixed(SelfOnly(PoolOptions(**options)), [], student, history, seed)


def rows(*pairs: str) -> list[Candidate]:
    """One student's row for each ``problem strategy``; more for a pair are further samples."""
    counts: Counter[str] = Counter()
    made = []
    for number, pair in enumerate(pairs):
        problem, strategy = pair.split()
        made.append(candidate(number, problem, strategy, "student", sample=counts[pair]))
        counts[pair] += 1
    return made


def test_first_and_shortest() -> None:
    student = [
        candidate(0, "a", "cot", "student", sample=0, length=30),
        candidate(1, "a", "cot", "student", sample=1, length=20),
        candidate(2, "a", "cot", "student", sample=2, length=20),
    ]
    assert mix(student).numbers == [0]
    shortest = mix(student, keep="shortest")
    assert shortest.numbers == [1]
    assert shortest.left == {0: "keep shortest", 2: "keep shortest"}


def test_diverse_takes_the_least_alike_next() -> None:
    texts = [
        "Tom has 3 apples and buys 4 more apples, so he has 7 apples in all.",
        "Tom has 3 apples and buys 4 more apples, so he has 7 apples in total.",
        "We are to add what was bought to what was there: 3 + 4 = 7.",
    ]
    student = [
        candidate(n, "a", "cot", "student", sample=n, sketch=sketch(text)) for n, text in enumerate(texts)
    ]
    assert mix(student, keep="diverse", most=2).numbers == [0, 2]
    assert mix(student, keep="diverse", most=2).left == {1: "keep diverse"}
    assert mix(student, keep="diverse", most=9).numbers == [0, 1, 2]


def test_sketches_tell_like_from_unlike() -> None:
    one = "Each of the 5 boxes holds 12 eggs, so there are 5 * 12 = 60 eggs altogether in the shop."
    assert resemblance(sketch(one), sketch(one.upper())) == 1
    assert resemblance(sketch(one), sketch(one + " Final Answer: 60")) > 0.5
    assert resemblance(sketch(one), sketch("def solution(): return 60")) < 0.2
    assert resemblance(sketch(""), sketch("\ud83d")) < 1


def test_flagged_and_equal_texts() -> None:
    student = [
        candidate(0, "a", "cot", "student", sample=0, text="x", flagged=True),
        candidate(1, "a", "cot", "student", sample=1, text="y"),
        candidate(2, "a", "cot", "student", sample=2, text="y"),
        candidate(3, "a", "pot", "student", text="y"),
    ]
    assert mix(student).numbers == [0, 3]
    found = mix(student, flagged="drop", keep="all")
    assert found.numbers == [1, 3]
    assert found.left == {0: "flagged", 2: "duplicate"}


def test_the_rationales_of_a_pair_share_the_weight_of_one() -> None:
    student = rows("a cot", "a cot", "a pot", "a pot", "a pot", "b cot", "b cot", "b cot", "b cot")
    found = mix(student, keep="all")
    assert found.numbers == list(range(9))
    assert [choice.weight for choice in found.choices] == [1 / 2] * 2 + [1 / 3] * 3 + [1 / 4] * 4
    assert (found.weight("cot"), found.weight("pot")) == (2, 1)


def test_a_cap_draws_strategies_at_random() -> None:
    student = rows("a cot", "a l2m", "a pot", "b cot")
    drawn = {tuple(mix(student, cap=1, seed=s).numbers) for s in range(40)}
    assert drawn == {(0, 3), (1, 3), (2, 3)}
    assert set(mix(student, cap=1).left.values()) == {"cap"}


def test_a_cap_bounds_rows_of_a_problem_not_only_pairs() -> None:
    """Of five cot and two pot: the first, the second, and one of three third ones that are cot."""
    student = rows(*["a cot"] * 5, *["a pot"] * 2)
    found = mix(student, keep="all", cap=5)
    assert found.numbers == [0, 1, 2, 5, 6]
    assert found.left == {3: "cap", 4: "cap"}
    assert found.weight("cot") == pytest.approx(1)
    assert len(mix(student, keep="all", cap=1).numbers) == 1


RATES = {
    ("a", "cot"): (4, 10),
    ("a", "l2m"): (3, 10),
    ("a", "pot"): (2, 10),
    ("b", "cot"): (0, 10),
    ("b", "pot"): (0, 10),
}


def fit(choose: Any, seed: int = 0, **options: Any) -> set[tuple[str, str]]:
    history = History(iteration=1, iterations=3, strategies=("cot", "l2m", "pot"), solved=RATES)
    pairs = [*RATES, ("b", "l2m"), ("c", "cot")]
    return fitting_pairs(pairs, history, PoolOptions(choose=choose, **options), random.Random(seed))


def test_choose_best_by_hand() -> None:
    """Of a, 3/10 is within a tenth of 4/10 and 2/10 is not; of b nothing was solved, so all is in."""
    unsolved = {("b", "cot"), ("b", "pot"), ("b", "l2m"), ("c", "cot")}
    assert fit("best") == {("a", "cot"), ("a", "l2m")} | unsolved
    assert fit("best", margin=0.0) == {("a", "cot")} | unsolved
    assert fit("every") == {*RATES, ("b", "l2m"), ("c", "cot")}


def test_choose_proportional_by_hand() -> None:
    """(3 + 1/2) / (4 + 1/2) is 7/9 and (2 + 1/2) / (4 + 1/2) is 5/9; 4,000 drawings are near that."""
    drawn = Counter(pair for seed in range(4000) for pair in fit("proportional", seed))
    assert drawn["a", "cot"] == 4000
    for strategy, chance in (("l2m", Fraction(7, 9)), ("pot", Fraction(5, 9))):
        expected = 4000 * chance
        assert abs(drawn["a", strategy] - expected) < 5 * (expected * (1 - chance)) ** 0.5


def test_choose_looks_at_counts_before_equal_texts_are_merged() -> None:
    """pot is right twice with one text, cot once in four: only pot is within a tenth of the best."""
    student = [
        candidate(0, "a", "cot", "student"),
        candidate(1, "a", "pot", "student", sample=0, text="same"),
        candidate(2, "a", "pot", "student", sample=1, text="same"),
    ]
    found = mix(student, choose="best", solved={("a", "cot"): (1, 4), ("a", "pot"): (2, 4)})
    assert found.numbers == [1]
    assert found.left == {0: "choose best", 2: "duplicate"}


def test_tokens_cut_a_mixture_and_keep_its_shares() -> None:
    """30 teacher and 10 student rows of 10 tokens each; 200 tokens are 15 and 5."""
    teacher = [candidate(n, f"p{n}", "cot", "teacher") for n in range(30)]
    student = [candidate(100 + n, f"p{n}", "cot", "student") for n in range(10)]
    known = History(iteration=1, iterations=3, strategies=("cot",))
    found = mixed(All(PoolOptions(tokens=200)), teacher, student, known)
    assert (found.count(source="teacher"), found.count(source="student")) == (15, 5)
    assert found.aims == {"tokens": Target("tokens", 200)}
    assert Counter(found.left.values()) == {"tokens": 20}


def test_tokens_are_filled_with_further_rationales() -> None:
    student = rows(*(f"p{n} cot" for n in range(10) for _ in range(4)))
    found = mix(student, keep="all", tokens=255)
    assert len(found.numbers) == 25
    assert found.aims["tokens"].why == ""
    assert set(Counter(choice.weight for choice in found.choices)) <= {1 / 2, 1 / 3}
    few = mix(student, tokens=255)
    assert len(few.numbers) == 10
    assert few.aims["tokens"].why == "there are no more rows"


def test_tokens_leave_at_least_one_row() -> None:
    assert len(mix(rows("a cot", "b pot"), tokens=1).numbers) == 1


def test_iteration_0_knows_no_pass_rates() -> None:
    teacher = [candidate(0, "a", "cot", "teacher"), candidate(1, "a", "pot", "teacher")]
    known = History(iteration=0, iterations=3, strategies=("cot", "pot"))
    assert mixed(SelfOnly(PoolOptions(choose="best", margin=0)), teacher, [], known).numbers == [0, 1]


def test_every_row_has_the_reason_of_its_group() -> None:
    teacher = [candidate(n, "a", "cot", "teacher", sample=n) for n in range(2)]
    student = [candidate(10 + n, "b", "cot", "student", sample=n) for n in range(2)]
    known = History(iteration=1, iterations=3, strategies=("cot",))
    found = mixed(SelfOnly(PoolOptions(floor=0.5, keep="all")), teacher, student, known)
    assert [(choice.candidate.rationale, choice.reason) for choice in found.choices] == [
        (0, "teacher: floor"),
        (1, "teacher: floor"),
        (10, "student: correct"),
        (11, "student: correct"),
    ]


def test_preferred_takes_the_first_strategy_in_the_order_of_the_run_and_no_rates() -> None:
    history = History(iteration=0, iterations=1, strategies=("pot", "cot", "l2m"))
    pairs = {("p1", "cot"), ("p1", "pot"), ("p2", "l2m"), ("p2", "cot"), ("p3", "l2m")}
    fit = fitting_pairs(pairs, history, PoolOptions(choose="preferred"), random.Random(0))
    assert fit == {("p1", "pot"), ("p2", "cot"), ("p3", "l2m")}
