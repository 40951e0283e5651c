"""The bundled word problems: fixed, disjoint, and no single word tells a family."""

from __future__ import annotations

import re
from collections import Counter, defaultdict

import pytest

from siked.builtin.tiny.datasets import Numbers, Phrasing, Steps, WordProblems
from siked.builtin.tiny.problems import FAMILIES, VARIETIES, by_question, stories
from siked.builtin.tiny.words import PRICES, THINGS, WEIGHTS
from siked.contracts import Dataset
from siked.records import DevProblem, TestProblem, TrainProblem

SETS = (WordProblems, Phrasing, Numbers, Steps)


def _load(cls: type[WordProblems], split: str) -> list:
    return list(cls(cls.Options()).load(split))


@pytest.mark.parametrize("cls", SETS)
def test_sets_keep_the_contract(cls: type[WordProblems]) -> None:
    assert isinstance(cls(cls.Options()), Dataset)
    problems = _load(cls, "test")
    assert len(problems) >= 1000
    assert all(type(p) is TestProblem and p.dataset == cls.name and p.gold for p in problems)
    assert len({p.id for p in problems}) == len({p.question for p in problems}) == len(problems)
    assert problems == _load(cls, "test")


def test_train_and_dev_are_typed_and_disjoint() -> None:
    train, dev, test = (_load(WordProblems, split) for split in ("train", "dev", "test"))
    assert {type(p) for p in train} == {TrainProblem}
    assert {type(p) for p in dev} == {DevProblem}
    questions = [p.question for p in (*train, *dev, *test)]
    assert len(set(questions)) == len(questions)
    assert set(WordProblems.tests) == {cls.name for cls in SETS} == set(VARIETIES)


def test_only_the_first_set_has_train_and_dev() -> None:
    assert [_load(cls, split) for cls in SETS[1:] for split in ("train", "dev")] == [[]] * 6


@pytest.mark.parametrize("cls", SETS)
def test_families_are_of_equal_size(cls: type[WordProblems]) -> None:
    counts = Counter(p.family for p in _load(cls, "test"))
    assert set(counts) == set(FAMILIES)
    assert len(set(counts.values())) == 1


def _share_of_largest_family(split: str, least: int) -> dict[str, float]:
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for problem in _load(WordProblems, split):
        for word in set(re.findall(r"[a-z]+|\d+", problem.question.lower())):
            seen[word][problem.family] += 1
    return {w: max(c.values()) / c.total() for w, c in seen.items() if c.total() >= least}


def test_no_single_word_gives_the_family_away() -> None:
    shares = _share_of_largest_family("train", least=30)
    assert len(shares) > 200
    told = {word: share for word, share in shares.items() if share > 0.7}
    assert not told


def test_the_gold_follows_from_the_text_and_the_tables() -> None:
    for story in stories("wordproblems", "test"):
        for part in story.parts:
            assert part.thing in story.question
            if story.stated:
                assert f" {part.value} " in story.question
                assert f"{part.count} {part.thing}s" in story.question
            else:
                table = PRICES if story.measure == "price" else WEIGHTS
                assert (part.count, part.value) == (1, table[part.thing])
        assert story.gold == sum(p.count * p.value for p in story.parts) + story.extra


def _masked(question: str) -> str:
    """The template: numbers, things and names out."""
    things = "|".join(sorted(THINGS, key=len, reverse=True))
    text = re.sub(r"\d+", "#", question)
    text = re.sub(rf"\b(?:{things})s?\b", "thing", text)
    return re.sub(r"\b(?:[A-Z][a-z]+) (?=buys|pays|packs|carries|also|takes|is|has)", "Name ", text)


def test_phrasing_uses_no_sentence_of_training() -> None:
    def sentences(problems: list) -> set[str]:
        return {s for p in problems for s in re.split(r"(?<=[.?]) ", _masked(p.question))}

    assert sentences(_load(Phrasing, "test")).isdisjoint(sentences(_load(WordProblems, "train")))


def test_numbers_lie_above_those_of_training() -> None:
    by_family: dict[str, int] = defaultdict(int)
    for story in stories("wordproblems", "train"):
        by_family[story.family] = max([by_family[story.family], story.extra, *_stated(story)])
    for story in stories("wordproblems-numbers", "test"):
        high = by_family[story.family]
        assert (story.extra == 0 or story.extra > high) or story.family == "small"
        assert all(value > high for value in _stated(story)) or story.family == "small"
        if story.family == "small":
            assert all(part.value > 12 for part in story.parts)


def _stated(story) -> list[int]:
    return [part.value for part in story.parts] if story.stated else []


def test_steps_are_longer_than_those_of_training() -> None:
    assert {len(s.parts) for s in stories("wordproblems", "train")} == {2}
    assert {len(s.parts) for s in stories("wordproblems-steps", "test")} == {3}


def test_prices_tell_nothing_of_weights() -> None:
    assert set(PRICES) == set(WEIGHTS) == set(THINGS)
    assert len(set(THINGS)) == len(THINGS) > 120
    same = sum(PRICES[thing] == WEIGHTS[thing] for thing in THINGS)
    assert same / len(THINGS) < 0.12


def test_every_problem_is_found_by_its_question() -> None:
    found = by_question()
    assert all(found[p.question].gold == int(p.gold) for cls in SETS for p in _load(cls, "test"))
