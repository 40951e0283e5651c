"""The bundled word problems: five families, five sets, generated from a seed.

A problem is about the way to some friends or the weight of some things. Either its text states how
far one friend lives or what one thing weighs (``trips-stated`` and ``bags-stated`` with large
numbers, ``small`` with small ones), or it leaves that to general knowledge (``trips-known``,
``bags-known``). All families share their sentences and distractors, so that no single word tells
them apart.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from siked.builtin.tiny.sentences import Act, Kind, question
from siked.builtin.tiny.world import MILES, NAMES, STRANGERS, THINGS, TOWN, WEIGHT
from siked.records import SplitName

FAMILIES = ("trips-known", "bags-known", "trips-stated", "bags-stated", "small")
IN_TURN = (
    "trips-known", "bags-known", "trips-stated", "trips-known", "bags-known", "bags-stated", "small",
)  # fmt: skip
"""The families in a set, again and again: as many problems that suit prose as steps as programs."""
SIZES: dict[SplitName, int] = {"train": 2000, "dev": 200, "test": 1000}


@dataclass(frozen=True, slots=True)
class Part:
    """A friend who is visited, or a thing that is carried, ``count`` times; one time is worth ``value``."""

    item: str
    count: int
    value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A problem with its structure; the gold is ``sum(count * value) + extra``."""

    id: str
    family: str
    kind: Kind
    stated: bool
    """The text says the values; otherwise one has to know them."""
    parts: tuple[Part, ...]
    extra: int
    """Miles or pounds beside the parts; 0 where there are none."""
    name: str
    question: str

    @property
    def gold(self) -> int:
        """The right answer, in miles or pounds."""
        return sum(part.count * part.value for part in self.parts) + self.extra


@dataclass(frozen=True, slots=True)
class Variety:
    """How a set differs from the training problems."""

    sentences: Literal["usual", "other"] = "usual"
    more: int = 0
    """So many friends or things beyond those of training."""
    beyond: bool = False
    """All stated numbers come from ranges above those of training."""
    strangers: bool = False
    """Friends and things are those that training never names."""


VARIETIES = {
    "wordproblems": Variety(),
    "wordproblems-names": Variety(strangers=True),
    "wordproblems-numbers": Variety(beyond=True),
    "wordproblems-steps": Variety(more=1),
    "wordproblems-phrasing": Variety(sentences="other"),
}
FAMILIAR_NAMES = tuple(name for name in NAMES if name not in STRANGERS)
FAMILIAR_THINGS = tuple(thing for thing in THINGS if thing not in STRANGERS)


class _Draw:
    """Draws what a problem is made of; each method is a pure function of the random state."""

    def __init__(self, family: str, variety: Variety, rng: random.Random) -> None:
        self.rng = rng
        self.variety = variety
        self.family = family
        self.kind: Kind = rng.choice(("trips", "bags")) if family == "small" else _kind(family)
        self.name = rng.choice(FAMILIAR_NAMES)

    def items(self, count: int) -> list[str]:
        """Distinct friends or things, not the one who walks or carries."""
        every = NAMES if self.kind == "trips" else THINGS
        pool = [x for x in every if (x in STRANGERS) is self.variety.strangers and x != self.name]
        return self.rng.sample(pool, count + self.variety.more)

    def number(self, usual: tuple[int, int], beyond: tuple[int, int]) -> int:
        """A stated number from one of two closed ranges."""
        return self.rng.randint(*(beyond if self.variety.beyond else usual))

    def known(self, count: int) -> list[Part]:
        """Parts whose values are left to general knowledge."""
        return [
            Part(item, 1, MILES[TOWN[item]] if self.kind == "trips" else WEIGHT[item])
            for item in self.items(count)
        ]

    def structure(self) -> tuple[list[Part], int]:
        """The parts of the problem and what comes beside them."""
        rng = self.rng
        if self.family == "trips-known":
            return self.known(1), self.number((2, 12), (13, 20))
        if self.family == "bags-known":
            return self.known(3), self.number((2, 12), (13, 20)) if rng.random() < 0.5 else 0
        if self.family == "small":
            return self._small()
        large = ((11, 60), (61, 99))
        parts = [Part(item, self.number(*large), self.number(*large)) for item in self.items(2)]
        return parts, self.number((2, 60), (61, 99)) if rng.random() < 0.5 else 0

    def _small(self) -> tuple[list[Part], int]:
        form = self.rng.choice(("extra", "two", "times", "times"))
        if form == "times":
            return [
                Part(item, self.rng.randint(2, 9), self.number((2, 9), (13, 20))) for item in self.items(1)
            ], 0
        parts = [
            Part(item, 1, self.number((2, 12), (13, 20))) for item in self.items(2 if form == "two" else 1)
        ]
        return parts, self.number((2, 12), (13, 20)) if form == "extra" else 0

    def bystanders(self, parts: list[Part]) -> tuple[str, tuple[str, str, str]]:
        """A person and three things for a sentence that is beside the point."""
        busy = {self.name, *(part.item for part in parts)}
        other = self.rng.choice([name for name in FAMILIAR_NAMES if name not in busy])
        one, two, three = self.rng.sample([thing for thing in FAMILIAR_THINGS if thing not in busy], 3)
        return other, (one, two, three)


def _kind(family: str) -> Kind:
    return "trips" if family.startswith("trips") else "bags"


def make_story(identity: str, family: str, variety: Variety, rng: random.Random) -> Story:
    """Return one problem of ``family``, a pure function of ``rng``."""
    draw = _Draw(family, variety, rng)
    parts, extra = draw.structure()
    stated = not family.endswith("known")
    other, things = draw.bystanders(parts)
    act = Act(
        kind=draw.kind,
        name=draw.name,
        items=tuple((part.item, part.count, part.value if stated else None) for part in parts),
        extra=extra,
        other=other,
        things=things,
    )
    return Story(
        id=identity, family=family, kind=draw.kind, stated=stated, parts=tuple(parts), extra=extra,
        name=draw.name, question=question(act, variety.sentences, rng),
    )  # fmt: skip


def stories(dataset: str, split: SplitName, count: int | None = None) -> Iterator[Story]:
    """Yield the problems of a split in their fixed order, families as in :data:`IN_TURN`.

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
        story = make_story(identity, IN_TURN[number % len(IN_TURN)], variety, rng)
        if story.question not in taken:
            taken.add(story.question)
            number += 1
            yield story


@lru_cache(maxsize=1)
def by_question() -> dict[str, Story]:
    """Every bundled problem by its question: how the bundled teacher finds what it is asked."""
    splits: tuple[SplitName, ...] = ("train", "dev", "test")
    return {story.question: story for name in VARIETIES for split in splits for story in _all(name, split)}
