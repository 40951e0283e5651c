"""What the bundled student reads before any run: no tagged text, and no solution of a question.

What it is told of the world it is told in one form each: what a thing is, as a sentence and as an entry of a
list; where a kind of thing is found, as a sentence; what belongs to a subject, as an entry behind the pair.
The rest are skills without content: to find the letter of a choice, to say what a question names, to count
what is alike, to say whether two words are the same. Questions here have choices that were drawn at random.

Each text is a pair: what is only read, and what the student learns to write after it.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from siked.records import SplitName
from siked_choice.everyday.problems import FAMILIES, LETTERS, make_question
from siked_choice.everyday.rationales import statements
from siked_choice.everyday.world import KINDS, PLACES, RELATIONS, SUBJECTS, THINGS, with_article
from siked_choice.form import question_of

Text = tuple[str, str]
SPLITS: tuple[SplitName, ...] = ("train", "dev", "test")
STATEMENTS = statements()
BELONGINGS = tuple(
    (relation, subject, value)
    for domain, subjects in SUBJECTS.items()
    for subject, values in subjects.items()
    for relation, value in zip(RELATIONS[domain], values, strict=True)
)
WORDS = tuple(sorted({*KINDS, *PLACES.values(), *(value for _, _, value in BELONGINGS)}))


def what_things_are(rng: random.Random) -> Text:
    """Some things and their kinds, as sentences or as a list."""
    if rng.random() < 0.5:
        return "", " ".join(rng.sample(STATEMENTS["is"], 6))
    things = rng.sample(sorted(KINDS), 8)
    return "", " ".join(f"{thing}: {with_article(KINDS[thing])}." for thing in things)


def where_kinds_are(rng: random.Random) -> Text:
    """Where some kinds of things are found."""
    return "", " ".join(rng.sample(STATEMENTS["found"], 5))


def what_belongs(rng: random.Random) -> Text:
    """Pairs, and how they belong together."""
    read, written = "", ""
    for relation, subject, value in rng.sample(BELONGINGS, 1):
        pair = (subject, value) if rng.random() < 0.5 else (value, subject)
        read = f"Pair: {pair[0]}, {pair[1]}.\n"
        written = f"{relation[0].upper()}{relation[1:]} of {subject}: {value}."
    if rng.random() < 0.6:
        entries = rng.sample(BELONGINGS, 4)
        return "", " ".join(f"{r[0].upper()}{r[1:]} of {s}: {v}." for r, s, v in entries)
    return read, written


def what_is_alike(rng: random.Random) -> Text:
    """Things of a kind, side by side."""
    sentences = []
    for _ in range(4):
        one, other = rng.sample(THINGS[rng.choice(sorted(THINGS))], 2)
        sentences.append(f"{with_article(one)} is like {with_article(other)}.")
    return "", " ".join(sentence[0].upper() + sentence[1:] for sentence in sentences)


def index(rng: random.Random) -> Text:
    """Lettered words, then some of them with their letters."""
    words = rng.sample(WORDS, 4)
    lettered = dict(zip(LETTERS, words, strict=True))
    asked = rng.sample(LETTERS, 3)
    return question_of("List:", lettered) + "\n", " ".join(f"{lettered[at]}: ({at})." for at in asked)


def notes(rng: random.Random) -> Text:
    """A question with choices at random, then the words that it is about, and its choices."""
    made = make_question("", rng.choice(FAMILIES), rng.choice(SPLITS), rng)
    choices = rng.sample(WORDS, len(made.choices))
    about = made.about[:3] if made.family == "pairs" else made.about
    named = [*(about if made.family != "odd" else ()), *rng.sample(choices, len(choices))]
    question = question_of(made.stem, dict(zip(LETTERS, choices, strict=False)))
    return f"Question: {question}\n", f"Named: {', '.join(named)}."


def listing(rng: random.Random) -> Text:
    """A question with choices at random, then the choices with their letters, in order."""
    choices = rng.sample(WORDS, 4)
    lettered = dict(zip(LETTERS, choices, strict=True))
    made = make_question("", rng.choice(("where", "odd", "pairs")), rng.choice(SPLITS), rng)
    question = question_of(made.stem, lettered)
    return f"Question: {question}\n", " ".join(f"({letter}) {word}." for letter, word in lettered.items())


def count(rng: random.Random) -> Text:
    """Four words with letters of which three are the same, then which is which."""
    many, one = rng.sample(sorted(PLACES), 2)
    words = [many, many, many, one]
    rng.shuffle(words)
    listed = " ".join(
        f"({letter}) {rng.choice(WORDS)}: {with_article(word)}."
        for letter, word in zip(LETTERS, words, strict=True)
    )
    return listed, f" Three: {many}. One: {one}.\nOdd: ({LETTERS[words.index(one)]})"


def same(rng: random.Random) -> Text:
    """Two words, and whether they are the same."""
    lines = []
    for _ in range(4):
        one, other = rng.sample(sorted(PLACES.values()), 2)
        alike = rng.random() < 0.5
        lines.append((one, one if alike else other, "yes" if alike else "no"))
    *before, last = lines
    read = " ".join(f"{a}, {b}: {word}." for a, b, word in before)
    return f"{read} {last[0]}, {last[1]}:", f" {last[2]}."


def judged(rng: random.Random) -> Text:
    """Two words, and whether they are the same."""
    one, other = rng.sample(sorted(PLACES.values()), 2)
    alike = rng.random() < 0.5
    return f"{one}, {one if alike else other}:", f" {'yes' if alike else 'no'}."


def letter(rng: random.Random) -> Text:
    """Lettered words, one of them said again, then its letter."""
    words = rng.sample(WORDS, 4)
    lettered = dict(zip(LETTERS, words, strict=True))
    at = rng.choice(LETTERS)
    lead = rng.choice(("Three:", "Pair:", "Odd:", "List:"))
    return f"{question_of('List:', lettered)}\n{lead} {lettered[at]}.\n", f"Named: ({at})"


def in_order(rng: random.Random) -> Text:
    """A question with choices at random, then the words that it is about, and its choices as they come."""
    made = make_question("", rng.choice(FAMILIES), rng.choice(SPLITS), rng)
    choices = rng.sample(WORDS, len(made.choices))
    about = () if made.family == "odd" else made.about[:3] if made.family == "pairs" else made.about
    question = question_of(made.stem, dict(zip(LETTERS, choices, strict=False)))
    return f"Question: {question}\n", f"Named: {', '.join([*about, *choices])}."


def echo(rng: random.Random) -> Text:
    """A list of any words, twice."""
    line = f"List: {', '.join(rng.sample(WORDS, rng.randint(4, 9)))}."
    return f"{line}\n", line


Make = Callable[[random.Random], Text]
FACTS: tuple[tuple[Make, float], ...] = (
    (what_things_are, 0.20),
    (where_kinds_are, 0.06),
    (what_belongs, 0.20),
    (what_is_alike, 0.06),
    (index, 0.12),
    (notes, 0.14),
    (listing, 0.08),
    (count, 0.08),
    (same, 0.06),
)
"""Each kind of text and its share, while the world is learnt."""
SKILLS: tuple[tuple[Make, float], ...] = (
    (what_things_are, 0.06),
    (where_kinds_are, 0.02),
    (what_belongs, 0.12),
    (what_is_alike, 0.03),
    (index, 0.18),
    (notes, 0.18),
    (listing, 0.06),
    (count, 0.10),
    (same, 0.05),
    (echo, 0.20),
)
"""The same once it is known, and skills are to be learnt."""


LETTERED: tuple[tuple[Make, float], ...] = (
    (what_things_are, 0.05),
    (where_kinds_are, 0.03),
    (what_belongs, 0.06),
    (what_is_alike, 0.02),
    (index, 0.28),
    (letter, 0.22),
    (notes, 0.06),
    (listing, 0.04),
    (count, 0.04),
    (judged, 0.20),
)
"""The same at the end, when letters are to be found and words compared."""
ALL: tuple[tuple[Make, float], ...] = (
    (what_things_are, 0.10),
    (where_kinds_are, 0.03),
    (what_belongs, 0.14),
    (what_is_alike, 0.03),
    (index, 0.12),
    (letter, 0.16),
    (in_order, 0.16),
    (listing, 0.06),
    (count, 0.08),
    (judged, 0.06),
    (echo, 0.06),
)
"""Everything once more."""
PHASES = ((FACTS, 2500), (SKILLS, 1200), (LETTERED, 1200), (ALL, 1000))
"""What the student reads, and for how many optimiser steps of 16 rows."""


def text(rng: random.Random, mix: tuple[tuple[Make, float], ...] = FACTS) -> Text:
    """Return one text of the corpus."""
    makers, shares = zip(*mix, strict=True)
    make: Make = rng.choices(makers, shares)[0]
    return make(rng)
