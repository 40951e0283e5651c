"""Comparing a value with a gold: exact, within the policy's tolerances, never as strings or floats."""

from __future__ import annotations

from fractions import Fraction

from siked.answers.golds import Gold, as_percent
from siked.answers.rules import How
from siked.answers.values import Number, Pair, Several, Value, Word, text_of
from siked.answers.word_answers import same_words

TOLERANCE = Fraction(1, 10**6)
MIN_PLACES = 2


def compare(gold: Gold, value: Value) -> How:
    """Return how ``value`` equals ``gold``, or ``DIFFERENT``."""
    if gold.kind == "bad":
        return How.DIFFERENT
    wanted = gold.value
    if isinstance(wanted, Several):
        return _several(wanted, value)
    return same(wanted, value)


def same(wanted: Value, value: Value) -> How:
    """Compare two single values, the gold's first."""
    if isinstance(wanted, Number):
        if isinstance(value, Number):
            return _numbers(wanted, value)
        if isinstance(value, Pair):
            return How.CLOCK if _full_hour(value, wanted) else How.DIFFERENT
    if isinstance(wanted, Pair):
        if isinstance(value, Pair):
            return _pairs(wanted, value)
        if isinstance(value, Number) and not value.percent:
            return How.CLOCK if _full_hour(wanted, value) else How.DIFFERENT
    if isinstance(wanted, Word) and isinstance(value, Word):
        return How.WORD if same_words(wanted.word, value.word) else How.DIFFERENT
    if isinstance(wanted, Several) and isinstance(value, Several):
        return _several(wanted, value)
    return How.DIFFERENT


def _numbers(gold: Number, found: Number) -> How:
    rule = _plain_numbers(gold, found)
    if rule is not How.DIFFERENT:
        return rule
    if found.percent != gold.percent:
        inner = as_percent(found) if found.percent else found
        outer = as_percent(gold) if gold.percent else gold
        # A whole gold is a count or a percentage; 100% is never the count 1.
        if outer.value.denominator != 1 and _plain_numbers(outer, inner) is not How.DIFFERENT:
            return How.PERCENT
    if found.other is not None and _plain_numbers(gold, Number(found.other)) is not How.DIFFERENT:
        return How.EXACT
    return How.DIFFERENT


def _plain_numbers(gold: Number, found: Number) -> How:
    left, right = gold.value, found.value
    top, bottom = left.as_integer_ratio()
    other_top, other_bottom = right.as_integer_ratio()
    if bottom == other_bottom == 1:
        # Nearly all pairs are whole numbers, and fractions are slow.
        return How.EXACT if top == other_top else How.DIFFERENT
    if top == other_top and bottom == other_bottom:
        return How.EXACT
    difference = abs(left - right)
    if left.denominator == 1:
        return How.EXACT if difference <= TOLERANCE else How.DIFFERENT
    if difference <= TOLERANCE * abs(left):
        return How.EXACT
    places = _fewer_places(gold.places, found.places)
    # At a tie both neighbours are roundings: half up and half even are both taught.
    if places is not None and places >= MIN_PLACES and difference * 2 * 10**places <= 1:
        return How.ROUNDED
    return How.DIFFERENT


def _fewer_places(left: int | None, right: int | None) -> int | None:
    """Decimals of the less precise of two writings; None where they are equally precise."""
    if left == right:
        return None
    if left is None or right is None:
        return left if right is None else right
    return min(left, right)


def _full_hour(pair: Pair, number: Number) -> bool:
    """``h:00`` equals the whole number h."""
    hour, *rest = pair.parts
    written = pair.half or pair.text.endswith(":00")
    return bool(written) and not any(rest) and hour == number.value


def _pairs(gold: Pair, found: Pair) -> How:
    clock = bool(gold.half or found.half) or _looks_like_time(gold)
    if _same_parts(gold.parts, found.parts, clock):
        if gold.half and found.half and gold.half != found.half:
            return How.DIFFERENT
        return How.CLOCK if clock else How.RATIO
    if bool(gold.half) != bool(found.half):
        # 15:30 and 3:30 p.m. are one time; without p.m. they need not be.
        left, right = _day_hour(gold), _day_hour(found)
        return How.CLOCK if _same_parts(left, right, True) else How.DIFFERENT
    return How.DIFFERENT


def _looks_like_time(pair: Pair) -> bool:
    return (
        len(pair.text.partition(":")[2]) >= 2
        and pair.parts[0] <= 24
        and all(part < 60 for part in pair.parts[1:])
    )


def _same_parts(left: tuple[Fraction, ...], right: tuple[Fraction, ...], clock: bool) -> bool:
    if clock and len(left) != len(right):
        shorter, longer = sorted((left, right), key=len)
        return longer[: len(shorter)] == shorter and not any(longer[len(shorter) :])
    return left == right


def _day_hour(pair: Pair) -> tuple[Fraction, ...]:
    hour, *rest = pair.parts
    if pair.half:
        hour = hour % 12 + (12 if pair.half == "pm" else 0)
    return (hour, *rest)


def _several(wanted: Several, value: Value) -> How:
    if not isinstance(value, Several) or len(value.parts) != len(wanted.parts):
        return How.DIFFERENT
    alike = all(
        same(left, right) is not How.DIFFERENT for left, right in zip(wanted.parts, value.parts, strict=True)
    )
    return How.SEVERAL if alike else How.DIFFERENT


def key(value: Value) -> str:
    """A string that is equal for values of equal meaning as far as a string can be; for counting votes."""
    if isinstance(value, Number):
        return str(value.value)
    if isinstance(value, Word):
        return value.word.casefold()
    return text_of(value)
