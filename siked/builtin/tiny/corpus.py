"""What the bundled student reads before any run: no tag, no solution of a word problem.

Five kinds of text: sums and products, the price list as statements, the weights as questions and
answers, the prose of problems without their solutions, and small Python scripts. That prices are
known in one form and weights in another is what makes one strategy suit a family and not another.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from siked.builtin.tiny.problems import FAMILIES, Variety, make_story
from siked.builtin.tiny.words import PRICES, THINGS, WEIGHTS


def sums(rng: random.Random) -> str:
    """A few additions and products; products of two numbers above 12 never occur."""
    lines = []
    for _ in range(rng.randint(3, 6)):
        if rng.random() < 0.25:
            left, right = rng.randint(2, 12), rng.randint(2, 12)
            lines.append(f"{left} * {right} = {left * right}.")
        elif rng.random() < 0.3:
            left, right = rng.randint(1, 99), rng.randint(1, 99)
            lines.append(f"{left} + {right} = {left + right}.")
        else:
            left, right = rng.randint(2, 40), rng.randint(2, 20)
            lines.append(f"{left} + {right} = {left + right}.")
    return " ".join(lines)


def price_list(rng: random.Random) -> str:
    """Some prices, as statements."""
    things = rng.sample(THINGS, rng.randint(2, 4))
    return " ".join(f"The price of a {thing} is {PRICES[thing]}." for thing in things)


def weight_quiz(rng: random.Random) -> str:
    """Some weights, as questions and answers."""
    things = rng.sample(THINGS, rng.randint(2, 4))
    return "\n".join(f"How heavy is a {thing}?\nAnswer: {WEIGHTS[thing]}." for thing in things)


def prose(rng: random.Random) -> str:
    """The text of a problem, told without an answer."""
    return make_story("", rng.choice(FAMILIES), Variety(), rng).question


def script(rng: random.Random) -> str:
    """A small Python script over random numbers."""
    letters = ("x", "y", "z")[: rng.randint(1, 3)]
    lines = [f"{letter} = {rng.randint(2, 99)}" for letter in letters]
    terms = [f"{rng.randint(2, 99)} * {letter}" if rng.random() < 0.5 else letter for letter in letters]
    if rng.random() < 0.5:
        terms.append(str(rng.randint(2, 99)))
    return "\n".join([*lines, f"{rng.choice(('total', 'number', 'result'))} = {' + '.join(terms)}"])


KINDS: tuple[tuple[Callable[[random.Random], str], float], ...] = (
    (sums, 0.30),
    (price_list, 0.20),
    (weight_quiz, 0.20),
    (prose, 0.20),
    (script, 0.10),
)
"""Each kind and its share of the texts."""


def text(rng: random.Random) -> str:
    """Return one text of the corpus."""
    kinds, shares = zip(*KINDS, strict=True)
    kind: Callable[[random.Random], str] = rng.choices(kinds, shares)[0]
    return kind(rng)
