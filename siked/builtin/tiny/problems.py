"""The bundled word problems: five families, four sets, generated from a seed.

A problem is about the money or the weight of some things. Either its text states what one thing
costs or weighs (families ``prices-stated``, ``weights-stated`` with large numbers and ``small``
with small ones), or it leaves that to general knowledge (``prices-known``, ``weights-known``).
All families share their sentences and distractors, so that no single word tells them apart.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from siked.builtin.tiny.words import NAMES, PRICES, THINGS, WEIGHTS
from siked.records import SplitName

FAMILIES = ("prices-known", "weights-known", "prices-stated", "weights-stated", "small")
SIZES: dict[SplitName, int] = {"train": 2000, "dev": 250, "test": 1000}

Measure = Literal["price", "weight"]


@dataclass(frozen=True, slots=True)
class Part:
    """``count`` things of which each costs or weighs ``value``."""

    thing: str
    count: int
    value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A problem with its structure; the gold is ``sum(count * value) + extra``."""

    id: str
    family: str
    measure: Measure
    stated: bool
    """The text says the values; otherwise one has to know them."""
    parts: tuple[Part, ...]
    extra: int
    """The bus fare or the weight of the bag; 0 where there is none."""
    name: str
    question: str

    @property
    def gold(self) -> int:
        """The right answer, in dollars or pounds."""
        return sum(part.count * part.value for part in self.parts) + self.extra


@dataclass(frozen=True, slots=True)
class Variety:
    """How a set differs from the training problems."""

    templates: Literal["usual", "other"] = "usual"
    things: int = 2
    beyond: bool = False
    """All stated numbers come from ranges above those of training."""


VARIETIES = {
    "wordproblems": Variety(),
    "wordproblems-phrasing": Variety(templates="other"),
    "wordproblems-numbers": Variety(beyond=True),
    "wordproblems-steps": Variety(things=3),
}

# (value of one, count, extra, number in a distractor), each a closed range.
_RANGES = {
    ("known", False): ((0, 0), (1, 1), (2, 12), (2, 50)),
    ("known", True): ((0, 0), (1, 1), (21, 60), (51, 99)),
    ("stated", False): ((10, 50), (10, 50), (2, 50), (2, 50)),
    ("stated", True): ((51, 99), (51, 99), (51, 99), (51, 99)),
    ("small", False): ((2, 12), (2, 12), (2, 20), (2, 50)),
    ("small", True): ((13, 20), (2, 12), (21, 60), (51, 99)),
}

# Of these shares of each family, something is to be added beside the things.
_EXTRA_SHARE = {
    "prices-known": 0.0,
    "weights-known": 1.0,
    "prices-stated": 0.5,
    "weights-stated": 0.5,
    "small": 0.75,
}

_STATE = {
    ("price", "usual"): ("{a} costs {v} dollars", "the price of {a} is {v} dollars"),
    ("weight", "usual"): ("{a} weighs {v} pounds", "the weight of {a} is {v} pounds"),
    ("price", "other"): ("one pays {v} dollars for {a}", "{a} is sold for {v} dollars"),
    ("weight", "other"): ("{a} has a weight of {v} pounds", "{a} comes to {v} pounds"),
}
_ACT = {
    ("price", "usual"): ("{name} buys {things}", "{name} pays for {things}"),
    ("weight", "usual"): ("{name} packs {things}", "{name} carries {things}"),
    ("price", "other"): ("{things} go to {name} at the shop", "At the shop {name} takes {things}"),
    ("weight", "other"): ("{things} go to the truck with {name}", "At the truck {name} takes {things}"),
}
_EXTRA = {
    ("price", "usual"): ("The bus costs {v} dollars more.", "{name} also pays {v} dollars for the bus."),
    ("weight", "usual"): ("The bag weighs {v} pounds more.", "{name} also carries a bag of {v} pounds."),
    ("price", "other"): ("On top of that come {v} dollars for the ride.",),
    ("weight", "other"): ("On top of that come {v} pounds for the box.",),
}
_ASK = {
    ("price", "usual"): ("How many dollars is that in all?", "How many dollars does {name} pay?"),
    ("weight", "usual"): ("How many pounds is that in all?", "How many pounds does {name} carry?"),
    ("price", "other"): ("Find the sum of dollars.", "What is the whole sum in dollars?"),
    ("weight", "other"): ("Find the sum of pounds.", "What is the whole sum in pounds?"),
}
_DISTRACT = {
    "usual": (
        "A {thing} costs {v} dollars.",
        "A {thing} weighs {v} pounds.",
        "The price of a {thing} is {v} dollars.",
        "The weight of a {thing} is {v} pounds.",
        "{name} is {v} years old.",
        "{name} has {v} {thing}s at home.",
    ),
    "other": (
        "One pays {v} dollars for a {thing}.",
        "A {thing} has a weight of {v} pounds.",
        "There are {v} {thing}s at the truck.",
        "There are {v} {thing}s at the shop.",
    ),
}


def _join(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + "."


def _parts(family: str, measure: Measure, variety: Variety, rng: random.Random) -> tuple[Part, ...]:
    kind = family.rpartition("-")[2]
    (low, high), (fewest, most), _, _ = _RANGES[kind, variety.beyond]
    table = PRICES if measure == "price" else WEIGHTS
    return tuple(
        Part(thing, rng.randint(fewest, most), table[thing] if kind == "known" else rng.randint(low, high))
        for thing in rng.sample(THINGS, variety.things)
    )


def _question(
    parts: tuple[Part, ...],
    extra: int,
    name: str,
    measure: Measure,
    stated: bool,
    distractor: int,
    style: str,
    rng: random.Random,
) -> str:
    key = (measure, style)
    sentences = []
    if stated:
        form = rng.choice(_STATE[key])
        sentences.append(_sentence(_join([form.format(a=f"a {p.thing}", v=p.value) for p in parts])))
    things = _join([f"{p.count} {p.thing}s" if stated else f"a {p.thing}" for p in parts])
    sentences.append(_sentence(rng.choice(_ACT[key]).format(name=name, things=things)))
    if extra:
        sentences.append(rng.choice(_EXTRA[key]).format(name=name, v=extra))
    ask = rng.choice(_ASK[key]).format(name=name)
    if distractor:
        free = [thing for thing in THINGS if thing not in {p.thing for p in parts}]
        text = rng.choice(_DISTRACT[style]).format(thing=rng.choice(free), name=name, v=distractor)
        sentences.insert(rng.randrange(len(sentences)), text)
    return " ".join([*sentences, ask])


def make_story(identity: str, family: str, variety: Variety, rng: random.Random) -> Story:
    """Return one problem of ``family``, a pure function of ``rng``."""
    kind = family.rpartition("-")[2]
    measure: Measure = (
        rng.choice(("price", "weight")) if kind == "small" else ("price" if family[0] == "p" else "weight")
    )
    _, _, (low, high), (fewest, most) = _RANGES[kind, variety.beyond]
    parts = _parts(family, measure, variety, rng)
    extra = rng.randint(low, high) if rng.random() < _EXTRA_SHARE[family] else 0
    # Every second distractor is small, so that a small number does not betray the family `small`.
    most = rng.choice((most, 9 if fewest < 9 else most))
    distractor = rng.randint(fewest, most) if rng.random() < 0.6 else 0
    name = rng.choice(NAMES)
    stated = kind != "known"
    question = _question(parts, extra, name, measure, stated, distractor, variety.templates, rng)
    return Story(
        id=identity, family=family, measure=measure, stated=stated, parts=parts, extra=extra, name=name,
        question=question,
    )  # fmt: skip


def stories(dataset: str, split: SplitName, count: int | None = None) -> Iterator[Story]:
    """Yield the problems of a split in their fixed order, families in turn.

    Only ``wordproblems`` has train and dev; no question stands in two splits of it.
    """
    if split != "test" and dataset != "wordproblems":
        return
    taken = {s.question for s in _all(dataset, "train")} if split != "train" else set()
    taken |= {s.question for s in _all(dataset, "dev")} if split == "test" else set()
    yield from _generate(dataset, split, SIZES[split] if count is None else count, taken)


@lru_cache(maxsize=8)
def _all(dataset: str, split: SplitName) -> tuple[Story, ...]:
    return tuple(stories(dataset, split))


def _generate(dataset: str, split: SplitName, count: int, taken: set[str]) -> Iterator[Story]:
    variety = VARIETIES[dataset]
    rng = random.Random(f"{dataset} {split}")
    number = 0
    while number < count:
        identity = f"{dataset}-{split}-{number:04d}"
        story = make_story(identity, FAMILIES[number % len(FAMILIES)], variety, rng)
        if story.question not in taken:
            taken.add(story.question)
            number += 1
            yield story


@lru_cache(maxsize=1)
def by_question() -> dict[str, Story]:
    """Every bundled problem by its question: how the bundled teacher finds what it is asked."""
    splits: tuple[SplitName, ...] = ("train", "dev", "test")
    return {story.question: story for name in VARIETIES for split in splits for story in _all(name, split)}
