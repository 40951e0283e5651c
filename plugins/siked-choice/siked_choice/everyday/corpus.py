"""What the bundled student reads before any run: no tagged text, and no solution of a question.

What it is told of the world it is told in one form each: what a thing is, as a sentence and as an entry of a
list; where a kind of thing is found, as a sentence; what belongs to a subject, as an entry behind the pair.
The rest are skills without content: to say what a question names, to list choices with their letters, to
count what is alike, to say whether two words are the same. Questions here have choices that were drawn at
random.

A text is a row of pieces, each with whether it is to be learnt; what cannot be foreseen is only read.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from siked.records import SplitName
from siked_choice.everyday.problems import FAMILIES, LETTERS, make_question
from siked_choice.everyday.rationales import capital
from siked_choice.everyday.world import KINDS, PLACES, RELATIONS, SUBJECTS, THINGS, with_article
from siked_choice.form import question_of

Text = list[tuple[str, bool]]
SPLITS: tuple[SplitName, ...] = ("train", "dev", "test")
BELONGINGS = tuple(
    (relation, subject, value)
    for domain, subjects in SUBJECTS.items()
    for subject, values in subjects.items()
    for relation, value in zip(RELATIONS[domain], values, strict=True)
)
WORDS = tuple(sorted({*KINDS, *PLACES.values(), *(value for _, _, value in BELONGINGS)}))


def what_things_are(rng: random.Random) -> Text:
    """Some things and their kinds, as sentences or as a list."""
    things = rng.sample(sorted(KINDS), 7)
    kinds = [f" {with_article(KINDS[thing])}." for thing in things]
    if rng.random() < 0.5:
        return _told([f"{capital(with_article(thing))} is" for thing in things], kinds)
    return _told([f"{thing}:" for thing in things], kinds)


def where_kinds_are(rng: random.Random) -> Text:
    """Where some kinds of things are found."""
    kinds = rng.sample(sorted(PLACES), 5)
    asked = [f"{capital(with_article(kind))} is found in the" for kind in kinds]
    return _told(asked, [f" {PLACES[kind]}." for kind in kinds])


def what_belongs(rng: random.Random) -> Text:
    """What belongs to some subjects."""
    chosen = rng.sample(BELONGINGS, 5)
    return _told([f"{capital(r)} of {s}:" for r, s, _ in chosen], [f" {value}." for _, _, value in chosen])


def how_they_belong(rng: random.Random) -> Text:
    """Pairs, and how they belong together."""
    relation, subject, value = rng.choice(BELONGINGS)
    pair = (subject, value) if rng.random() < 0.5 else (value, subject)
    return [(f"Pair: {pair[0]}, {pair[1]}.\n", False), (f"{capital(relation)} of {subject}: {value}.", True)]


def what_is_alike(rng: random.Random) -> Text:
    """Things of a kind, side by side."""
    pairs = [rng.sample(THINGS[rng.choice(sorted(THINGS))], 2) for _ in range(4)]
    asked = [f"{capital(with_article(one))} is like" for one, _ in pairs]
    return _told(asked, [f" {with_article(other)}." for _, other in pairs])


def in_order(rng: random.Random) -> Text:
    """A question with choices at random, then the words that it is about, and its choices as they come."""
    made = make_question("", rng.choice(FAMILIES), rng.choice(SPLITS), rng)
    choices = rng.sample(WORDS, len(made.choices))
    about = () if made.family == "odd" else made.about[:3] if made.family == "pairs" else made.about
    named = f" {', '.join([*about, *choices])}."
    return [(f"Question: {_listed(made.stem, choices)}\nNamed:", False), (named, True)]


def listing(rng: random.Random) -> Text:
    """A question with choices at random, then the choices with their letters, in order."""
    choices = rng.sample(WORDS, 4)
    made = make_question("", rng.choice(("where", "odd", "pairs")), rng.choice(SPLITS), rng)
    again = " ".join(f"{word} ({letter})." for letter, word in zip(LETTERS, choices, strict=True))
    return [(f"Question: {_listed(made.stem, choices)}\n", False), (again, True)]


def count(rng: random.Random) -> Text:
    """Four words, letters behind, of which three are the same, then which is which."""
    many, one = rng.sample(sorted(PLACES), 2)
    words = [many, many, many, one]
    rng.shuffle(words)
    listed = " ".join(
        f"{rng.choice(WORDS)}: {with_article(word)} ({letter})."
        for letter, word in zip(LETTERS, words, strict=True)
    )
    odd = LETTERS[words.index(one)]
    return [(listed, False), (f" Three: {many}. One: {one} ({odd}).\nNamed: ({odd})", True)]


def judged(rng: random.Random) -> Text:
    """Pairs of words, and whether they are the same."""
    asked, said = [], []
    for _ in range(4):
        one, other, word = _alike_or_not(rng)
        asked.append(f"{one}, {other}:")
        said.append(f" {word}.")
    return _told(asked, said)


def judged_of_a_question(rng: random.Random) -> Text:
    """A question with a place at random, places behind it, and whether they are the same."""
    made = make_question("", "yes-no", rng.choice(SPLITS), rng)
    place, *others = rng.sample(sorted(PLACES.values()), 4)
    found = [rng.choice((place, other)) for other in others]
    told = _told(
        [f"It is the {one}.\nSame:" for one in found],
        [f" {'yes' if one == place else 'no'}\n" for one in found],
    )
    return [(f"Question: {made.text.replace(made.about[1], place)}\n", False), *told]


def _alike_or_not(rng: random.Random) -> tuple[str, str, str]:
    one, other = rng.sample(sorted(PLACES.values()), 2)
    return (one, one, "yes") if rng.random() < 0.5 else (one, other, "no")


def echo(rng: random.Random) -> Text:
    """A list of any words, twice."""
    line = f"List: {', '.join(rng.sample(WORDS, rng.randint(4, 9)))}."
    return [(f"{line}\n", False), (line, True)]


def _told(asked: list[str], said: list[str]) -> Text:
    """What is asked, only read, each with what is said to it."""
    pairs = list(zip(asked, said, strict=True))
    first = [(pairs[0][0], False), (pairs[0][1], True)]
    return [*first, *(piece for one, two in pairs[1:] for piece in ((f" {one}", False), (two, True)))]


def _listed(stem: str, words: list[str]) -> str:
    return question_of(stem, dict(zip(LETTERS, words, strict=False)))


Make = Callable[[random.Random], Text]
FIRST: tuple[tuple[Make, float], ...] = (
    (what_things_are, 0.25),
    (what_belongs, 0.12),
    (how_they_belong, 0.08),
    (echo, 0.35),
    (in_order, 0.10),
    (listing, 0.10),
)
"""What is read first: each kind of text and its share. The rest builds on copying."""
KINDS_OF_TEXT: tuple[tuple[Make, float], ...] = (
    (what_things_are, 0.10),
    (where_kinds_are, 0.04),
    (what_belongs, 0.08),
    (how_they_belong, 0.12),
    (what_is_alike, 0.04),
    (in_order, 0.10),
    (listing, 0.07),
    (count, 0.14),
    (judged, 0.12),
    (judged_of_a_question, 0.15),
    (echo, 0.04),
)
"""What is read then."""


def text(rng: random.Random, kinds: tuple[tuple[Make, float], ...] = KINDS_OF_TEXT) -> Text:
    """Return one text of the corpus."""
    makers, shares = zip(*kinds, strict=True)
    make: Make = rng.choices(makers, shares)[0]
    return make(rng)
