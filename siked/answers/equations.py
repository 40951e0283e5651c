"""Equations in a sentence: which right-hand sides are its results."""

from __future__ import annotations

import re

from siked.answers.clauses import CLAUSE
from siked.answers.expressions import VARIABLE, expression
from siked.answers.numbers import quantities
from siked.answers.rules import Why
from siked.answers.select import choose, leads, same_value
from siked.answers.values import Number, Pair, Several, Value

_LETTER = re.compile(r"[a-zA-Z]\W*")
_DIGIT = re.compile(r"\d")
_NO_DIGITS = re.compile(r"^[^\d]{0,40}$")
EQUALS = re.compile(r"\s*(?:==?|≈|\bequals\b|\b(?:is|are)\s+equal\s+to\b)\s*", re.IGNORECASE)
_NEXT_LEFT = re.compile(
    r"\s*(?:[a-z]+\s+){0,4}?[a-z]*\s*(?P<glue>,|;|\band\b|&)\s*(?:and\s+)?(?:[\d.]|(?P<name>[a-zA-Z]|[A-Z]\w*)\s*$)",
    re.IGNORECASE,
)
_NAME_END = re.compile(r"(?<![\w.])([A-Za-z]\w*)\s*$")


def equation(sentence: str) -> Value | Why:
    """Return the value that the equations of a sentence end in, or why there is none."""
    values = results(sentence)
    if not values:
        return Why.NO_ANSWER
    if len(values) > 1:
        distinct = {
            value.value if isinstance(value, Number) else value for value in values if value is not None
        }
        if None in values:
            return Why.VARIABLE
        if len(distinct) > 1:
            return Several(tuple(value for value in values if value is not None))
    last = values[-1]
    return Why.VARIABLE if last is None else last


def results(sentence: str) -> list[Number | Pair | None]:
    """Right-hand sides that are results; None stands for one with a variable."""
    pieces = EQUALS.split(sentence)
    if len(pieces) > 1 and _LETTER.fullmatch(pieces[-1]):
        # "6 = x" says what x is.
        pieces = (
            [*pieces[:-2], pieces[-1], pieces[-2].rpartition(", or,")[2]] if len(pieces) == 2 else pieces[:-1]
        )
    results: list[Number | Pair | None] = []
    for index, piece in enumerate(pieces[1:], 1):
        value, rest = _right_side(piece)
        final = index == len(pieces) - 1
        if value is None and not final:
            continue
        if final:
            clause = CLAUSE.search(rest) if value is not None else None
            later = (
                choose(rest[clause.end() :], False) if clause is not None and _DIGIT.search(rest) else None
            )
            if isinstance(later, Number | Pair):
                results.append(later)
            elif isinstance(value, Number | Pair):
                results.append(value)
            elif value is Why.VARIABLE:
                results.append(None)
        elif isinstance(value, Number | Pair) and _beside(pieces[index - 1], rest, value):
            results.append(value)
    return results


def _beside(left: str, rest: str, value: Number | Pair) -> bool:
    """Is a result one of several, and no step towards the next one?"""
    glue = _NEXT_LEFT.match(rest)
    if glue is None:
        return False
    if glue["name"]:
        own = _NAME_END.search(left)
        return own is not None and own[1].lower() != glue["name"].lower()
    behind = quantities(rest[glue.end() - 1 :])
    return glue["glue"].lower() != "," and all(one.value != value for one in behind)


def _right_side(piece: str) -> tuple[Number | Pair | Why | None, str]:
    """Read what stands right of an equals sign: its value, a variable, or nothing; and what follows."""
    if VARIABLE.search(piece.split(",")[0]):
        return Why.VARIABLE, ""
    found = [one for one in quantities(piece) if not one.attached or piece[one.end : one.end + 1] == "-"]
    if not found or (not leads(piece[: found[0].start]) and not _NO_DIGITS.match(piece[: found[0].start])):
        return None, ""
    first = found[0]
    calculated = expression(piece[first.start :])
    if calculated is not None:
        return calculated
    if first.value is None:
        return None, ""
    rest = piece[first.end :]
    if len(found) > 1 and re.match(
        r"\W*(?:or|i\.e\.|that is|which is)?\W*$", piece[first.end : found[1].start]
    ):
        second = found[1].value
        if isinstance(second, Number) and second.percent and same_value(first, found[1]):
            return second, piece[found[1].end :]
    return first.value, rest
