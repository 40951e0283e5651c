"""How the bundled teacher writes: one right rationale of each kind for a story, and its slips.

Formats: ``cot`` is prose that adds everything up in one line and ends in ``Final Answer: N``; ``l2m``
numbers its sub-questions and answers each with one operation; ``pot`` is a short program that
assigns ``answer``.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from siked.builtin.tiny.problems import Story
from siked.builtin.tiny.words import HIGHEST, LOWEST

LETTERS = ("x", "y", "z", "u", "v", "w")


@dataclass(frozen=True, slots=True)
class Slips:
    """How probable each mistake of the bundled teacher is."""

    misremembers: float = 0.06
    """A price or weight that the text does not state comes out wrong; per thing."""
    forgets: float = 0.05
    """The bus fare or the bag is left out."""
    miscalculates: float = 0.02
    """A sum or a product of small numbers is off, in prose; a program leaves them to Python."""
    multiplies_badly: float = 0.30
    """A product of two numbers above 12 is off, in prose."""
    miscodes: float = 0.08
    """A program has a wrong operator or a name that it never set."""
    breaks_form: float = 0.02
    """No ``Final Answer:``, no sub-questions, no ``answer``."""


def write(story: Story, strategy: str, rng: random.Random, slips: Slips) -> str:
    """Return a rationale of ``strategy`` for ``story``; strategies it does not know get prose."""
    told = _as_told(story, rng, slips)
    head = _Head(rng, slips)
    if strategy == "pot":
        text = _program(told, rng, slips)
    elif strategy == "l2m":
        text = _subquestions(told, head)
    else:
        text = _prose(told, head)
    return _broken(text, strategy) if rng.random() < slips.breaks_form else text


def _as_told(story: Story, rng: random.Random, slips: Slips) -> Story:
    """The story as the teacher has it in mind: some values misremembered, the extra perhaps forgotten."""
    parts = tuple(
        replace(part, value=rng.randint(LOWEST, HIGHEST))
        if not story.stated and rng.random() < slips.misremembers
        else part
        for part in story.parts
    )
    extra = 0 if rng.random() < slips.forgets else story.extra
    return replace(story, parts=parts, extra=extra)


class _Head:
    """Arithmetic as a writer of prose does it: in the head."""

    def __init__(self, rng: random.Random, slips: Slips) -> None:
        self._rng = rng
        self._slips = slips

    def add(self, left: int, right: int) -> int:
        return self._off(left + right, self._slips.miscalculates)

    def times(self, left: int, right: int) -> int:
        hard = min(left, right) > 12
        return self._off(left * right, self._slips.multiplies_badly if hard else self._slips.miscalculates)

    def _off(self, value: int, chance: float) -> int:
        if self._rng.random() >= chance:
            return value
        return max(1, value + self._rng.choice((-10, -1, 1, 10)))


def _prose(story: Story, head: _Head) -> str:
    noun = "price" if story.measure == "price" else "weight"
    sentences: list[str] = []
    terms: list[int] = []
    for part in story.parts:
        if story.stated:
            terms.append(head.times(part.count, part.value))
            opening = "Then" if sentences else "First"
            sentences.append(f"{opening} {part.count} * {part.value} = {terms[-1]}.")
        else:
            terms.append(part.value)
            sentences.append(f"The {noun} of a {part.thing} is {part.value}.")
    terms += [story.extra] * (story.extra > 0)
    total = terms[0]
    for term in terms[1:]:
        total = head.add(total, term)
    sentences.append(f"Then {' + '.join(map(str, terms))} = {total}.")
    return f"{' '.join(sentences)}\nFinal Answer: {total}"


def _subquestions(story: Story, head: _Head) -> str:
    how = "How much" if story.measure == "price" else "How heavy"
    steps: list[tuple[str, str]] = []
    terms: list[int] = []
    for part in story.parts:
        if story.stated:
            terms.append(head.times(part.count, part.value))
            working = f"{part.count} * {part.value} = {terms[-1]}"
            steps.append((f"{how} are {part.count} {part.thing}s?", working))
        else:
            terms.append(part.value)
            steps.append((f"{how} is a {part.thing}?", f"{part.value}"))
    terms += [story.extra] * (story.extra > 0)
    total = terms[0]
    for number, term in enumerate(terms[1:], 1):
        result = head.add(total, term)
        last = number == len(terms) - 1
        steps.append((f"{how} is everything?" if last else f"{how} is that?", f"{total} + {term} = {result}"))
        total = result
    lines = [
        f"Sub-question {number}: {question}\nAnswer to Sub-question {number}: {answer}."
        for number, (question, answer) in enumerate(steps, 1)
    ]
    return "\n".join([*lines, f"Final Answer: {total}"])


def _program(story: Story, rng: random.Random, slips: Slips) -> str:
    lines: list[str] = []
    terms: list[str] = []
    for letter, part in zip(LETTERS, story.parts, strict=False):
        lines.append(f"{letter} = {part.value}")
        terms.append(f"{part.count} * {letter}" if story.stated else letter)
    if story.extra:
        terms.append(f"{story.extra}")
    expression = " + ".join(terms)
    if rng.random() < slips.miscodes:
        last = LETTERS[len(story.parts) - 1]
        expression = rng.choice((expression.replace(" + ", " - ", 1), expression.replace(last, "n")))
    return "\n".join([*lines, f"answer = {expression}"])


def _broken(text: str, strategy: str) -> str:
    if strategy == "pot":
        return text.replace("answer = ", "answer ", 1)
    if strategy == "l2m":
        return text.replace("Answer to Sub-question ", "").replace("Sub-question ", "")
    return text.rpartition("\n")[0]
