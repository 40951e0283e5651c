"""Finding the explicit markers of an answer, the last one first."""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterator
from dataclasses import dataclass

from siked.answers.rules import Where
from siked.answers.window import Text


@dataclass(slots=True)
class Marker:
    """A marker at ``start``; what it marks begins at ``value`` and, for a bracketed one, ends at ``end``."""

    where: Where
    start: int
    value: int
    end: int | None = None
    negated: bool = False
    """The marker itself says what the answer is not (``the answer isn't``)."""
    closed: bool = True
    """False for a bracketed marker whose bracket never closes."""


_CONNECT = r"(?:\s*\**\s*(?::|=|->|→|⇒|≈)[ \t]*\**|\s+(?:is|are|was|were)\b\s*:?|\s*'s\b)"
_VERB = (
    r"\s+(?:(?:would|will|should|must|can\s+only|has\s+to)\s+(?:then\s+)?be|(?:is|was)n['\u2019]t|(?:can\s?not|can['\u2019]t|could\s?not|couldn['\u2019]t)\s+be|comes?\s+(?:out\s+)?to|works\s+out\s+to"
    r"|equals|becomes)\b\s*:?"
)
_OF = (
    r"(?:\s+(?:to|for|of)\s+(?:the|this|your|our|that|my)\s+(?:[a-z]+\s+){0,3}?"
    r"(?:question|problem|task|riddle|exercise)s?)?"
)
_ANSWER = re.compile(
    rf"(?:answers?|ans)(?:\s+(?:choice|option|value|here))?{_OF}\s*(?:\([^()\n]{{0,40}}\))?(?:{_CONNECT}|{_VERB})"
    r"(?:\s+(?:therefore|thus|then|hence|simply|just|indeed|also|still|clearly|now|equal\s+to|as\s+follows|that|given\s+by)\b\s*:?)*",
    re.IGNORECASE,
)
_IN_UNITS = re.compile(r"answers?\s+in\s+[a-z $%]{1,24}:", re.IGNORECASE)
_HEADING = re.compile(r"answer\s*\**_*\s*(?=\n|$)|answer\s*\**\s*[-\u2013\u2014]\s", re.IGNORECASE)
_NEGATED = re.compile(r"n['\u2019]t\b|not\b")
_FINAL = re.compile(r"final\s+\**_*$", re.IGNORECASE)
_SUB = re.compile(
    r"answers?\s+(?:to|for|of)\s+(?:the\s+)?(?:sub|question|part|step|first|second|third|last|q)\b|answers?\s+\d",
    re.IGNORECASE,
)
_LABEL_START = re.compile(r"(?:^|\n|[.?!)\]]\s)[\s*#>_-]*(?:the\s+|my\s+|correct\s+)*$", re.IGNORECASE)
_A_START = re.compile(r"(?:^|\n|[?]\s|[.]\s)[\s*#>_]*$")
_A_LABEL = re.compile(r"a\s*\**\s*:\s*\**")
_HASHES = re.compile(r"####\s*")
_LISTED = re.compile(r"\s*b\s*\**\s*:")


def markers(text: Text) -> Iterator[Marker]:
    """Yield the markers of ``text`` from the last to the first."""
    low = text.low
    streams = []
    if "ans" in low:
        streams.append(_answers(text))
    if "boxed" in low:
        streams.append(_boxes(text))
    if "####" in low:
        streams.append(_hashes(text))
    if "<answer>" in low:
        streams.append(_tags(text))
    if "a:" in low or "a**:" in low or "a :" in low:
        streams.append(_a_labels(text))
    heads = [(head, stream) for stream in streams if (head := next(stream, None)) is not None]
    while len(heads) > 1:
        last = max(range(len(heads)), key=lambda index: heads[index][0].start)
        head, stream = heads.pop(last)
        yield head
        following = next(stream, None)
        if following is not None:
            heads.append((following, stream))
    for head, stream in heads:
        yield head
        yield from stream


def _spots(low: str, literal: str) -> Iterator[int]:
    at = low.rfind(literal)
    while at != -1:
        yield at
        at = low.rfind(literal, 0, at)


def _answers(text: Text) -> Iterator[Marker]:
    low = text.low
    for at in _spots(low, "ans"):
        if at and low[at - 1].isalnum():
            continue
        if low[at + 3 : at + 6] == "wer" or not low[at + 3 : at + 4].isalnum():
            marker = _answer_at(low, at)
            if marker is not None:
                yield marker


def _answer_at(low: str, at: int) -> Marker | None:
    if _SUB.match(low, at):
        return None
    lead = low[max(0, at - 24) : at]
    final = _FINAL.search(lead) is not None
    found = _ANSWER.match(low, at) or _IN_UNITS.match(low, at)
    if found is None:
        found = _HEADING.match(low, at)
        if found is None or not (final or _LABEL_START.search(lead)):
            return None
        return Marker(Where.FINAL_ANSWER if final else Where.LABEL, at, found.end())
    if final:
        return Marker(Where.FINAL_ANSWER, at, found.end())
    mark = low[at : found.end()].rstrip(" *")
    if mark.endswith((":", "=", "->", "→", "⇒", "≈")) and " " not in mark.replace(" :", ":").strip(":"):
        starts = _LABEL_START.search(lead) is not None
        return Marker(Where.LABEL, at, found.end()) if starts else None
    return Marker(Where.ANSWER_IS, at, found.end(), negated=_NEGATED.search(mark) is not None)


def _a_labels(text: Text) -> Iterator[Marker]:
    low = text.low
    spots = _spots(low, "a:")
    if "a**:" in low or "a :" in low:
        spots = heapq.merge(spots, _spots(low, "a**:"), _spots(low, "a :"), reverse=True)
    for at in spots:
        if at and (low[at - 1].isalnum() or not _A_START.search(low, max(0, at - 12), at)):
            continue
        found = _A_LABEL.match(low, at)
        assert found is not None
        line_end = low.find("\n", found.end())
        # "A: 5" above "B: 6" names a thing, it marks no answer.
        if line_end != -1 and _LISTED.match(low, line_end + 1):
            continue
        yield Marker(Where.LABEL, at, found.end())


def _boxes(text: Text) -> Iterator[Marker]:
    for at in _spots(text.low, "boxed"):
        opening = at + 5
        while text.low[opening : opening + 1] == " ":
            opening += 1
        if text.low[opening : opening + 1] != "{":
            continue
        start = at - 1 if text.low[at - 1 : at] == "\\" else at
        end = _closing(text.text, opening)
        if end is None:
            yield Marker(Where.BOXED, start, opening + 1, len(text.text), closed=False)
        else:
            yield Marker(Where.BOXED, start, opening + 1, end)


def _closing(text: str, opening: int) -> int | None:
    depth = 0
    for at in range(opening, min(len(text), opening + 600)):
        char = text[at]
        if char == "{":
            depth += 1
        elif char == "}":
            depth -= 1
            if depth == 0:
                return at
    return None


def _hashes(text: Text) -> Iterator[Marker]:
    for at in _spots(text.low, "####"):
        if text.low[at - 1 : at] == "#" or text.low[at + 4 : at + 5] == "#":
            continue
        found = _HASHES.match(text.low, at)
        assert found is not None
        yield Marker(Where.HASHES, at, found.end())


def _tags(text: Text) -> Iterator[Marker]:
    for at in _spots(text.low, "<answer>"):
        value = at + 8
        end = text.low.find("</answer>", value)
        yield Marker(Where.TAG, at, value, end if end != -1 else None)
