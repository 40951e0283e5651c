"""The bundled questions: four families, generated from a seed.

``where`` and ``yes-no`` take two steps (what a thing is, where such things are found), ``odd`` asks which of
four things is of another kind, ``pairs`` for what belongs to a subject as something else belongs to another.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from siked.records import SplitName
from siked_choice.everyday.world import KINDS, PARTS, PLACES, RELATIONS, SUBJECTS, THINGS, with_article
from siked_choice.form import question_of

FAMILIES = ("where", "yes-no", "odd", "pairs")
SIZES: dict[SplitName, int] = {"train": 400, "dev": 200, "test": 400}
LETTERS = "ABCD"

_STEMS = {
    "where": ("Where does one find {0}?", "In which place would you look for {0}?"),
    "yes-no": ("Does one find {0} in the {1}?", "Would you look for {0} in the {1}?"),
    "odd": ("Which of these does not belong with the others?", "Which of these is unlike the rest?"),
    "pairs": ("As {1} is to {0}, so what is to {2}?", "What goes with {2} as {1} goes with {0}?"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question with its structure, of which a student sees ``text`` alone."""

    id: str
    family: str
    stem: str
    choices: tuple[str, ...]
    """In the order of the letters; none where the answer is yes or no."""
    right: str
    """The right choice, or ``yes`` or ``no``."""
    about: tuple[str, ...]
    """``where``: the thing; ``yes-no``: the thing, the place; ``odd``: the odd thing; ``pairs``: the subject
    and what belongs to it, the subject asked about, the relation."""

    @property
    def gold(self) -> str:
        """The letter of the right choice, or ``yes`` or ``no``."""
        return LETTERS[self.choices.index(self.right)] if self.choices else self.right

    @property
    def text(self) -> str:
        """The stem and the lettered choices."""
        return question_of(self.stem, dict(zip(LETTERS, self.choices, strict=False)))


def make_question(identity: str, family: str, split: SplitName, rng: random.Random) -> Question:
    """Return a question of ``family`` about the things of a split, a pure function of ``rng``."""
    part = PARTS[split]
    about, choices, right = {"where": _where, "yes-no": _yes_no, "odd": _odd, "pairs": _pairs}[family](
        part, rng
    )
    rng.shuffle(choices)
    shown = [with_article(about[0]), *about[1:]] if family in ("where", "yes-no") else about
    stem = rng.choice(_STEMS[family]).format(*shown)
    return Question(
        id=identity,
        family=family,
        stem=stem[0].upper() + stem[1:],
        choices=tuple(choices),
        right=right,
        about=about,
    )


Made = tuple[tuple[str, ...], list[str], str]


def _thing(part: slice, rng: random.Random) -> str:
    return rng.choice([thing for things in THINGS.values() for thing in things[part]])


def _where(part: slice, rng: random.Random) -> Made:
    thing = _thing(part, rng)
    place = PLACES[KINDS[thing]]
    others = rng.sample([other for other in PLACES.values() if other != place], 3)
    return (thing,), [place, *others], place


def _yes_no(part: slice, rng: random.Random) -> Made:
    thing = _thing(part, rng)
    place = PLACES[KINDS[thing]]
    right = rng.choice(("yes", "no"))
    if right == "no":
        place = rng.choice([other for other in PLACES.values() if other != place])
    return (thing, place), [], right


def _odd(part: slice, rng: random.Random) -> Made:
    many, one = rng.sample(sorted(THINGS), 2)
    odd = rng.choice(THINGS[one][part])
    return (odd,), [odd, *rng.sample(THINGS[many][part], 3)], odd


def _pairs(part: slice, rng: random.Random) -> Made:
    domain = rng.choice(sorted(SUBJECTS))
    names = sorted(SUBJECTS[domain], key=list(SUBJECTS[domain]).index)[part]
    shown, asked, third = rng.sample(names, 3)
    which = rng.randrange(3)
    own = SUBJECTS[domain][asked]
    choices = [*own, SUBJECTS[domain][third][which]]
    return (shown, SUBJECTS[domain][shown][which], asked, RELATIONS[domain][which]), choices, own[which]


@lru_cache(maxsize=3)
def questions(split: SplitName) -> tuple[Question, ...]:
    """Return the questions of a split, families in turn; no question stands in two splits or twice."""
    return tuple(_generate(split))


def _generate(split: SplitName) -> Iterator[Question]:
    rng = random.Random(f"everyday {split}")
    taken: set[tuple[str, frozenset[str]]] = set()
    number = 0
    while number < SIZES[split]:
        family = FAMILIES[number % len(FAMILIES)]
        made = make_question(f"everyday-{split}-{number:03d}", family, split, rng)
        key = (made.stem, frozenset(made.choices))
        polar = ("yes", "no")[number // len(FAMILIES) % 2]
        if key not in taken and (made.choices or made.right == polar):
            taken.add(key)
            number += 1
            yield made


@lru_cache(maxsize=1)
def by_text() -> dict[str, Question]:
    """Every bundled question by its text: how the bundled teacher finds what it is asked."""
    splits: tuple[SplitName, ...] = ("train", "dev", "test")
    return {question.text: question for split in splits for question in questions(split)}
