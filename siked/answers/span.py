"""Reading one plain span for the kind of value that a gold is."""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import pairwise

from siked.answers.golds import Gold
from siked.answers.number_words import ORDINALS, SMALL
from siked.answers.numbers import quantities
from siked.answers.refusals import refuses
from siked.answers.rules import Why
from siked.answers.statement import listed, stated
from siked.answers.values import Number, Pair, Several, Value, Word, decimal_text
from siked.answers.word_answers import first_words, stated_word

_TO = re.compile(r"\s*(?:[a-z]+\s+){0,2}?(?:to|for\s+every)\s*$", re.IGNORECASE)
_SPOKEN = re.compile(
    rf"\b(?P<hour>{'|'.join(list(SMALL)[1:13])})[\s-](?:oh[\s-](?P<few>{'|'.join(list(SMALL)[1:10])})"
    rf"|(?P<tens>{'|'.join(list(SMALL)[10:])})(?:[\s-](?P<ones>{'|'.join(list(SMALL)[1:10])}))?)\b",
    re.IGNORECASE,
)
"""``five thirty``, ``two oh five``."""
_COMMA = re.compile(r"(?<=\d),(?=\d{1,2}(?!\d))")
SENTENCE = 1_000
"""Characters of one sentence that are read: its beginning behind a marker, else its end."""
_SHORT = 40


def read(shown: str, gold: Gold | None, leading: bool) -> Value | Why:
    """Return the value that ``shown`` (plain) states, of the gold's kind where it can be."""
    kind = gold.kind if gold is not None else None
    if len(shown) > SENTENCE:
        shown = shown[:SENTENCE] if leading else shown[-SENTENCE:]
    if kind == "word" and gold is not None and isinstance(gold.value, Word):
        return _word(shown, gold.value.word, leading)
    if kind == "several" and gold is not None:
        return _several(shown, gold.count, leading)
    if kind == "pair":
        pair = _pair(shown, leading)
        if pair is not None:
            return pair
    if gold is not None and gold.ordinal:
        place = _place(shown)
        if place is not None:
            return place
    value = stated(shown, leading)
    if isinstance(value, Several):
        return _single(value)
    if value is Why.NO_ANSWER and kind is None and leading and len(shown) <= _SHORT and not refuses(shown):
        word = first_words(shown)
        # A lone small letter is a variable; a lone capital may be a choice.
        return Word(word) if word is not None and not (len(word) == 1 and word.islower()) else value
    return value


_PLACE = re.compile(
    rf"(?<![\w-])(?:{'|'.join(sorted(ORDINALS, key=len, reverse=True))})(?![\w-])", re.IGNORECASE
)


def _place(shown: str) -> Number | None:
    """The one ordinal of a sentence, in digits or in words."""
    found = [one.value for one in quantities(shown) if one.ordinal and isinstance(one.value, Number)]
    found += [Number(Fraction(ORDINALS[word.lower().replace(" ", "-")])) for word in _PLACE.findall(shown)]
    return found[0] if len(found) == 1 else None


def _single(value: Several) -> Value | Why:
    """Several values where one is wanted: the one if all are equal, else part-answers."""
    first = value.parts[0]
    if all(_equal(first, other) for other in value.parts[1:]):
        return first
    return Why.PARTS


def _equal(left: Number | Pair, right: Number | Pair) -> bool:
    if isinstance(left, Number) and isinstance(right, Number):
        return left.value == right.value
    return left == right


def _word(shown: str, gold: str, leading: bool) -> Value | Why:
    word = stated_word(shown, gold, leading)
    if word is not None:
        return Word(word)
    if refuses(shown):
        return Why.REFUSAL
    if not leading:
        return Why.NO_ANSWER
    found = first_words(shown)
    if found is not None and re.search(r"\bor\b", found):
        return Why.ALTERNATIVES
    return Word(found) if found is not None else Why.NO_ANSWER


def _several(shown: str, count: int, leading: bool) -> Value | Why:
    # "(1,2)" is two values here, not the decimal comma of 1,2.
    values = listed(_COMMA.sub(", ", shown))
    if len(values) == count:
        return Several(tuple(values))
    value = stated(shown, leading)
    if isinstance(value, Several | Why):
        return value
    return value if leading else Why.NO_ANSWER


def _pair(shown: str, leading: bool) -> Pair | Why | None:
    """A clock time or a ratio, also as ``5 to 6``; None where there is none."""
    found = [one.value for one in quantities(shown) if isinstance(one.value, Pair)]
    if not found:
        return _spoken_time(shown) or _spoken_ratio(shown)
    if len({(pair.parts, pair.half) for pair in found}) == 1:
        return found[0]
    if re.search(r"\bor\b", shown):
        return Why.ALTERNATIVES
    if re.search(r"\d\s*(?:[ap]\.?m\.?\s*)?(?:to|-|until|and)\s*\d", shown, re.IGNORECASE):
        return Why.RANGE
    return found[0] if leading else found[-1]


def _spoken_ratio(shown: str) -> Pair | None:
    """``5 to 6``, ``three boys to two girls``."""
    for left, right in pairwise(quantities(shown)):
        if _TO.match(shown[left.end : right.start]):
            first, second = left.value, right.value
            if isinstance(first, Number) and isinstance(second, Number):
                return Pair(
                    (first.value, second.value),
                    text=f"{decimal_text(first.value)}:{decimal_text(second.value)}",
                )
    return None


def _spoken_time(shown: str) -> Pair | None:
    found = _SPOKEN.search(shown)
    if found is None:
        return None
    hour = SMALL[found["hour"].lower()]
    minute = sum(SMALL[found[part].lower()] for part in ("few", "tens", "ones") if found[part])
    if minute >= 60:
        return None
    return Pair((Fraction(hour), Fraction(minute)), text=f"{hour}:{minute:02d}")
