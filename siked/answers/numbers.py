"""Reading the quantities of a plain span: digits in all their dress, words, powers, clock times."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction

from siked.answers import number_words
from siked.answers.values import MAX_DIGITS, Number, Pair
from siked.answers.vocabulary import vocabulary

_DIGITS = r"""(?:
    \d{1,3}(?:,\d{3})+(?![\d])(?!,\d)(?:\.\d+)?
  | \d{1,2}(?:,\d{2})+,\d{3}(?!\d)(?:\.\d+)?
  | \d{1,3}(?:\.\d{3})+,\d+(?!\d)
  | \d{1,3}(?:\.\d{3}){2,}(?![\d.])
  | \d{1,3}(?:['_]\d{3})+(?!\d)(?:\.\d+)?
  | \d{1,3}(?:[ ]\d{3})+,\d{1,2}(?!\d)
  | \d{1,3}(?:[ ]\d{3})+(?![\d,])(?:\.\d+)?
  | \d+,\d{1,2}(?![\d,])
  | \d+(?:\.\d+)?
  | \.\d+
)"""
_NUMBER = re.compile(
    rf"(?P<digits>{_DIGITS})(?:[eE](?P<exp>[+-]?\d+)(?![\w.]\d|\w))?",
    re.VERBOSE,
)
_PAIR = re.compile(
    r"(?P<parts>\d{1,6}(?:\.\d+)?(?:\s?:\s?\d{1,6}(?:\.\d+)?){1,3})(?!\d)(?P<half>\s?(?:[ap]\.?\s?m\b\.?))?",
    re.IGNORECASE,
)
_HOUR = re.compile(
    r"\s?(?:(?P<half>[ap])\.?\s?m\b\.?|o'?\s?clock(?:\s+(?P<part>in the morning|a\.?m|p\.?m)\b\.?)?)",
    re.IGNORECASE,
)
_MIXED = re.compile(
    r"(?P<glue>\s+|-|\s+and\s+|\s*&\s*|\s*\+\s*)(?P<top>\d{1,6})\s?/\s?(?P<bottom>\d{1,6})(?![\d/.])"
)
_OVER = re.compile(rf"\s?/\s?(?P<bottom>{_DIGITS})", re.VERBOSE)
_DATE = re.compile(r"/\d{2}(?:\d{2})?(?!\d)")
_TIMES_TEN = re.compile(r"\s?[xX*]\s?10\s?(?:\^|\*\*)\s?[({]?\s?(?P<exp>[+-]?\d{1,6})\s?[)}]?")
_POWER = re.compile(r"\s?(?:\^|\*\*)\s?[({]?\s?(?P<exp>-?\d{1,4})\s?[)}]?(?![\d.])")
_PERCENT = re.compile(r"\s?(?:%|per\s?cent\b(?!age point)|pct\b)", re.IGNORECASE)
_SCALE = re.compile(
    r"\s?-?(?P<word>hundred|thousand|million|billion|trillion|lakh|crore|dozen)s?\b(?!-)"
    r"|\s?(?P<short>bn|mn|mil|mln|bln|tn)\b"
    r"|(?P<letter>[kKMBT])(?![\w-])",
)
_SHORT = {"bn": 10**9, "mn": 10**6, "mil": 10**6, "mln": 10**6, "bln": 10**9, "tn": 10**12}
_LETTERS = {"k": 10**3, "K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}
_ORDINAL = re.compile(r"(?:st|nd|rd|th)\b", re.IGNORECASE)
_CENTS = re.compile(
    r"\s*(?:dollars?|bucks?|euros?|pounds?)?,?\s*(?:and\s+)?(?P<cents>\d{1,2})\s?(?:cents?|¢|pence)(?!\w)",
    re.IGNORECASE,
)
_HALF_PAST = re.compile(
    r"\b(?:(?P<half>half)\s+past|(?:a\s+)?(?P<quarter>quarter)\s+(?P<side>past|after|to|till|before))"
    r"\s+(?P<hour>\d{1,2}|[a-z]+)\b",
    re.IGNORECASE,
)
_NOON = re.compile(r"\b(?:12\s+)?(?P<word>noon|midnight)\b", re.IGNORECASE)
_LABELS = frozenset(
    vocabulary(
        "district districts week weeks day month room vendor grade page chapter level step question problem"
        " part team"
        " group type class store plan option case figure table item route highway gate lane platform phase"
        " round stage"
        " method equation"
    )
)
"""Words that make the number behind them a name (``Week 3``)."""
_MINUS_WORD = re.compile(r"(?:negative|minus)\s+$", re.IGNORECASE)
_MAX_QUANTITIES = 64


@dataclass(slots=True)
class Quantity:
    """A value in a span and where it stands, its sign included."""

    value: Number | Pair | None
    """None where the digits make no number (a date, a division by zero, too many digits)."""
    start: int
    end: int
    ordinal: bool = False
    attached: bool = False
    """Part of a name or a compound (``H2O``, ``#12``, ``24-pack``)."""
    spelled: bool = False


def quantities(text: str) -> list[Quantity]:
    """Return the quantities of ``text`` (plain) in order."""
    found: list[Quantity] = []
    at = 0
    length = len(text)
    while at < length and len(found) < _MAX_QUANTITIES:
        spot = _SPOT.search(text, at)
        if spot is None:
            break
        quantity = (
            _digits(text, spot.start())
            if text[spot.start()] in "0123456789."
            else _spelled(text, spot.start())
        )
        if quantity is None:
            at = spot.end()
            continue
        found.append(quantity)
        at = max(quantity.end, spot.end())
    return found


_SPOT = re.compile(rf"\.?\d|{_HALF_PAST.pattern}|{_NOON.pattern}|{number_words.START.pattern}", re.IGNORECASE)


def _spelled(text: str, start: int) -> Quantity | None:
    past = _HALF_PAST.match(text, start)
    if past is not None:
        return _half_past(past)
    noon = _NOON.match(text, start)
    if noon is not None:
        half = "pm" if noon["word"].lower() == "noon" else "am"
        return Quantity(Pair((Fraction(12), Fraction(0)), half, "12:00"), start, noon.end(), spelled=True)
    read = number_words.read_words(text, start)
    if read is None:
        return None
    number, end = read
    sign, start = _sign(text, start)
    number = replace(number, value=sign * number.value)
    hour = _HOUR.match(text, end)
    if hour is not None and number.value.denominator == 1 and 1 <= number.value <= 12:
        return _at_hour(number.value, hour, start)
    percent = _PERCENT.match(text, end)
    if percent is not None:
        number, end = replace(number, percent=True), percent.end()
    return Quantity(number, start, end, spelled=True, attached=text[end : end + 1] == "-")


def _half_past(found: re.Match[str]) -> Quantity | None:
    name = found["hour"].lower()
    hour = int(name) if name.isdigit() else number_words.SMALL.get(name, 0)
    if not 1 <= hour <= 12:
        return None
    if found["half"]:
        minute = 30
    elif found["side"].lower() in ("past", "after"):
        minute = 15
    else:
        minute, hour = 45, hour - 1 or 12
    pair = Pair((Fraction(hour), Fraction(minute)), text=f"{hour}:{minute:02d}")
    return Quantity(pair, found.start(), found.end(), spelled=True)


def _digits(text: str, start: int) -> Quantity | None:
    before = text[start - 1 : start]
    attached = before.isalpha() or before in ("#", "_", "^") or (before == " " and _labelled(text, start))
    pair = _PAIR.match(text, start) if ":" in text and not attached else None
    if pair is not None:
        return _pair(text, pair)
    found = _NUMBER.match(text, start)
    if found is None:
        return None
    end = found.end()
    number = _parse(found["digits"], found["exp"])
    if number is None:
        return Quantity(None, start, end, attached=attached)
    sign, begin = (1, start) if attached else _sign(text, start)
    if sign > 0 and _alone(text, end):
        return Quantity(number, begin, end, attached=attached)
    if _ORDINAL.match(text, end):
        return Quantity(number, start, end + 2, ordinal=True, attached=attached)
    hour = _HOUR.match(text, end)
    if hour is not None and number.places is None and 0 <= number.value <= 24 and not attached:
        return _at_hour(number.value, hour, start)
    number, end, valid = _grow(text, number, end)
    if not valid:
        return Quantity(None, begin, end)
    if sign < 0:
        number = replace(
            number,
            value=-number.value,
            text=f"-{number.text}" if number.text else "",
            other=-number.other if number.other is not None else None,
        )
    compound = text[end : end + 1] == "-" and text[end + 1 : end + 2].isalpha()
    return Quantity(number, begin, end, attached=attached or compound)


def _labelled(text: str, start: int) -> bool:
    """Is the word before a number one that makes it a name?"""
    word = text[max(0, start - 12) : start - 1].rpartition(" ")[2]
    return word.lower() in _LABELS


_GROWS = frozenset("aAoOpPhHtTmMbBlLcCdDeE%/^*xX&+(-0123456789")
"""What may go on with a number behind a space: fractions, powers, scale words, percent, hours."""


def _alone(text: str, end: int) -> bool:
    """Is it certain that nothing behind a number belongs to it?"""
    following = text[end : end + 1]
    if following == " ":
        return text[end + 1 : end + 2] not in _GROWS
    return not following or following in ".,;:!?)"


def _parse(digits: str, exp: str | None) -> Number | None:
    """Read digits with separators; None for more than 400 digits."""
    if digits.isdigit() and exp is None and len(digits) <= MAX_DIGITS:
        return Number(Fraction(int(digits)))
    if len(digits) > MAX_DIGITS:
        return None
    body = digits.replace(" ", "").replace("'", "").replace("_", "")
    if "," in body and "." in body and body.rindex(",") > body.rindex("."):
        body = body.replace(".", "").replace(",", ".")
    elif body.count(".") > 1:
        body = body.replace(".", "")
    elif "," in body and len(body) - body.rindex(",") <= 3 and body.count(",") == 1:
        body = body.replace(",", ".")
    else:
        body = body.replace(",", "")
    whole, _, tail = body.partition(".")
    value = Fraction(int((whole or "0") + tail), 10 ** len(tail)) if tail else Fraction(int(whole))
    places: int | None = len(tail) if tail else None
    if exp is not None:
        power = int(exp) if len(exp) < 8 else MAX_DIGITS + 1
        if abs(power) > MAX_DIGITS:
            return None
        value = value * 10**power if power >= 0 else value / 10**-power
        places = max(0, len(tail) - power) or None
    return Number(value, places)


def _sign(text: str, start: int) -> tuple[int, int]:
    """Return the sign before a number and where it begins; a binary minus is no sign."""
    at = start - 1
    while at >= 0 and text[at] == " " and start - at < 4:
        at -= 1
    if at >= 0 and text[at] == "-":
        before = at - 1
        while before >= 0 and text[before] == " ":
            before -= 1
        gap = at - before > 1
        operand = before >= 0 and (text[before].isalnum() or text[before] in ")]%\"'")
        if not operand or (gap and text[before].isalpha() and at == start - 1):
            return -1, at
        if gap and text[before].isalpha() and _COPULA_END.search(text, max(0, before - 11), before + 1):
            return -1, at
        return 1, start
    word = _MINUS_WORD.search(text, max(0, start - 12), start)
    if word is not None:
        left = text[: word.start()].rstrip()
        if not left or word.group()[0] in "nN" or not (left[-1].isdigit() or left[-1] == ")"):
            return -1, word.start()
    return 1, start


_COPULA_END = re.compile(r"\b(?:is|was|be|are|equals|of|to|by)$", re.IGNORECASE)


def _grow(text: str, number: Number, end: int) -> tuple[Number, int, bool]:
    """Take in what belongs to the number on its right; the last value is False for no number at all."""
    whole = number.places is None and number.value.denominator == 1
    found = _MIXED.match(text, end) if whole else None
    if found is not None and 0 < int(found["top"]) < int(found["bottom"]):
        part = Fraction(int(found["top"]), int(found["bottom"]))
        if "+" not in found["glue"]:
            shown = f"{number.value} {found['top']}/{found['bottom']}"
            return _scaled(text, Number(number.value + part, None, shown), found.end())
    found = _TIMES_TEN.match(text, end)
    if found is not None:
        power = int(found["exp"])
        if abs(power) > MAX_DIGITS:
            return number, found.end(), False
        scale = Fraction(10) ** power
        places = max(0, (number.places or 0) - power) or None
        return Number(number.value * scale, places), found.end(), True
    found = _POWER.match(text, end)
    if found is not None:
        return _raised(number, int(found["exp"]), found.end())
    found = _OVER.match(text, end)
    if found is not None:
        return _divided(text, number, found)
    tail = number_words.fraction_tail(text, end) if whole else None
    if tail is not None:
        return _scaled(text, Number(number.value + tail[0]), tail[1])
    found = _CENTS.match(text, end) if whole and text[end : end + 1] in (" ", ",") else None
    if found is not None and _has_dollars(text, found):
        return Number(number.value + Fraction(int(found["cents"]), 100), 2), found.end(), True
    return _scaled(text, number, end)


def _has_dollars(text: str, found: re.Match[str]) -> bool:
    """``18 dollars and 50 cents`` and ``18 and 50 cents`` are one amount; ``18, 50 cents`` is two."""
    glue = found.group().lower()
    return any(word in glue for word in ("dollar", "buck", "euro", "pound", " and "))


def _raised(number: Number, power: int, end: int) -> tuple[Number, int, bool]:
    digits = max(len(str(abs(number.value.numerator))), len(str(number.value.denominator)))
    if digits * abs(power) > MAX_DIGITS or (number.value == 0 and power < 0):
        return number, end, False
    return Number(number.value**power), end, True


def _divided(text: str, number: Number, found: re.Match[str]) -> tuple[Number, int, bool]:
    below = _parse(found["bottom"], None)
    end = found.end()
    if below is None or below.value == 0 or _DATE.match(text, end):
        return number, end, False
    plain = number.places is None and below.places is None and " " not in found["bottom"]
    shown = f"{number.value}/{below.value}" if plain else ""
    return _scaled(text, Number(number.value / below.value, None, shown), end)


def _scaled(text: str, number: Number, end: int) -> tuple[Number, int, bool]:
    """Take in scale words (``million``, ``k``) and a percent sign."""
    for _ in range(2):
        found = _SCALE.match(text, end)
        if found is None:
            break
        if found["word"] == "dozen":
            return replace(number, other=number.value * 12), found.end(), True
        scale = 100 if found["word"] == "hundred" else number_words.SCALES.get(found["word"] or "")
        scale = scale or _SHORT.get(found["short"] or "") or _LETTERS[found["letter"] or "k"]
        number, end = Number(number.value * scale), found.end()
    percent = _PERCENT.match(text, end)
    if percent is not None:
        return replace(number, percent=True), percent.end(), True
    return number, end, True


def _pair(text: str, found: re.Match[str]) -> Quantity:
    shown = re.sub(r"\s", "", found["parts"])
    parts = tuple(_parse(part, None) for part in shown.split(":"))
    half = (found["half"] or "").strip().lower()[:1]
    values = tuple(part.value for part in parts if part is not None)
    end = found.end()
    if text[end - 1] == "." and not half:
        end -= 1
    return Quantity(Pair(values, f"{half}m" if half else "", shown), found.start(), end)


def _at_hour(value: Fraction, hour: re.Match[str], start: int) -> Quantity:
    half = (hour["half"] or "").lower()
    part = (hour["part"] or "").lower()
    if not half and part:
        half = "p" if part.startswith("p") else "a"
    pair = Pair((value, Fraction(0)), f"{half}m" if half else "", f"{value}:00")
    return Quantity(pair, start, hour.end())
