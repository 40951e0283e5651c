"""Numbers in words: ``twenty-five``, ``one hundred and five``, ``two and a half``, ``three quarters``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from siked.answers.values import Number
from siked.answers.vocabulary import vocabulary

_ONES = {
    word: value for value, word in enumerate(vocabulary("zero one two three four five six seven eight nine"))
}
_TEENS = {
    word: value
    for value, word in enumerate(
        vocabulary("ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"), 10
    )
}
_TENS = {
    word: 10 * value
    for value, word in enumerate(vocabulary("twenty thirty forty fifty sixty seventy eighty ninety"), 2)
} | {"fourty": 40}
SMALL = _ONES | _TEENS | _TENS
SCALES = {
    "thousand": 10**3,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
    "lakh": 10**5,
    "crore": 10**7,
}
_PARTS = {
    word: value
    for value, word in enumerate(
        vocabulary("third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"), 3
    )
} | {"half": 2, "quarter": 4, "sixteenth": 16, "twentieth": 20, "hundredth": 100, "thousandth": 1000}
_PARTS_MANY = {f"{word}s": value for word, value in _PARTS.items() if word != "half"} | {"halves": 2}
_ORDINAL_ONES = {
    word: value
    for value, word in enumerate(vocabulary("first second third fourth fifth sixth seventh eighth ninth"), 1)
}
ORDINALS = (
    _ORDINAL_ONES
    | {
        word: value
        for value, word in enumerate(
            vocabulary(
                "tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth "
                "eighteenth nineteenth twentieth"
            ),
            10,
        )
    }
    | {f"{word[:-1]}ieth": value for word, value in _TENS.items()}
    | {f"{tens}-{word}": _TENS[tens] + value for tens in _TENS for word, value in _ORDINAL_ONES.items()}
)

_STARTS = sorted([*SMALL, *SCALES, "hundred", "half", "dozen", "quarter"], key=len, reverse=True)
START = re.compile(
    rf"(?<![\w'-])(?:(?:a|an)\s+(?=(?:hundred|half|dozen|quarter|third|fourth|fifth|{'|'.join(SCALES)})\b))?"
    rf"(?:{'|'.join(_STARTS)}|(?<=\s)third|(?<=\s)fourth|(?<=\s)fifth)\b",
    re.IGNORECASE,
)
"""Where a number in words may begin."""

_TOKEN = re.compile(r"[A-Za-z]+")
_GLUE = re.compile(r"(?:\s*-\s*|\s+|,\s+(?=(?:and\s+)?[a-z]+[\s-]))", re.IGNORECASE)
_TAIL = re.compile(
    r"\s+(?:and|&)\s+(?:(?P<one>a|an|one)[\s-]+(?P<part>half|third|quarter|fourth|fifth|eighth|tenth)\b"
    r"|(?P<many>two|three|four|five|seven|nine)[\s-]+(?P<parts>thirds|quarters|fourths|fifths|eighths|tenths)\b"
    r"|(?P<half>half)\b)",
    re.IGNORECASE,
)
_MAX_TOKENS = 24


@dataclass(slots=True)
class _Reader:
    """A walk over the words of one number."""

    words: list[str]
    at: int = 0

    def peek(self, ahead: int = 0) -> str:
        index = self.at + ahead
        return self.words[index] if index < len(self.words) else ""

    def take(self) -> str:
        word = self.peek()
        self.at += 1
        return word


def read_words(text: str, start: int) -> tuple[Number, int] | None:
    """Read the number in words that begins at ``start``; return it and where it ends, or None."""
    words, ends = _words(text, start)
    reader = _Reader(words)
    value, places = _number(reader)
    if value is None or reader.at == 0:
        return None
    other = None
    if reader.peek() in ("dozen", "dozens"):
        reader.take()
        value, other = value * 12, value
    return Number(value, places, other=other), ends[reader.at - 1]


def fraction_tail(text: str, start: int) -> tuple[Fraction, int] | None:
    """Read `` and a half`` or `` and three quarters`` at ``start``."""
    found = _TAIL.match(text, start)
    if found is None:
        return None
    if found["half"]:
        value = Fraction(1, 2)
    elif found["one"]:
        value = Fraction(1, _PARTS[found["part"].lower()])
    else:
        value = Fraction(SMALL[found["many"].lower()], _PARTS_MANY[found["parts"].lower()])
    return (value, found.end()) if value < 1 else None


def _words(text: str, start: int) -> tuple[list[str], list[int]]:
    words: list[str] = []
    ends: list[int] = []
    at = start
    while len(words) < _MAX_TOKENS:
        token = _TOKEN.match(text, at)
        if token is None:
            break
        word = token.group().lower()
        if word not in _KNOWN:
            break
        words.append(word)
        ends.append(token.end())
        glue = _GLUE.match(text, token.end())
        if glue is None:
            break
        at = glue.end()
    return words, ends


_KNOWN = {
    *SMALL,
    *SCALES,
    *(f"{scale}s" for scale in SCALES),
    *_PARTS,
    *_PARTS_MANY,
    "hundred",
    "hundreds",
    "and",
    "a",
    "an",
    "point",
    "dozen",
    "dozens",
}


def _number(reader: _Reader) -> tuple[Fraction | None, int | None]:
    """A whole number, a fraction or both, or a decimal in words."""
    if reader.peek() in ("half", "quarter") or (reader.peek() in ("a", "an") and reader.peek(1) in _PARTS):
        return _bare_part(reader), None
    whole = _cardinal(reader)
    if whole is None:
        return None, None
    value = Fraction(whole)
    if reader.peek() == "point" and reader.peek(1) in _ONES:
        return _decimal(reader, value)
    part = reader.peek()
    if (part in _PARTS and whole == 1) or (part in _PARTS_MANY and whole > 1):
        reader.take()
        return value / (_PARTS.get(part) or _PARTS_MANY[part]), None
    part_value = _and_part(reader)
    if part_value and reader.peek() in SCALES:
        return (value + part_value) * SCALES[reader.take()], None
    return value + part_value, None


def _bare_part(reader: _Reader) -> Fraction:
    """``half``, ``a third``, ``half a million``, ``a quarter million``."""
    if reader.peek() in ("a", "an"):
        reader.take()
    value = Fraction(1, _PARTS[reader.take()])
    ahead = 1 if reader.peek() in ("a", "an") else 0
    word = reader.peek(ahead)
    if word in SCALES or word in ("hundred", "dozen"):
        reader.at += ahead + 1
        value *= {"hundred": 100, "dozen": 12}.get(word) or SCALES[word]
    return value


def _cardinal(reader: _Reader) -> int | None:
    total = 0
    current: int | None = None
    scale = 10**15
    while True:
        word = reader.peek()
        if word in ("a", "an") and current is None and total == 0:
            if not (reader.peek(1) in SCALES or reader.peek(1) in ("hundred", "dozen")):
                break
            current = 1
        elif word in SMALL and _fits(current, SMALL[word]):
            current = (current or 0) + SMALL[word]
        elif word in ("hundred", "hundreds") and (current is None or 0 < current < 100):
            current = (current or 1) * 100
        elif word.rstrip("s") in SCALES and SCALES[word.rstrip("s")] < scale and (current or total == 0):
            scale = SCALES[word.rstrip("s")]
            total, current = total + (current or 1) * scale, None
        elif not (word == "and" and _may_go_on(reader, current, total)):
            break
        reader.take()
    if current is None and total == 0:
        return None
    return total + (current or 0)


def _fits(current: int | None, value: int) -> bool:
    """Whether ``value`` may follow ``current``: ``twenty five``, not ``one two``."""
    if current is None:
        return True
    if current % 100 == 0 and current > 0:
        return value > 0
    return current % 100 >= 20 and current % 10 == 0 and 0 < value < 10


def _may_go_on(reader: _Reader, current: int | None, total: int) -> bool:
    """``and`` goes on with a number after a hundred or a scale word, and before no fraction."""
    after_scale = current is None and total > 0
    after_hundred = current is not None and current >= 100 and current % 100 == 0
    return (
        (after_scale or after_hundred)
        and reader.peek(1) in SMALL
        and reader.peek(2) not in _PARTS
        and reader.peek(2) not in _PARTS_MANY
    )


def _and_part(reader: _Reader) -> Fraction:
    """`` and a half``, `` and three quarters`` after a whole number; 0 where there is none."""
    if reader.peek() != "and":
        return Fraction(0)
    one, part = reader.peek(1), reader.peek(2)
    if one == "half":
        reader.at += 2
        return Fraction(1, 2)
    if one in ("a", "an", "one") and part in _PARTS:
        reader.at += 3
        return Fraction(1, _PARTS[part])
    size = _PARTS_MANY.get(part) or (4 if part == "quarter" else 0)
    if one in SMALL and 1 < SMALL[one] < size:
        reader.at += 3
        return Fraction(SMALL[one], size)
    return Fraction(0)


def _decimal(reader: _Reader, whole: Fraction) -> tuple[Fraction, int]:
    reader.take()
    places = 0
    while reader.peek() in _ONES:
        places += 1
        whole += Fraction(_ONES[reader.take()], 10**places)
    return whole, places
