"""The bundled word problems: fixed, disjoint, and no single word tells a family."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable

import pytest

from siked.builtin.tiny.datasets import Names, Numbers, Phrasing, Steps, WordProblems
from siked.builtin.tiny.problems import FAMILIES, VARIETIES, Story, by_question, stories
from siked.builtin.tiny.world import MILES, NAMES, STRANGERS, THINGS, TOWN, WEIGHT
from siked.contracts import Dataset
from siked.records import DevProblem, TestProblem, TrainProblem

SETS = (WordProblems, Names, Numbers, Steps, Phrasing)


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
    assert [_load(cls, split) for cls in SETS[1:] for split in ("train", "dev")] == [[]] * 8


@pytest.mark.parametrize("cls", SETS)
def test_as_many_problems_suit_prose_as_steps_as_programs(cls: type[WordProblems]) -> None:
    counts = Counter(p.family for p in _load(cls, "test"))
    assert set(counts) == set(FAMILIES)
    assert counts.pop("small") == pytest.approx(1000 / 7, abs=1)
    stated = counts["trips-stated"] + counts["bags-stated"]
    for suited in (counts["trips-known"], counts["bags-known"], stated):
        assert suited == pytest.approx(2000 / 7, abs=1)


def _share_of_largest_family(split: str, least: int) -> dict[str, float]:
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for problem in _load(WordProblems, split):
        for word in set(re.findall(r"[a-z]+|\d+", problem.question.lower())):
            seen[word][problem.family] += 1
    return {w: max(c.values()) / c.total() for w, c in seen.items() if c.total() >= least}


def test_no_single_word_gives_the_family_away() -> None:
    shares = _share_of_largest_family("train", least=30)
    assert len(shares) > 200
    told = {word: share for word, share in shares.items() if share > 0.85}
    assert not told


@pytest.mark.parametrize("dataset", VARIETIES)
def test_the_gold_follows_from_the_text_and_the_tables(dataset: str) -> None:
    for story in stories(dataset, "test"):
        for part in story.parts:
            assert part.item in story.question
            if story.stated:
                assert f" {part.value} " in story.question
            else:
                known = WEIGHT[part.item] if story.kind == "bags" else MILES[TOWN[part.item]]
                assert (part.count, part.value) == (1, known)
            if part.count > 1:
                often = (
                    f"{part.count} {part.item}s"
                    if story.kind == "bags"
                    else f"{part.item} {part.count} times"
                )
                assert often in story.question
        assert not story.extra or f" {story.extra} " in story.question
        assert story.gold == sum(p.count * p.value for p in story.parts) + story.extra


def _masked(question: str) -> str:
    """The template: numbers, things and names out."""
    things = "|".join(sorted(THINGS, key=len, reverse=True))
    text = re.sub(r"\d+", "#", question)
    text = re.sub(rf"\b(?:{things})s?\b", "thing", text)
    return re.sub(rf"\b(?:{'|'.join(NAMES)})\b", "Name", text)


def test_phrasing_uses_no_sentence_of_training() -> None:
    def sentences(problems: list) -> set[str]:
        return {s for p in problems for s in re.split(r"(?<=[.?]) ", _masked(p.question))}

    assert sentences(_load(Phrasing, "test")).isdisjoint(sentences(_load(WordProblems, "train")))


def test_names_asks_about_people_and_things_that_training_never_names() -> None:
    named = {word for p in _load(WordProblems, "train") for word in re.findall(r"[A-Za-z]+", p.question)}
    named |= {word.removesuffix("s") for word in named}
    assert named.isdisjoint(STRANGERS)
    assert named.isdisjoint({part.item for s in stories("wordproblems-names", "test") for part in s.parts})


def _stated(story: Story) -> list[int]:
    return [part.value for part in story.parts] if story.stated else []


def test_numbers_lie_above_those_of_training() -> None:
    highest: dict[str, int] = defaultdict(int)
    for story in stories("wordproblems", "train"):
        highest[story.family] = max([highest[story.family], story.extra, *_stated(story)])
    for story in stories("wordproblems-numbers", "test"):
        stated = [*_stated(story), *([story.extra] if story.extra else [])]
        assert min(stated, default=100) > highest[story.family]


def test_steps_have_one_friend_or_thing_more_than_training() -> None:
    def most(stories_of: Iterable[Story]) -> dict[str, int]:
        found: dict[str, int] = defaultdict(int)
        for story in stories_of:
            found[story.family] = max(found[story.family], len(story.parts))
        return found

    usual = most(stories("wordproblems", "train"))
    assert most(stories("wordproblems-steps", "test")) == {family: n + 1 for family, n in usual.items()}


def test_every_way_is_two_facts_and_every_weight_is_one() -> None:
    assert set(TOWN) == set(NAMES)
    assert set(TOWN.values()) <= set(MILES)
    assert set(WEIGHT) == set(THINGS)
    assert len({*NAMES, *THINGS, *MILES}) == len(NAMES) + len(THINGS) + len(MILES)


def test_every_problem_is_found_by_its_question() -> None:
    found = by_question()
    assert all(found[p.question].gold == int(p.gold) for cls in SETS for p in _load(cls, "test"))
