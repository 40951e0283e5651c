"""Checking the arithmetic that a text writes down: ``a op b = c``, units and currency set aside."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from siked.answers.arithmetic import evaluate
from siked.answers.clauses import unparenthesised
from siked.answers.normalize import plain
from siked.answers.vocabulary import either, vocabulary

_TOKEN = re.compile(
    r"(?P<number>(?<![\w.])(?:\d{1,3}(?:,\d{3})+(?![\d,])|\d+)(?:\.\d+)?|(?<![\w.])\.\d+)(?P<tight>[A-Za-z]*)"
    r"|(?P<op>\*\*|[-+*/^()%])|(?P<word>[A-Za-z]+(?:[-'][A-Za-z]+)*\.?)|(?P<other>\S)"
)
_GROUPED = re.compile(r"(?<![\d.,])\d{1,3}(?:(?: \d{3})* 000|(?: \d{3}){2,})(?![\d,])")
_SPLIT_THOUSANDS = re.compile(r"\d,\s+\d{3}\b")
_SCALES = {"thousand": 3, "million": 6, "billion": 9, "trillion": 12}
_TIGHT_UNITS = frozenset(
    vocabulary(
        "g kg mg m cm mm km l ml oz lb lbs ft in h hr hrs s min mins mph kw k am pm cents ounces feet inches"
    )
)
_LABELS = frozenset(
    vocabulary("day week month year step part chapter page grade level number problem round day")
)
_VERBS = frozenset(vocabulary("gives give makes make get gets is are equals means leaves was be has have"))
_UNITS = vocabulary(
    "second minute hour day week month year inch inche feet foot yard mile cm m km meter gram kg kilogram"
    " ounce pound lb quart gallon pint cup liter ml dozen cent dollar quarter dime nickel penny hr min sec oz"
    " ft ton pair"
)
_NEXT = either("so | then | and then | or | is | which | means")
_BREAK = re.compile(rf"\n|[;:!?]|\.(?:\s|$)|,\s|\b{_NEXT}\b", re.IGNORECASE)
_FRACTIONS = (
    (re.compile(r"(?<![\d.^])(\d+/\d+)(?![\d.])"), r"(\1)"),
    (re.compile(r"/(\d+/\d+)(?![\d.])"), r"/(\1)"),
)
"""Other readings of ``60 / 3/4``: written fractions bind first."""
_DECIMAL = re.compile(r"(\d*)\.(\d{2,12})")
_LAST_TERM = re.compile(r"[\d)][-+](\d[\d.]*[*/][\d.*/]+)$")
_SHARE = re.compile(r"\(?1?\d/\d\d?\)?")
_ADDED_SHARE = re.compile(r"[-+][\d.]+%$")
_RUNNING = re.compile(r"(\d+(?:\.\d+)?)[-+*/]")
_OPEN_END = re.compile(r"=|[?!;,\n]|:(?!\d)|\.(?=\s|$)")
_MAX_LINES = 400
_SIDE = 160
_MAX_WORDS = 6


@dataclass(frozen=True, slots=True)
class Line:
    """A line of arithmetic that does not hold."""

    left: str
    right: str


@dataclass(frozen=True, slots=True)
class _Item:
    """A number, an operator, a word, or something that is none of these (kind ``?``)."""

    kind: str
    text: str
    places: int = 0


@dataclass(frozen=True, slots=True)
class _Side:
    """One side of an equation: its expression and the words that stood in it."""

    expression: str
    words: tuple[str, ...]
    places: int = 0


class _Doubt(Exception):
    """It is not certain what an expression means, so it is not judged."""


def wrong_lines(text: str) -> Iterator[Line]:
    """Yield the lines of arithmetic in ``text`` that do not hold. Doubtful ones are left alone."""
    for paragraph in text.split("\n")[:_MAX_LINES]:
        if "=" not in paragraph:
            continue
        # Thousands apart by spaces are joined first: without its sign "5 $500" looks like one.
        shown = plain(_GROUPED.sub(_joined, paragraph[:2000]))
        for left, right in pairwise(re.split(r"(?<![<>!~=])=(?!=)", shown)):
            line = _check(left[-_SIDE:], right[:_SIDE])
            if line is not None:
                yield line


def open_results(text: str) -> Iterator[Fraction]:
    """Yield the values of the calculations that ``text`` leaves open (``902 + 44 = ?``)."""
    shown = unparenthesised(plain(_GROUPED.sub(_joined, text[-4 * _SIDE :])))
    for piece in _OPEN_END.split(shown):
        try:
            side = _left(_items(piece[-_SIDE:]))
        except _Doubt:
            continue
        value = evaluate(side.expression)
        if value is not None:
            yield value


def _check(left: str, right: str) -> Line | None:
    if _SPLIT_THOUSANDS.search(left) or _SPLIT_THOUSANDS.match(right.strip()):
        return None
    try:
        before, behind = _left(_items(left)), _right(_items(_first(right)))
    except _Doubt:
        return None
    if _SHARE.fullmatch(before.expression) and not re.search(r"[./%]", behind.expression):
        # "3/4 = 45" converts three quarters of an hour.
        return None
    if _ADDED_SHARE.search(before.expression) or ("." in before.expression and "cents" in before.words):
        # "700 + 50%" and "$2.50 - 70 cents" are understood, not calculated.
        return None
    value, result = evaluate(before.expression), evaluate(behind.expression)
    if value is None or result is None or _mixed_units(before, behind):
        return None
    others = [evaluate(pattern.sub(shown, before.expression)) for pattern, shown in _FRACTIONS]
    if any(_holds(one, result, before, behind) for one in (value, *others) if one is not None):
        return None
    # "5 + 3 = 8 + 4 = 12" and "21 + 5 * 4 = 20" are running totals, badly written and no mistakes.
    last = _LAST_TERM.search(before.expression)
    if last is not None and evaluate(last[1]) == result:
        return None
    running = _RUNNING.match(behind.expression)
    if running is not None and _holds(value, Fraction(running[1]), before, behind):
        return None
    return Line(before.expression, behind.expression)


def _first(right: str) -> str:
    """What stands before the first break."""
    cut = _BREAK.search(right)
    return right[: cut.start()] if cut is not None else right


def _joined(found: re.Match[str]) -> str:
    return found.group().replace(" ", "")


def _items(text: str) -> list[_Item]:
    items: list[_Item] = []
    for found in _TOKEN.finditer(text):
        if found["number"] is not None:
            items.append(_number(found))
        elif found["op"] is not None:
            items.append(_Item("o", found["op"]))
        elif found["word"] is not None:
            word = found["word"].lower().strip(".'")
            scale = _SCALES.get(word.rstrip("s"))
            if scale is not None and items and items[-1].kind == "n":
                items[-1] = _Item("n", f"({items[-1].text}*10^{scale})", items[-1].places)
            else:
                items.append(_Item("w", word))
                if len(word) > 3 and found["word"].endswith("."):
                    items.append(_Item("?", "."))
        else:
            items.append(_Item("?", found["other"]))
    return items


def _number(found: re.Match[str]) -> _Item:
    number, tight = found["number"].replace(",", ""), found["tight"]
    if tight and (len(tight) == 1 or tight.lower() not in _TIGHT_UNITS) and len(tight) < 3:
        return _Item("?", found.group())
    places = len(number.partition(".")[2])
    return _Item("n", number, places)


def _left(items: list[_Item]) -> _Side:
    """The expression that ends at the equals sign, read from the right. Raises ``_Doubt``."""
    parts: list[str] = []
    words: list[str] = []
    open_side = True
    run = 0
    for index in range(len(items) - 1, -1, -1):
        item = items[index]
        run = run + 1 if item.kind == "w" else 0
        if item.kind == "n":
            if not open_side:
                # Two numbers side by side: a mixed number, or a factor before a bracket.
                raise _Doubt
            _no_label(items, index)
            parts.insert(0, item.text)
            open_side = False
        elif item.kind == "o":
            if item.text == "/" and index + 1 < len(items) and items[index + 1].kind == "w":
                continue
            if (
                open_side
                and parts
                and item.text not in "()%"
                and (items[index + 1].kind == "w" or item.text != "-")
            ):
                # A name among the terms, or two operators in a row.
                raise _Doubt
            parts.insert(0, _operator(item.text))
            open_side = item.text != "("
        elif item.kind == "w" and _is_times(items, index):
            parts.insert(0, "*")
            open_side = True
        elif item.kind == "w" and open_side:
            _no_name(items, index, bool(parts))
            if run > _MAX_WORDS:
                raise _Doubt
            words.append(item.text)
        elif (item.kind == "?" or item.text == "and") and index and items[index - 1].kind == "n":
            raise _Doubt
        else:
            break
    expression = "".join(parts)
    if not re.match(r"[-(]*[\d.]", expression) or not re.search(r"[\d)%][-+*/^(]", expression) or open_side:
        raise _Doubt
    return _Side(expression, tuple(words))


def _no_name(items: list[_Item], index: int, inside: bool) -> None:
    """A word in an expression is a unit; a variable, a verb or ``1/3 of Ann`` is a doubt."""
    word = items[index].text
    if len(word) == 1 and (inside or word not in _TIGHT_UNITS):
        raise _Doubt
    if word in _VERBS or (word == "of" and index > 1 and items[index - 2].text == "/"):
        raise _Doubt


def _operator(text: str) -> str:
    if text == "**":
        # Two stars are a slip of the pen as often as a power.
        raise _Doubt
    return text


def _no_label(items: list[_Item], index: int) -> None:
    if index and items[index - 1].kind == "w" and items[index - 1].text.rstrip("s") in _LABELS:
        raise _Doubt


def _is_times(items: list[_Item], index: int) -> bool:
    """Is a word a multiplication: ``x`` or ``times`` between numbers, ``of`` behind a share?"""
    if (
        index + 1 >= len(items)
        or not index
        or not (items[index + 1].kind == "n" or items[index + 1].text == "(")
    ):
        return False
    before = items[index - 1]
    if items[index].text in ("x", "times"):
        return before.kind in ("n", "w") or before.text in (")", "%")
    share = before.text == "%" or (before.kind == "n" and index > 1 and items[index - 2].text == "/")
    return items[index].text == "of" and share


def _right(items: list[_Item]) -> _Side:
    """The value or expression that begins behind the equals sign. Raises ``_Doubt``."""
    parts: list[str] = []
    words: list[str] = []
    places = 0
    for index, item in enumerate(items):
        if item.kind == "n":
            if parts and parts[-1] not in "+-*/^(":
                break
            parts.append(item.text)
            places = max(places, item.places)
        elif item.kind == "o":
            following = items[index + 1] if index + 1 < len(items) else None
            if (
                item.text == "/"
                and following is not None
                and following.kind == "w"
                and len(following.text) > 1
            ):
                break
            if item.text == "(" and parts and parts[-1] not in "+-*/^(":
                break
            if item.text not in ")%" and (following is None or following.kind in ("w", "?")):
                raise _Doubt
            parts.append(_operator(item.text))
        elif item.kind == "w" and parts and item.text not in ("x", "times", "of"):
            words.append(item.text)
            if index + 1 < len(items) and items[index + 1].kind == "n":
                break
        else:
            raise _Doubt
    expression = "".join(parts)
    if not re.search(r"\d", expression):
        raise _Doubt
    return _Side(expression, tuple(words), places)


def _holds(value: Fraction, result: Fraction, left: _Side, right: _Side) -> bool:
    """Are both sides equal, rounded, or in another dress of the same unit?"""
    scaled = [Fraction(1)]
    both = f"{left.expression} {right.expression}"
    if "%" in both or any(word.startswith(("cent", "percent")) for word in (*left.words, *right.words)):
        scaled += [Fraction(100), Fraction(1, 100)]
    if "10^" in both:
        scaled += [Fraction(10) ** power for power in (3, 6, 9, -3, -6, -9)]
    # Whole results of uneven divisions are rounded either way; decimals may be cut.
    step = Fraction(1, 10**right.places)
    for scale in scaled:
        distance = abs(value - result * scale)
        if distance <= Fraction(1, 10**6) or (value.denominator != 1 and distance < step * scale):
            return True
    # A factor written with two decimals may itself be rounded: 66.67 * 300 = 20000.
    slack = sum(
        (
            Fraction(1, 2 * 10 ** len(tail)) / Fraction(f"{whole or 0}.{tail}")
            for whole, tail in _decimals(both)
        ),
        Fraction(0),
    )
    return value != 0 and abs((value - result) / value) <= slack


def _decimals(text: str) -> list[tuple[str, str]]:
    """Numbers with two decimals or more, cut at the point; zero is left out."""
    return [pair for pair in _DECIMAL.findall(text) if int("".join(pair))]


def _mixed_units(left: _Side, right: _Side) -> bool:
    """``1 hour + 30 minutes = 90 minutes`` is no mistake: sides with different units are left alone."""
    found = {word.rstrip("s") for word in (*left.words, *right.words)}
    return len(found.intersection(_UNITS)) > 1
