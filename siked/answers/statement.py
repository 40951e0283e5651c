"""Which value a plain sentence states as its result."""

from __future__ import annotations

import re

from siked.answers.clauses import main_clause, unparenthesised
from siked.answers.equations import EQUALS, equation, results
from siked.answers.numbers import Quantity, quantities
from siked.answers.refusals import BUT, NEGATED, NOT_FINITE, refuses
from siked.answers.rules import Why
from siked.answers.select import choose, leads, same_value
from siked.answers.values import Number, Pair, Value

_DIGIT = re.compile(r"\d")
_ASIDE = re.compile(r"\(\s*or\s+[^()]{0,60}\d[^()]{0,60}\)", re.IGNORECASE)
_CHOICE = re.compile(r"^\s*(?:option\s+)?(?:\(?[A-Ha-h]\)|[A-H][.:])\s*(?=\S)")


def stated(sentence: str, leading: bool) -> Value | Why:
    """Return the value that a plain sentence states, or why it states none.

    ``leading``: the sentence stands behind a marker, so that what it begins with is the answer.
    """
    if refuses(sentence) and not _value_first(sentence):
        return Why.REFUSAL
    if NOT_FINITE.search(sentence) and not _DIGIT.search(sentence):
        return Why.NOT_FINITE
    if leading and NEGATED.match(sentence):
        but = BUT.search(sentence)
        return stated(sentence[but.end() :], leading) if but is not None else Why.NEGATED
    sentence = _without_asides(sentence)
    if isinstance(sentence, Why):
        return sentence
    sentence = main_clause(sentence, leading)
    if EQUALS.search(sentence):
        return equation(sentence)
    return choose(sentence, leading)


def listed(sentence: str) -> list[Number | Pair]:
    """Return all values that a plain sentence states as results, in order."""
    sentence = main_clause(unparenthesised(sentence), False)
    if EQUALS.search(sentence):
        return [value for value in results(sentence) if value is not None]
    found = [
        one for one in quantities(sentence) if one.value is not None and not one.ordinal and not one.attached
    ]
    digits = [one for one in found if not one.spelled]
    return [one.value for one in digits or found if one.value is not None]


def _value_first(sentence: str) -> bool:
    found = quantities(sentence[:60])
    return bool(found) and leads(sentence[: found[0].start])


def _without_asides(sentence: str) -> str | Why:
    aside = _ASIDE.search(sentence) if "(" in sentence else None
    if aside is not None:
        first = quantities(sentence[: aside.start()])
        second = quantities(aside.group())
        if (
            first
            and second
            and not same_value(first[-1], second[0])
            and not _units_differ(sentence, first[-1], aside)
        ):
            return Why.ALTERNATIVES
    choice = _CHOICE.match(sentence)
    if choice is not None and _DIGIT.search(sentence, choice.end()):
        sentence = sentence[choice.end() :]
    return unparenthesised(sentence)


def _units_differ(sentence: str, first: Quantity, aside: re.Match[str]) -> bool:
    unit = re.match(r"\s*([a-z]+)", sentence[first.end :], re.IGNORECASE)
    other = re.search(r"\d[\d.,]*\s*([a-z]+)", aside.group(), re.IGNORECASE)
    return unit is not None and other is not None and unit[1].lower() != other[1].lower()
