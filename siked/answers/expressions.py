"""Expressions in a sentence: with a variable they are no number, without one they have a value."""

from __future__ import annotations

import re

from siked.answers.arithmetic import evaluate
from siked.answers.numbers import quantities
from siked.answers.values import Number

_TIGHT_RANGE = re.compile(r"\d-\d")
VARIABLE = re.compile(
    r"(?<![\w.])\d[\d.,]*\s?[xyznab](?![\w'])\s*(?:[+^=]|-\s|$)|(?<![\w.])\d[\d.,]*[xyzn]\b"
    r"|\d\)?\s*[+*^]\s*\(?(?!x\s*\d)(?:[a-zA-Z]\b|[A-Z][a-z]+'?s?\b|[a-z]{2,}\b|pi\b|sqrt)"
    r"|\d\)?\s+-\s+\(?[a-zA-Z]\b"
    r"|(?<![\w'])(?:[b-zB-HJ-Z]|pi|sqrt)\s*[+*/^-]\s*\(?\d|\b(?:sqrt|overline)\b|\b(?:log|ln|sin|cos|tan)\s*\(?\d|\d\s*\*?\s*\bpi\b",
)
_EXPRESSION = re.compile(
    r"-?\s?[\d(][\d.,()\s]*(?:\s?(?:[*/+^]|\*\*|-|(?<=\d)\s?[xX](?=\s?\d))\s?[-\d.,()\s]*\d[\d.,)\s]*)+"
)


def expression(text: str) -> tuple[Number, str] | None:
    """Evaluate ``5 + 3`` at the start of ``text``; a plain quantity is none."""
    found = _EXPRESSION.match(text)
    if found is None:
        return None
    shown = found.group().strip().rstrip(".,")
    if len(quantities(shown)) < 2 or _TIGHT_RANGE.search(shown):
        return None
    value = evaluate(re.sub(r"(?<=\d)\s?[xX]\s?(?=\d)", "*", shown))
    return (Number(value), text[found.end() :]) if value is not None else None
