"""KL, tag entropy and intervals, worked out by hand."""

import math

import pytest

from siked.engine.mix import divergence, strategy_shares, tag_entropy
from siked.engine.seeds import derive, request_key
from siked.engine.stats import score, wilson
from siked.records import Candidate, Choice, Message, ModelInfo, Sampling


def rows(*pairs: tuple[str, str]) -> list[Choice]:
    return [
        Choice(
            Candidate(
                rationale=i, problem_id=p, strategy=s, source="teacher", sample=0, length=1, hash=str(i)
            ),
            "test",
        )
        for i, (p, s) in enumerate(pairs)
    ]


def test_shares_count_rows() -> None:
    mixture = rows(("a", "cot"), ("a", "pot"), ("b", "pot"), ("c", "pot"))
    assert strategy_shares(mixture, ["cot", "l2m", "pot"]) == {"cot": 0.25, "l2m": 0.0, "pot": 0.75}


def test_divergence_by_hand() -> None:
    # counts 3 and 1 against shares 1/4 and 3/4 of 4 rows: (3.5, 1.5)/5 against (1.5, 3.5)/5
    mixture = rows(("a", "cot"), ("b", "cot"), ("c", "cot"), ("d", "pot"))
    expected = 0.7 * math.log(0.7 / 0.3) + 0.3 * math.log(0.3 / 0.7)
    assert divergence(mixture, {"cot": 0.25, "pot": 0.75}, ["cot", "pot"]) == pytest.approx(expected)


def test_divergence_is_nothing_for_equal_shares_and_finite_for_collapse() -> None:
    mixture = rows(("a", "cot"), ("b", "pot"))
    assert divergence(mixture, {"cot": 0.5, "pot": 0.5}, ["cot", "pot"]) == pytest.approx(0)
    assert 0 < divergence(mixture, {"cot": 1.0}, ["cot", "pot"]) < 5


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
