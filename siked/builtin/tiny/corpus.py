"""What the bundled student reads before any run: no tag, no strategy's form, no solved problem.

Five kinds of text: sums and small products, facts of the world, problems with notes of what counts
in them, lists said twice, and small scripts. Sums and facts stand in every kind of text and after
any words, so that they hang on no one context. A weight is read as a statement and as a question
with its answer; where a friend lives and how far a town is as statements only, never the way to a
friend, so that only prose has a way to it.

A text is a list of pieces, each with whether it is learnt: what cannot be guessed is read only.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from siked.builtin.tiny.problems import FAMILIES, VARIETIES, Story, make_story
from siked.builtin.tiny.world import MILES, NAMES, THINGS, TOWN, TOWNS, WEIGHT

LETTERS = ("x", "y", "z", "u")
Text = list[tuple[str, bool]]
Words = Sequence[str]

LEADS = (
    "", "", "Then", "So", "First", "Next", "Together", "Now", "Also", "Sum:", "Work:", "Add:", "Result:",
    "Step {n}:", "Answer {n}:", "Reply {n}:",
)  # fmt: skip
VARIETY_SHARES = {
    "wordproblems": 0.45,
    "wordproblems-names": 0.20,
    "wordproblems-phrasing": 0.20,
    "wordproblems-numbers": 0.05,
    "wordproblems-steps": 0.10,
}
"""The sets whose kind of problem is noted: the student has met other phrasings and names too."""


def _sum(rng: random.Random, n: int) -> Text:
    """One sum of two numbers or one small product; products of two numbers above 12 never occur."""
    if rng.random() < 0.25:
        left, right, sign = rng.randint(2, 9), rng.randint(2, 12), "*"
    elif rng.random() < 0.75:
        left, right, sign = rng.randint(2, 32), rng.randint(2, 12), "+"
    else:
        left, right, sign = rng.randint(2, 20), rng.randint(2, 20), "+"
    if rng.random() < (0.5 if sign == "*" else 0.15):
        left, right = right, left
    lead = rng.choice(LEADS).format(n=n)
    result = left * right if sign == "*" else left + right
    return [(f"{lead} {left} {sign} {right} =".strip(), False), (f"{result}.", True)]


def _fact(rng: random.Random, n: int) -> Text:
    """One fact, each in the forms in which the student knows it."""
    dice = rng.random()
    if dice < 0.25:
        thing = rng.choice(THINGS)
        return [(f"A {thing}", False), (f"weighs {WEIGHT[thing]} pounds.", True)]
    if dice < 0.47:
        thing = rng.choice(THINGS)
        lead = rng.choice(("", "Quiz {n}:", "Item {n}:")).format(n=n)
        reply = rng.choice(("Answer:", "Reply {n}:", "Answer {n}:")).format(n=n)
        return [(f"{lead} How heavy is a {thing}?\n{reply}".strip(), False), (f"{WEIGHT[thing]}.", True)]
    if dice < 0.82:
        name = rng.choice(NAMES)
        return [(name, False), (f"lives in {TOWN[name]}.", True)]
    town = rng.choice(TOWNS)
    return [(town, False), (f"is {MILES[town]} miles away.", True)]


def _line(rng: random.Random, n: int, sums: float) -> Text:
    return _sum(rng, n) if rng.random() < sums else _fact(rng, n)


def _page(rng: random.Random, sums: float) -> Text:
    pieces: Text = []
    for n in range(1, rng.randint(4, 8)):
        pieces += _line(rng, n, sums)
        if rng.random() < 0.5:
            pieces.append(("\n", False))
    return pieces


def sums(rng: random.Random, words: Words) -> Text:
    """A page that is mostly sums."""
    return _page(rng, 0.8)


def facts(rng: random.Random, words: Words) -> Text:
    """A page that is mostly facts."""
    return _page(rng, 0.3)


def notes(rng: random.Random, words: Words) -> Text:
    """A problem, then what counts in it under some headings, in the order of the text.

    Any words may lead an item, and sums and facts may stand between two: what is to be copied next
    hangs on the heading and on what was copied so far, not on the words before it.
    """
    variety = rng.choices(list(VARIETY_SHARES), list(VARIETY_SHARES.values()))[0]
    story = make_story("", rng.choice(FAMILIES), VARIETIES[variety], rng)
    headings = what_counts(story, rng)
    between = rng.choice((0.0, 0.0, 0.5))
    pieces: Text = [(f"{story.question}\n", False)]
    for heading in rng.choices(sorted(headings), k=rng.randint(3, 5)):
        pieces.append((heading, False))
        for n, item in enumerate(headings[heading], 1):
            while rng.random() < between:
                pieces += [("\n", False), *_line(rng, n, 0.6)]
            lead = " ".join(rng.choice(words) for _ in range(rng.choice((0, 0, 1, 1, 2, 3))))
            pieces += [(f"\n{lead}", False), (item, True)]
            if rng.random() < 0.5:
                pieces.append((rng.choice((".", ",", "is", "=")), False))
        pieces.append(("\n", False))
    return pieces


def what_counts(story: Story, rng: random.Random) -> dict[str, list[str]]:
    """What counts in a problem, by the heading under which it is noted."""
    found = {"Notes:": [part.item for part in story.parts]}
    if story.stated:
        found["Values:"] = [f"{part.value}" for part in story.parts]
    if any(part.count > 1 for part in story.parts):
        found["Counts:"] = [f"{part.count}" for part in story.parts]
        found["Pairs:"] = [f"{part.count} * {part.value} :" for part in story.parts]
        found["Terms:"] = [f"{part.count} * {rng.choice(LETTERS)}" for part in story.parts]
    if story.extra:
        found["More:"] = [f"{story.extra}"]
    return found


def echo(rng: random.Random, words: Words) -> Text:
    """A list of things, people, numbers and any words, twice."""
    items = [
        rng.choice(
            (
                rng.choice(THINGS),
                rng.choice(NAMES),
                rng.choice(words),
                *(f"{rng.randint(2, 99)}" for _ in "ab"),
            )
        )
        for _ in range(rng.randint(4, 9))
    ]
    line = ", ".join(items)
    return [(f"List: {line}.\nList:", False), (f"{line}.", True)]


def script(rng: random.Random, words: Words) -> Text:
    """A small Python script over random numbers."""
    letters = LETTERS[: rng.randint(1, 4)]
    lines = [f"{letter} = {rng.randint(2, 99)}" for letter in letters]
    terms = [f"{rng.randint(2, 99)} * {letter}" if rng.random() < 0.5 else letter for letter in letters]
    terms += [f"{rng.randint(2, 60)}"] * (rng.random() < 0.5)
    return [("\n".join([*lines, f"{rng.choice(('total', 'number', 'result'))} = {' + '.join(terms)}"]), True)]


Kind = Callable[[random.Random, Words], Text]
FIRST: tuple[tuple[Kind, float], ...] = ((sums, 0.45), (facts, 0.20), (echo, 0.35))
"""What is read first: each kind and its share of the texts."""
KINDS: tuple[tuple[Kind, float], ...] = (
    (sums, 0.21),
    (facts, 0.10),
    (notes, 0.55),
    (echo, 0.08),
    (script, 0.06),
)
"""What is read then."""


def text(rng: random.Random, words: Words = THINGS, kinds: Sequence[tuple[Kind, float]] = KINDS) -> Text:
    """Return one text of the corpus; ``words`` are what its lists may hold beside things and numbers."""
    functions, shares = zip(*kinds, strict=True)
    kind: Kind = rng.choices(functions, shares)[0]
    return kind(rng, words)
