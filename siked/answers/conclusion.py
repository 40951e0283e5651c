"""Finding the concluding sentence of a text without marker, and seeing where a text breaks off."""

from __future__ import annotations

import re

from siked.answers import discourse
from siked.answers.golds import Gold
from siked.answers.normalize import plain
from siked.answers.numbers import quantities
from siked.answers.refusals import cut_off
from siked.answers.rules import Why
from siked.answers.span import read
from siked.answers.values import Value
from siked.answers.window import from_end

TAIL = 2_400
"""Characters at the end of a text in which its concluding sentence is looked for."""
MAX_SENTENCES = 3
"""Sentences without a number that may stand behind the conclusion, or behind a marker before its value."""
WORD = re.compile(r"\w")
_DIGIT = re.compile(r"\d")
_RESULT = re.compile(r"=\s*\$?\d")
_COMMA_END = re.compile(r"\d,\s*$")
_LONG_END = re.compile(r"\d{31}\D{0,2}$")
_OPEN_MARK = re.compile(r"<<[^<>]*$")


def broken_off(raw: str, shown: str) -> bool:
    """Does the last sentence of a text break off before its result?"""
    if _LONG_END.search(raw[-40:]) or _OPEN_MARK.search(raw):
        return True
    if raw.rstrip()[-1:] in ".!?":
        return False
    return _COMMA_END.search(shown) is not None or cut_off(shown)


def concluded(tail: str, gold: Gold | None) -> Value | Why:
    """Read the concluding sentence of a text without marker."""
    if gold is not None and gold.kind == "several":
        return _gathered(tail, gold)
    skipped = 0
    first = True
    for sentence in from_end(tail, TAIL):
        shown = plain(sentence)
        if first and broken_off(sentence, shown):
            return Why.CUT_OFF
        if not WORD.search(shown) or discourse.PLEASANTRY.match(shown):
            continue
        if first and _unfinished(sentence, shown, tail):
            return Why.CUT_OFF
        if discourse.CHECK.match(shown) and not re.search(r"\b(?:so|therefore|thus),", shown):
            first = False
            continue
        value = _conclusion(sentence, shown, gold)
        first = False
        if value is not None:
            return value
        skipped += 1
        if skipped >= MAX_SENTENCES:
            return Why.NO_ANSWER
    return Why.NO_ANSWER


_OPENING = re.compile(
    r"^\W*(?:so|therefore|thus|hence|then|now|next|finally|this|that|he|she|they|it|we|the|in|after|if|since|to|and|but"
    r"|each|all|both|first|step|total|adding|subtracting|multiplying|dividing|because)\b(?!.*\b(?:answer|none|nothing)\b)",
    re.IGNORECASE,
)


def _unfinished(raw: str, shown: str, tail: str) -> bool:
    """Does the text end in the first words of one more sentence (``48. So the final``)?"""
    ended = raw.rstrip(" *\"')")[-1:] in ".!?:;"
    alone = raw.strip() == tail.strip()
    return not (ended or alone or quantities(shown)) and _OPENING.match(shown) is not None


def _conclusion(sentence: str, shown: str, gold: Gold | None) -> Value | Why | None:
    """Read one sentence as the conclusion; None where it is none and the one before it may be."""
    numberless = not _DIGIT.search(shown)
    if discourse.CORRECTION.search(shown) and (numberless or discourse.UNFINISHED.match(shown)):
        return Why.CORRECTION
    if sentence.rstrip(" *\"')").endswith("?") and not _RESULT.search(shown):
        return Why.NO_ANSWER
    if discourse.UNFINISHED.match(shown) and "=" not in shown:
        return Why.NO_ANSWER
    value = read(shown, gold, leading=False)
    if value is Why.NO_ANSWER and numberless:
        return None
    return value


def _gathered(tail: str, gold: Gold) -> Value | Why:
    """Collect several values from the last sentences, as many as the gold has."""
    gathered = ""
    for sentence in list(from_end(tail, TAIL))[: gold.count + 1]:
        shown = plain(sentence)
        if not WORD.search(shown) or discourse.PLEASANTRY.match(shown):
            continue
        gathered = f"{shown.rstrip(' .')}, {gathered}" if gathered else shown
        value = read(gathered, gold, leading=False)
        if not isinstance(value, Why):
            return value
    return Why.NO_ANSWER
