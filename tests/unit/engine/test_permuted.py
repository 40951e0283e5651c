"""The control ``permuted`` keeps rationales and takes from the tags what they say of their problems."""

from __future__ import annotations

import random
from collections import Counter

from siked.engine.permuted import permute
from siked.records import Candidate, Selected
from siked.testing.tables import candidate

# Problems 0-29 are solved with cot, 30-59 with pot: the tags say all about the kind of problem.
ROWS = [
    Selected(candidate(n, f"p{n:02}", "cot" if n < 30 else "pot", "student"), "student: correct", 1.0, weight)
    for n, weight in enumerate([3.0] * 20 + [None] * 40)
]
SPARE: dict[tuple[str, str], Candidate] = {
    (f"p{n:02}", strategy): candidate(1000 + 2 * n + (strategy == "pot"), f"p{n:02}", strategy, "student")
    for n in range(60)
    for strategy in ("cot", "pot")
}


def mass(rows: list[Selected], of: str = "") -> float:
    return sum(
        row.weight if row.tag_weight is None else row.tag_weight
        for row in rows
        if of in ("", row.candidate.strategy)
    )


def test_rationales_and_shares_of_tags_stay() -> None:
    made = permute(ROWS, SPARE, random.Random(0))
    taught = [row for row in made if row.weight]
    assert [(row.candidate, row.weight) for row in taught] == [(row.candidate, row.weight) for row in ROWS]
    for strategy in ("cot", "pot"):
        assert mass(made, strategy) == mass(ROWS, strategy)


def test_tags_say_nothing_of_the_kind_of_problem() -> None:
    shares = []
    for seed in range(40):
        made = permute(ROWS, SPARE, random.Random(seed))
        first = [row for row in made if row.candidate.problem_id < "p30"]
        shares.append(mass(first, "cot") / mass(first))
    mean = sum(shares) / len(shares)
    whole = mass(ROWS, "cot") / mass(ROWS)
    assert abs(mean - whole) < 0.05, "as among all problems, where the run's own tags have 1"


def test_no_tag_is_taught_twice_and_tags_without_a_text_are_left_out() -> None:
    made = permute(ROWS, SPARE, random.Random(1))
    pairs = Counter((row.candidate.problem_id, row.candidate.strategy) for row in made)
    assert set(pairs.values()) == {1}
    fewer = permute(ROWS, {}, random.Random(1))
    assert len(fewer) == len(ROWS)
    assert mass(fewer) < mass(ROWS)


def test_further_rationales_of_a_pair_teach_its_tag_once() -> None:
    rows = [
        Selected(candidate(1, "a", "cot", "student"), "student: correct", 0.5),
        Selected(candidate(2, "a", "cot", "student", sample=1), "student: correct", 0.5),
    ]
    made = permute(rows, {}, random.Random(0))
    assert [(row.weight, row.tag_weight) for row in made] == [(0.5, 1.0), (0.5, 0.0)]
