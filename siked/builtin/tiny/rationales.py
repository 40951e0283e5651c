"""How the bundled teacher writes: a rationale of each kind for a story, and its slips.

Formats: ``cot`` is prose that says aloud what it remembers, adds everything up in one line and ends
in ``Final Answer: N``; ``l2m`` numbers its sub-questions and answers each with one number or one
operation; ``pot`` is a short program that assigns ``answer``.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from siked.builtin.tiny.problems import Part, Story
from siked.builtin.tiny.world import FARTHEST, LIGHTEST, TOWN

LETTERS = ("x", "y", "z", "u", "v", "w")
HARD = 12
"""A product of two numbers above this is hard to do in the head."""


@dataclass(frozen=True, slots=True)
class Slips:
    """How probable each mistake of the bundled teacher is: those of a large model that does sums well in
    its head, forgets a term of a long line, and guesses where a program wants a constant. None of
    them looks at what a student can do.
    """

    misremembers: float = 0.03
    """A distance or weight that the text does not state comes out wrong, in prose; per part."""
    hardcodes: float = 0.20
    """The same as a constant of a program; per part."""
    miscalculates: float = 0.01
    """A sum or a product of small numbers is off, in prose; a program leaves them to Python."""
    multiplies_badly: float = 0.03
    """A product of two numbers above 12 is off, in prose."""
    forgets: float = 0.25
    """A term is left out of a line that adds more than two; per term beyond two."""
    strays: float = 0.04
    """A sub-question leads astray; per sub-question."""
    miscodes: float = 0.10
    """A program has a wrong operator or a name that it never set; per number that it uses."""


def write(story: Story, strategy: str, rng: random.Random, slips: Slips) -> str:
    """Return a rationale of ``strategy`` for ``story``; strategies it does not know get prose."""
    told = _as_told(story, rng, slips.hardcodes if strategy == "pot" else slips.misremembers)
    if strategy == "pot":
        return _program(told, rng, slips)
    head = _Head(rng, slips)
    return _subquestions(told, head) if strategy == "l2m" else _prose(told, head)


def _as_told(story: Story, rng: random.Random, chance: float) -> Story:
    """The story as the teacher has it in mind: some of what it must know comes out wrong."""
    if story.stated:
        return story
    parts = (
        replace(part, value=rng.randint(LIGHTEST, FARTHEST)) if rng.random() < chance else part
        for part in story.parts
    )
    return replace(story, parts=tuple(parts))


class _Head:
    """Writing prose as one does it: from memory and in the head."""

    def __init__(self, rng: random.Random, slips: Slips) -> None:
        self.rng = rng
        self.slips = slips

    def happens(self, chance: float, tries: int = 1) -> bool:
        """Whether a mistake of this chance is made in one of so many tries."""
        return self.rng.random() < 1 - (1 - chance) ** max(0, tries)

    def sum(self, terms: list[int]) -> int:
        return self._off(sum(terms), 1 - (1 - self.slips.miscalculates) ** (len(terms) - 1))

    def product(self, part: Part) -> int:
        hard = min(part.count, part.value) > HARD
        chance = self.slips.multiplies_badly if hard else self.slips.miscalculates
        return self._off(part.count * part.value, chance)

    def _off(self, value: int, chance: float) -> int:
        return max(1, value + self.rng.choice((-10, -1, 1, 10))) if self.happens(chance) else value


def _prose(story: Story, head: _Head) -> str:
    sentences: list[str] = []
    terms: list[int] = []
    for part in story.parts:
        if not story.stated:
            sentences.append(_remembered(story, part))
        if part.count > 1:
            terms.append(head.product(part))
            sentences.append(f"{part.count} * {part.value} = {terms[-1]}.")
        else:
            terms.append(part.value)
    terms += [story.extra] * (story.extra > 0)
    if head.happens(head.slips.forgets, len(terms) - 2):
        terms.pop(head.rng.randrange(len(terms)))
    total = head.sum(terms)
    if len(terms) > 1:
        sentences.append(f"Then {' + '.join(map(str, terms))} = {total}.")
    return f"{' '.join(sentences)}\nFinal Answer: {total}"


def _remembered(story: Story, part: Part) -> str:
    if story.kind == "bags":
        return f"A {part.item} weighs {part.value} pounds."
    town = TOWN[part.item]
    return f"{part.item} lives in {town}. {town} is {part.value} miles away."


def _subquestions(story: Story, head: _Head) -> str:
    trips = story.kind == "trips"
    how = "How far is" if trips else "How heavy is"
    steps: list[tuple[str, str]] = []
    total = 0
    for number, part in enumerate(story.parts):
        item = part.item if trips else f"a {part.item}"
        value = part.value
        if part.count > 1:
            value = head.product(part)
            steps.append((f"{how} {item} {part.count} times?", f"{part.count} * {part.value} = {value}"))
        else:
            steps.append((f"{how} {item}?", f"{value}"))
        if number:
            new = head.sum([total, value])
            steps.append((f"{how} that?", f"{total} + {value} = {new}"))
            value = new
        total = value
    if story.extra:
        new = head.sum([total, story.extra])
        steps.append((f"{how} everything?", f"{total} + {story.extra} = {new}"))
        total = new
    if head.happens(head.slips.strays, len(steps)):
        total += head.rng.randint(1, 9)
    lines = [
        f"Sub-question {number}: {question}\nAnswer to Sub-question {number}: {answer}."
        for number, (question, answer) in enumerate(steps, 1)
    ]
    return "\n".join([*lines, f"Final Answer: {total}"])


def _program(story: Story, rng: random.Random, slips: Slips) -> str:
    named = list(zip(LETTERS, story.parts, strict=False))
    lines = [f"{letter} = {part.value}" for letter, part in named]
    terms = [f"{part.count} * {letter}" if part.count > 1 else letter for letter, part in named]
    terms += [f"{story.extra}"] * (story.extra > 0)
    expression = " + ".join(terms)
    numbers = sum(2 if part.count > 1 else 1 for part in story.parts)
    if rng.random() < 1 - (1 - slips.miscodes) ** numbers:
        wrong = expression.replace(" + ", " - ", 1) if " + " in expression else f"{expression} - 1"
        expression = rng.choice((wrong, expression.replace("x", "n", 1)))
    return "\n".join([*lines, f"answer = {expression}"])
