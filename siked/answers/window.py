"""What of a text counts: a bounded window, without special tokens and code, up to the next problem."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from siked.answers.vocabulary import vocabulary

WINDOW = 32_768
"""Characters read at each end of a text; what lies between is not looked at."""

_BLANK = re.compile(r"\s{33,}")
"""White space so long that patterns with several optional gaps would try it in too many ways."""
_SPECIAL = re.compile(
    r"<\|[^|<>\s]{1,40}\|>|<\uff5c[^\uff5c<>]{1,40}\uff5c>|</?s>|<(?:bos|eos|pad|unk)>|<(?:start|end)_of_turn>|\[/?INST\]",
    re.IGNORECASE,
)
_TURN_ENDS = (
    "<|eot_id|>",
    "<|im_end|>",
    "<|end|>",
    "<|endoftext|>",
    "<|end_of_text|>",
    "<|eom_id|>",
    "<|end_of_turn|>",
    "<|user|>",
    "<|im_start|>user",
    "<end_of_turn>",
    "<start_of_turn>user",
    "</s>",
    "<eos>",
    "[inst]",
    "<\uff5cend\u2581of\u2581sentence\uff5c>",
)
_TOKEN_SIGN = re.compile(r"<[|\uff5c/a-zA-Z]|\[/?(?:INST|inst)")
"""Where a special token may begin."""
_ROLE = re.compile(r"\s*(?:assistant|model)\s*(?:\n|:)\s*", re.IGNORECASE)

_NEXT = (
    "q:",
    "question",
    "input:",
    "instruction",
    "problem",
    "human:",
    "user:",
    "### ",
    "example",
    "exercise",
)
"""Cheap signs of another problem; only where one of them occurs is the pattern tried there."""
_NEXT_PROBLEM = re.compile(
    r"(?:q(?:uestion)?(?:\s*#?\d{1,4})?\s*\**\s*:|(?:input|instruction|human|user)\s*\**\s*:"
    r"|(?:(?:next|new|another)\s+)?(?:problem|question|example|exercise)(?:\s*#?\d{1,4})\s*\**\s*(?:[:.)]|\n|$)"
    r"|(?:next|new|another)\s+(?:problem|question)\s*\**\s*(?:[:.]|\n|$)|problem\s*\**\s*:)",
    re.IGNORECASE,
)
_COUNTED = re.compile(r"q(?:uestion)?\s*#?\d")
_HEADER = re.compile(
    r"###\s*(?:instruction|input|question|problem|example|exercise|human|user|task)\b", re.IGNORECASE
)
_BEFORE = re.compile(r"(?:^|\n|[.!?\"')\]}]|\d)[\s*#>_-]*$")
_NUMBERED_SUB = re.compile(r"sub-?\s?$", re.IGNORECASE)
_INLINE_SPACE = re.compile(r"(?:^|\s)[*#>_]*$")

_FENCE = "```"
_PROSE_FENCES = ("output", "text", "txt", "markdown", "md", "json", "plaintext", "")


@dataclass(slots=True)
class Text:
    """A text as the ladder reads it, and its lower-case twin of the same length."""

    text: str
    low: str


def readable(text: str, numbered: bool = False) -> Text:
    """Return the part of ``text`` that counts.

    Of a text longer than two windows the first and the last window are kept. Special tokens go, code
    in fences goes, and so does everything from the end of the turn or the next problem on. Where
    ``numbered``, ``Question 2:`` is a step of this problem and no next one.
    """
    if len(text) > 2 * WINDOW:
        text = f"{text[:WINDOW]}\n{text[-WINDOW:]}"
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if ("<" in text or "[" in text) and _TOKEN_SIGN.search(text):
        text = _turn(text)
    if _FENCE in text:
        text = _without_code(text)
    text = narrowed(text)
    low = lower(text)
    end = next_problem(text, low, numbered)
    return Text(text[:end], low[:end]) if end is not None else Text(text, low)


def narrowed(text: str) -> str:
    """Shorten every run of more than 32 white-space characters; line breaks and empty lines stay."""
    return _BLANK.sub(_narrow, text)


def _narrow(found: re.Match[str]) -> str:
    blank = found.group()
    if "\n\n" in blank:
        return "\n\n"
    lines = blank.count("\n")
    return "\n \n" if lines > 1 else "\n" if lines else " "


def lower(text: str) -> str:
    """Lower-case ``text`` without changing its length."""
    low = text.lower()
    if len(low) == len(text):
        return low
    return "".join(small if len(small := char.lower()) == 1 else char for char in text)


def _turn(text: str) -> str:
    """Cut at the end of the turn and drop the other special tokens."""
    low = lower(text)
    start = 0
    while (token := _SPECIAL.match(text, start)) or (start and (token := _ROLE.match(text, start))):
        start = token.end()
        while text[start : start + 1].isspace():
            start += 1
    end = len(text)
    for mark in _TURN_ENDS:
        at = low.find(mark, start)
        while at != -1 and not text[start:at].strip():
            at = low.find(mark, at + 1)
        if at != -1:
            end = min(end, at)
    return _SPECIAL.sub("", text[start:end])


def _without_code(text: str) -> str:
    """Drop fenced code; keep fences that hold output or prose. An unclosed fence of code ends the text."""
    pieces: list[str] = []
    at = 0
    while (start := text.find(_FENCE, at)) != -1:
        pieces.append(text[at:start])
        line = text.find("\n", start)
        end = text.find(_FENCE, start + 3)
        if line == -1 or (end != -1 and end < line):
            # A fence within one line is prose in backticks.
            stop = end if end != -1 else len(text)
            pieces.append(text[start + 3 : stop])
            at = stop + 3 if end != -1 else len(text)
            continue
        language = text[start + 3 : line].strip().lower()
        if language in _PROSE_FENCES:
            pieces.append("\n" + text[line : end if end != -1 else len(text)])
        at = end + 3 if end != -1 else len(text)
        pieces.append("\n")
    pieces.append(text[at:])
    return "".join(pieces)


def next_problem(text: str, low: str, numbered: bool = False) -> int | None:
    """Return where ``text`` passes into another problem, or None. A question at its very start is its own."""
    best: int | None = None
    for sign in _NEXT:
        at = low.find(sign)
        while at != -1 and (best is None or at < best):
            if _is_next(text, low, at, sign, numbered):
                best = at
                break
            at = low.find(sign, at + 1)
    return best


def _is_next(text: str, low: str, at: int, sign: str, numbered: bool) -> bool:
    if sign == "### ":
        return text[at - 1 : at] != "#" and _HEADER.match(low, at) is not None and bool(text[:at].strip())
    found = _NEXT_PROBLEM.match(low, at)
    if found is None:
        return False
    lead = text[max(0, at - 24) : at]
    if _NUMBERED_SUB.search(lead) or (numbered and sign in ("q:", "question") and _COUNTED.match(low, at)):
        return False
    place = _INLINE_SPACE if sign == "q:" else _BEFORE
    if at > 24 and not lead.strip():
        return True
    # A question that the text opens with is the one it answers.
    return place.search(lead) is not None and bool(text[:at].strip(" \n\t*#>_-"))


_ABBREVIATIONS = frozenset(
    vocabulary(
        "rs mr mrs ms dr st sq ft in oz lb lbs vs approx no etc eq fig jr sr prof mt dept est "
        "e.g i.e a.m p.m u.s hr hrs min sec cm km kg"
    )
)
_END = re.compile(r"(?<![.!?])[.!?]++[\"')\]*}]*+(?=\s|$)")
_WORD_BEFORE = re.compile(r"([A-Za-z][A-Za-z.]*)$")


def sentence_end(text: str, start: int = 0, listed: bool = True) -> int:
    """Return where the sentence that begins at ``start`` ends (behind its full stop), or the length.

    ``listed``: a number at the start of the line may be a list number, whose full stop ends nothing.
    """
    for found in _END.finditer(text, start):
        if found.group()[0] != "." or not _abbreviated(text, start, found.start(), found.end(), listed):
            return found.end()
    return len(text)


def _abbreviated(text: str, start: int, stop: int, end: int, listed: bool) -> bool:
    word = _WORD_BEFORE.search(text, max(start, stop - 8), stop)
    if word is None:
        # "2." at the start of a line is a list number.
        line = text[text.rfind("\n", 0, stop) + 1 : stop].strip(" *_")
        return listed and line.isdigit() and len(line) <= 2 and bool(text[end:].strip())
    name = word.group().lower()
    if name in (
        "in",
        "no",
        "st",
        "min",
        "sec",
        "ft",
        "oz",
        "cm",
        "km",
        "kg",
        "hr",
        "hrs",
        "lb",
        "lbs",
        "a.m",
        "p.m",
        "etc",
    ):
        rest = text[end : end + 3].strip()
        return bool(rest) and not rest[0].isupper()
    return name in _ABBREVIATIONS


def sentences(text: str, listed: bool = True) -> list[str]:
    """Split a text of bounded length into sentences; a line break ends one too."""
    found: list[str] = []
    for line in text.split("\n"):
        found += _of_line(line, listed or bool(found))
    return found


def _of_line(line: str, listed: bool) -> list[str]:
    found: list[str] = []
    at = 0
    while at < len(line):
        end = sentence_end(line, at, listed or bool(found))
        piece = line[at:end].strip()
        if piece:
            found.append(piece)
        at = end
    return found


def from_end(text: str, limit: int) -> Iterator[str]:
    """Yield the sentences of the last ``limit`` characters, the last one first."""
    for line in reversed(text[-limit:].split("\n")):
        yield from reversed(_of_line(line, True))
