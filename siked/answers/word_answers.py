"""Answers that are words: ``Yes``, ``Rug B``, ``They are equal``, ``February 3rd``."""

from __future__ import annotations

import re

from siked.answers.normalize import plain
from siked.answers.vocabulary import vocabulary

_TOKEN = re.compile(r"[^\W_]+(?:[:.]\d+)*")
_ORDINAL = re.compile(r"\b(\d+)(?:st|nd|rd|th)\b")
_POSSESSIVE = re.compile(r"['\u2019](s|re|t|ll)\b")
_FILLERS = frozenset(vocabulary("the a an they are is was were it both that re"))
_LEAD_INS = frozenset(
    vocabulary("option choice answer definitely probably certainly clearly so therefore thus hence then")
)
_BLOCKS = frozenset(vocabulary("or not isnt doesnt isn doesn wasn cant cannot"))
_SYNONYMS = {"true": "yes", "false": "no", "same": "equal", "april": "april"}
_IS = re.compile(r"\b(?:is|are|was|were|be|at|in|on|buy|chooses?|has|picks?)\b", re.IGNORECASE)
_FORMULA = re.compile(r"[+*/^=<>\\_{}|]|\d\s*-|-\s*\d|\(|\[")
"""Signs that make a gold a formula, in which every sign counts."""
MAX_WORDS = 6


def _formula(text: str) -> str:
    return "".join(plain(text).split()).rstrip(".")


def tokens(text: str) -> list[str]:
    """Return the words of ``text`` that carry meaning, in lower case."""
    shown = _POSSESSIVE.sub(r"\1", text.casefold())
    found = _TOKEN.findall(_ORDINAL.sub(r"\1", shown))
    return [_SYNONYMS.get(word, word) for word in found if word not in _FILLERS]


def same_words(gold: str, found: str) -> bool:
    """Are two short texts the same words? Formulas must agree sign by sign."""
    if _FORMULA.search(gold):
        return _formula(gold) == _formula(found)
    wanted = tokens(gold)
    return bool(wanted) and wanted == tokens(found)


def stated_word(sentence: str, gold: str, leading: bool) -> str | None:
    """Return the gold's words where ``sentence`` states them as the answer, else None."""
    if _FORMULA.search(gold):
        return gold.strip() if leading and _formula(gold) == _formula(sentence) else None
    wanted = tokens(gold)
    if not wanted:
        return None
    found = tokens(sentence)
    while found and found[0] in _LEAD_INS and wanted[0] not in _LEAD_INS:
        found = found[1:]
    size = len(wanted)
    if found[:size] == wanted and not (found[size : size + 1] and found[size] in _BLOCKS):
        if found[size : size + 2] == ["and", "no"] or (leading and found[size : size + 1] == ["and"]):
            return None
        return gold.strip().rstrip(".")
    if leading or found[-size:] != wanted or len(found) == size:
        return None
    verbs = list(_IS.finditer(sentence))
    if not verbs or _BLOCKS & set(found):
        return None
    behind = tokens(sentence[verbs[-1].end() :])
    return gold.strip().rstrip(".") if behind == wanted else None


def first_words(sentence: str) -> str | None:
    """Return a short phrase that may stand for the answer, or None."""
    shown = re.sub(r"\s+", " ", sentence).strip(" .,:;!*\"'")
    piece = re.split(r"[,.;:](?:\s|$)", shown)[0].strip()
    words = piece.split(" ")
    return " ".join(words[:MAX_WORDS]) if piece else None
