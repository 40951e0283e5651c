"""KL, tag entropy and intervals, worked out by hand."""

import math
from dataclasses import replace

import pytest

from siked.engine.seeds import derive, request_key
from siked.engine.stats import score, wilson
from siked.mixtures import describe, divergence, strategy_counts, tag_entropy
from siked.records import Candidate, History, Message, ModelInfo, Sampling, Selected, Target


def rows(*pairs: tuple[str, str], taught: int = 10, length: int = 1) -> list[Selected]:
    """Rows of (problem, strategy); the first ``taught`` are the teacher's and twice as long."""
    return [
        Selected(
            Candidate(
                rationale=i,
                problem_id=p,
                strategy=s,
                source="teacher" if i < taught else "student",
                sample=0,
                length=2 * length if i < taught else length,
                hash=str(i),
            ),
            "test",
        )
        for i, (p, s) in enumerate(pairs)
    ]


def test_counts_count_rows_of_every_strategy() -> None:
    mixture = rows(("a", "cot"), ("a", "pot"), ("b", "pot"), ("c", "pot"))
    assert strategy_counts(mixture, ["cot", "l2m", "pot"]) == {"cot": 1, "l2m": 0, "pot": 3}


def test_divergence_by_hand() -> None:
    # counts 3 and 1 of 4 against 1 and 3 of 4 dev problems: (3.5, 1.5)/5 against (1.5, 3.5)/5
    expected = 0.7 * math.log(0.7 / 0.3) + 0.3 * math.log(0.3 / 0.7)
    assert divergence({"cot": 3, "pot": 1}, {"cot": 0.25, "pot": 0.75}, 4) == pytest.approx(expected)


def test_divergence_is_nothing_for_equal_shares_and_finite_for_collapse() -> None:
    assert divergence({"cot": 1, "pot": 1}, {"cot": 0.5, "pot": 0.5}, 9) == pytest.approx(0)
    assert 0 < divergence({"cot": 1, "pot": 1}, {"cot": 1.0}, 100) < 5


def test_divergence_does_not_grow_with_the_rows_of_a_mixture() -> None:
    choice = {"cot": 0.99, "pot": 0.01}
    few, many = ({"cot": 30 * n, "pot": 30 * n} for n in (1, 1000))
    assert divergence(few, choice, 200) == pytest.approx(divergence(many, choice, 200))


def test_a_mixture_in_numbers_by_hand() -> None:
    """One row of the teacher with 20 tokens, three of the student with 10: 1/4 of rows, 2/5 of tokens."""
    mixture = rows(("a", "cot"), ("a", "pot"), ("b", "cot"), ("c", "cot"), taught=1, length=10)
    choice = {"cot": 0.25, "pot": 0.75}
    history = History(iteration=1, iterations=3, strategies=("cot", "pot"), choice=choice, dev=4)
    asked = [Target("alpha", 0.3), Target("tokens", 80, "no more"), Target("floor", 0.2), Target("kl", 0.1)]
    found = describe(
        mixture, asked, {"cap": 2, "flagged": 0}, history, track="main", iteration=1, schedule="fixed"
    )
    assert (found.rows, found.alpha, found.tokens, found.alpha_tokens) == (4, 0.25, 50, 0.4)
    assert found.shares == {"cot": 0.75, "pot": 0.25}
    assert found.sources == {"teacher": {"cot": 1, "pot": 0}, "student": {"cot": 2, "pot": 1}}
    assert found.entropy == pytest.approx(math.log(2) / 3)
    assert found.kl == pytest.approx(0.7 * math.log(0.7 / 0.3) + 0.3 * math.log(0.3 / 0.7))
    assert found.aims == ((asked[0], 0.25), (asked[1], 50.0), (asked[2], 0.25), (asked[3], found.kl))
    assert found.dropped == {"cap": 2}


def test_a_row_counts_its_weight_by_hand() -> None:
    """Two rows of (a, cot) at a half, the teacher's row of (a, pot) at 1: a half each, 20 of 30 tokens."""
    one, two, three = rows(("a", "pot"), ("a", "cot"), ("a", "cot"), taught=1, length=10)
    mixture = [one, replace(two, weight=0.5), replace(three, weight=0.5)]
    history = History(iteration=1, iterations=3, strategies=("cot", "pot"), choice={"cot": 0.5, "pot": 0.5})
    found = describe(mixture, [], {}, history, track="main", iteration=1, schedule="all")
    assert (found.rows, found.tokens) == (3, 40)
    assert (found.alpha, found.alpha_tokens) == (0.5, pytest.approx(2 / 3))
    assert found.shares == {"cot": 0.5, "pot": 0.5}
    assert found.sources == {"teacher": {"cot": 0, "pot": 1}, "student": {"cot": 2, "pot": 0}}
    assert found.kl == pytest.approx(0)
    assert found.entropy == pytest.approx(math.log(2))


def test_tag_entropy_by_hand() -> None:
    # problem a has two tags once each (log 2), problem b one tag (0): the mean is log(2) / 2
    assert tag_entropy(rows(("a", "cot"), ("a", "pot"), ("b", "pot"))) == pytest.approx(math.log(2) / 2)


def test_wilson_by_hand() -> None:
    # 5 of 10 at z = 2: centre (0.5 + 0.2) / 1.4 = 0.5, half width 2 sqrt(0.025 + 0.01) / 1.4
    low, high = wilson(5, 10, 2.0)
    assert (low + high) / 2 == pytest.approx(0.5)
    assert (high - low) / 2 == pytest.approx(2 * math.sqrt(0.035) / 1.4)
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(0, 10)[0] == 0.0
    assert score(1, 4).value == 0.25


def test_seeds_are_63_bits_and_differ_with_every_part() -> None:
    parts = [(0, "sample", 1, "p", "cot", k) for k in range(200)]
    seeds = {derive(*p) for p in parts}
    assert len(seeds) == 200
    assert all(0 <= s < 2**63 for s in seeds)
    assert derive("ab", "c") != derive("a", "bc")


def test_a_request_key_depends_on_what_decides_the_text_only() -> None:
    info = ModelInfo(fingerprint="f", template="t", device="cpu")
    ask = (Message("user", "q"),)
    hot = Sampling(temperature=0.7)
    base = request_key("b", info, ask, "[cot]", hot, 1)
    assert base == request_key(
        "b", ModelInfo(fingerprint="f", template="t", device="cuda"), ask, "[cot]", hot, 1
    )
    assert base != request_key("b", info, ask, "[pot]", hot, 1)
    assert base != request_key("b", info, ask, "[cot]", hot, 2)
    greedy = Sampling()
    assert request_key("b", info, ask, "", greedy, 1) == request_key("b", info, ask, "", greedy, 2)


def test_divergence_and_entropy_are_those_of_the_tags_by_hand() -> None:
    """Tags count 3 for (a, cot), 1 for (b, pot), nothing for c: 3/4 and 1/4, and each problem has one."""
    mixture = [
        replace(row, tag_weight=weight)
        for row, weight in zip(
            rows(("a", "cot"), ("a", "pot"), ("b", "pot"), ("c", "cot")), (3.0, 0.0, 1.0, 0.0), strict=True
        )
    ]
    choice = {"cot": 0.25, "pot": 0.75}
    history = History(iteration=1, iterations=3, strategies=("cot", "pot"), choice=choice, dev=4)
    found = describe(mixture, [], {}, history, track="main", iteration=1, schedule="routed")
    assert found.shares == {"cot": 0.5, "pot": 0.5}
    assert found.entropy == 0
    assert found.kl == pytest.approx(0.7 * math.log(0.7 / 0.3) + 0.3 * math.log(0.3 / 0.7))
