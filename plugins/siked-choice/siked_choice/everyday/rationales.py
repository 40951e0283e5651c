"""How the bundled teacher writes: one right rationale of each strategy for a question, and its slips.

``choice-cot`` goes forward from what is asked about, ``eliminate`` looks at each choice in turn, ``analogy``
starts from something alike. Each form is kept up whether or not it suits the question. Who eliminates ends
with a letter, the others with the words of a choice.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from siked_choice.everyday.problems import LETTERS, Question
from siked_choice.everyday.world import KINDS, PLACES, THINGS, with_article


@dataclass(frozen=True, slots=True)
class Slips:
    """How probable each mistake of the bundled teacher is."""

    misremembers: float = 0.06
    """Something is taken for a thing of another kind, or for what belongs to another subject."""
    misses: float = 0.04
    """The conclusion is another than the one that was reached."""
    breaks_form: float = 0.02
    """There is no conclusion."""


def write(question: Question, strategy: str, rng: random.Random, slips: Slips) -> str:
    """Return a rationale of ``strategy``; strategies it does not know are written as ``choice-cot``."""
    told = _as_told(question, rng) if rng.random() < slips.misremembers else question
    forms = {"eliminate": _eliminate, "analogy": _analogy}
    lines = forms.get(strategy, _forward)(told, rng)
    if rng.random() < slips.breaks_form:
        return lines
    answer = told.right
    if rng.random() < slips.misses:
        answer = rng.choice([other for other in (told.choices or ("yes", "no")) if other != answer])
    if told.choices and strategy == "eliminate":
        answer = f"({LETTERS[told.choices.index(answer)]})"
    return f"{lines}\nFinal Answer: {answer}"


def _as_told(question: Question, rng: random.Random) -> Question:
    """The question as the teacher has it in mind who takes one choice for another."""
    others = [other for other in (question.choices or ("yes", "no")) if other != question.right]
    return replace(question, right=rng.choice(others))


def _kind_in_mind(question: Question) -> str:
    """What the thing asked about is, as the teacher has it in mind."""
    place = question.right if question.family == "where" else question.about[1]
    kinds = {where: kind for kind, where in PLACES.items()}
    if question.family == "where" or question.right == "yes":
        return kinds[place]
    true = KINDS[question.about[0]]
    if PLACES[true] != place:
        return true
    return sorted(PLACES)[(sorted(PLACES).index(true) + 5) % len(PLACES)]


def _is(thing: str, kind: str) -> str:
    return capital(f"{with_article(thing)} is {with_article(kind)}.")


def _found(what: str, place: str) -> str:
    return capital(f"{with_article(what)} is found in the {place}.")


def _belongs(relation: str, subject: str, value: str) -> str:
    return capital(f"{relation} of {subject}: {value}.")


def capital(text: str) -> str:
    """Return ``text`` with its first letter large."""
    return text[0].upper() + text[1:]


def _forward(question: Question, rng: random.Random) -> str:
    if question.family in ("where", "yes-no"):
        kind = _kind_in_mind(question)
        return f"{_is(question.about[0], kind)} {_found(kind, PLACES[kind])}"
    if question.family == "odd":
        kind = next(KINDS[choice] for choice in question.choices if choice != question.right)
        return f"Three of them are alike: {kind}. One is not: {question.right}."
    shown, value, asked, _ = question.about
    return f"As {value} goes with {shown}, so with {asked} goes {question.right}."


def _eliminate(question: Question, rng: random.Random) -> str:
    if question.family == "yes-no":
        left, out = question.right, "no" if question.right == "yes" else "yes"
        return f"Not {out}. Left: {left}."
    if question.family == "odd":
        # who takes one thing for another sees a kind of its own in it
        seen = [KINDS[choice] for choice in question.choices]
        odd = question.choices.index(question.right)
        if seen.count(seen[odd]) > 1:
            alien = next(kind for kind in seen if seen.count(kind) == 1)
            common = seen[odd]
            seen = [alien if at == odd else common for at in range(len(seen))]
        common = next(kind for kind in seen if seen.count(kind) > 1)
        listed = " ".join(
            f"{choice}: {with_article(kind)} ({letter})."
            for letter, choice, kind in zip(LETTERS, question.choices, seen, strict=False)
        )
        return f"{listed} Three: {common}. One: {seen[odd]} ({LETTERS[odd]})."
    return " ".join(
        f"{choice}: {'yes' if choice == question.right else 'no'} ({letter})."
        for letter, choice in zip(LETTERS, question.choices, strict=False)
    )


def _analogy(question: Question, rng: random.Random) -> str:
    if question.family in ("where", "yes-no"):
        kind = _kind_in_mind(question)
        like = rng.choice([thing for thing in THINGS[kind] if thing != question.about[0]])
        first = capital(f"{with_article(question.about[0])} is like {with_article(like)}.")
        return f"{first} {_found(like, PLACES[kind])}"
    if question.family == "odd":
        one, two, three = (choice for choice in question.choices if choice != question.right)
        alike = f"{with_article(one)} is like {with_article(two)} and {with_article(three)}."
        return f"{capital(alike)} Like none of them: {question.right}."
    shown, value, asked, relation = question.about
    return f"{_belongs(relation, shown, value)} {_belongs(relation, asked, question.right)}"
