"""What the bundled student reads before any run: no tagged text, no solution of a word problem.

Six kinds of text: sums and products, the price list as statements, the weights as questions and
answers, the prose of problems with notes of what counts in them, lists said twice, and small
Python scripts. That prices are known in one form and weights in another is what makes one
strategy suit a family and not another.

Each text is a pair: what is only read, and what the student learns to write after it. High-entropy
text (the prose of a problem, a list said for the first time) is read only, since nothing can be
learnt from guessing it.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from siked.builtin.tiny.problems import FAMILIES, Story, Variety, make_story
from siked.builtin.tiny.words import PRICES, THINGS, WEIGHTS

Text = tuple[str, str]


def sums(rng: random.Random, words: tuple[str, ...]) -> Text:
    """A few additions and products; products of two numbers above 12 never occur."""
    lines = ["Sums:"]
    for _ in range(rng.randint(4, 8)):
        dice = rng.random()
        if dice < 0.25:
            left, right = rng.randint(2, 12), rng.randint(2, 12)
            lines.append(f"{left} * {right} = {left * right}.")
        else:
            left, right = _addends(rng, wide=dice < 0.45)
            lines.append(f"{left} + {right} = {left + right}.")
    return "", " ".join(lines)


def _addends(rng: random.Random, wide: bool) -> tuple[int, int]:
    return (rng.randint(1, 109), rng.randint(1, 109)) if wide else (rng.randint(2, 40), rng.randint(2, 20))


def price_list(rng: random.Random, words: tuple[str, ...]) -> Text:
    """Some prices, as statements."""
    things = rng.sample(THINGS, rng.randint(2, 4))
    return "", " ".join(f"The price of a {thing} is {PRICES[thing]}." for thing in things)


def weight_quiz(rng: random.Random, words: tuple[str, ...]) -> Text:
    """Some weights, as questions and answers, numbered or not."""
    things = rng.sample(THINGS, rng.randint(2, 4))
    ask, reply = rng.choice((("", "Answer:"), ("Quiz {n}: ", "Reply {n}:"), ("Item {n}: ", "Answer {n}:")))
    lines = [
        f"{ask.format(n=number)}How heavy is a {thing}?\n{reply.format(n=number)} {WEIGHTS[thing]}."
        for number, thing in enumerate(things, rng.randint(1, 3))
    ]
    return "", "\n".join(lines)


def notes(rng: random.Random, words: tuple[str, ...]) -> Text:
    """The prose of a problem, then the things and stated numbers in it that count; nothing is worked out.

    Another text may stand between, so that what counts is found from near and far.
    """
    story = make_story("", rng.choice(FAMILIES), Variety(), rng)
    between = "".join(rng.choice((sums, price_list, weight_quiz))(rng, words)) + "\n"
    items = _assigned(story) if story.stated and rng.random() < 0.5 else _listed(story)
    if rng.random() < 0.5:
        rng.shuffle(items)
    read = f"{story.question}\n{between if rng.random() < 0.4 else ''}"
    return read, "\n".join(["Notes:", *items])


def _listed(story: Story) -> list[str]:
    items = [
        f"{part.thing} {part.count} at {part.value}" if story.stated else f"a {part.thing}"
        for part in story.parts
    ]
    return [*items, *([f"more {story.extra}"] * (story.extra > 0))]


def _assigned(story: Story) -> list[str]:
    first, second = story.parts
    return [
        f"x = {first.value}",
        f"y = {second.value}",
        f"counts = {first.count}, {second.count}",
        *([f"more = {story.extra}"] * (story.extra > 0)),
    ]


def echo(rng: random.Random, words: tuple[str, ...]) -> Text:
    """A list of things, numbers and any words, twice: every word is met, none means anything here."""
    items = [
        rng.choice((rng.choice(THINGS), rng.choice(words), str(rng.randint(2, 99)), str(rng.randint(2, 999))))
        for _ in range(rng.randint(4, 10))
    ]
    line = f"List: {', '.join(items)}."
    return f"{line}\n", line


def script(rng: random.Random, words: tuple[str, ...]) -> Text:
    """A small Python script over random numbers."""
    letters = ("x", "y", "z")[: rng.randint(1, 3)]
    lines = [f"{letter} = {rng.randint(2, 99)}" for letter in letters]
    terms = [f"{rng.randint(2, 99)} * {letter}" if rng.random() < 0.5 else letter for letter in letters]
    if rng.random() < 0.5:
        terms.append(str(rng.randint(2, 99)))
    return "", "\n".join([*lines, f"{rng.choice(('total', 'number', 'result'))} = {' + '.join(terms)}"])


KINDS: tuple[tuple[Callable[[random.Random, tuple[str, ...]], Text], float], ...] = (
    (sums, 0.30),
    (price_list, 0.10),
    (weight_quiz, 0.14),
    (notes, 0.28),
    (echo, 0.12),
    (script, 0.06),
)
"""Each kind and its share of the texts."""


def text(rng: random.Random, words: tuple[str, ...] = THINGS) -> Text:
    """Return one text of the corpus; ``words`` are what its lists may hold beside things and numbers."""
    kinds, shares = zip(*KINDS, strict=True)
    kind: Callable[[random.Random, tuple[str, ...]], Text] = rng.choices(kinds, shares)[0]
    return kind(rng, words)
