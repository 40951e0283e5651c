"""Finding the choice that a text ends in: a letter, the words of a choice, or yes or no.

A text is read where it concludes: behind its last marker (``Final Answer:``, ``the answer is``,
``\\boxed{}``), else in its last sentence. Choices that are turned down there (``not (A)``, ``B is out``) do
not count; two that remain are no answer. Only a bounded stretch of a conclusion is looked at, so that the
time is linear in the length of the text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from siked.answers import Where, Why
from siked.answers.discourse import PLEASANTRY
from siked.answers.markers import markers
from siked.answers.normalize import plain
from siked.answers.window import from_end, readable
from siked.records import Answer

STRETCH = 600
"""Characters of a conclusion that are looked at."""
TAIL = 2_400
"""Characters at the end of a text in which its last sentence is looked for."""
LETTERS = "ABCDEFGHIJ"

_REASON = re.compile(
    r"\b(?:because|since|rather than|instead of|as opposed to|unlike|whereas)\b.*", re.I | re.S
)
_CLAUSE = re.compile(r"[,;!?]|\.(?=\s|$)|\n|\bbut\b|\bwhile\b|\s[-\u2013\u2014]{1,2}\s", re.I)
_NAMES = r"(?:options?|choices?|answers?|letters?|alternatives?)"
_REJECTED = re.compile(
    r"\b(?:not|no|nor|neither|never|cannot|can't|isn't|aren't|wasn't|doesn't|don't|out|wrong|incorrect|false"
    r"|eliminated?|excluded?|rejected?|discarded?|impossible|except)\b|n['\u2019]t\b",
    re.I,
)
_WHOLE = re.compile(rf"(?:the\s+)?(?:correct\s+)?(?:{_NAMES}\s*:?\s*)?[(\[]?([A-J])[)\].:]?", re.I)
_LETTER = re.compile(
    rf"[(\[]([A-J])[)\]]|\b([A-J])\)|^\s*([A-J])[.:](?=\s|$)|\b(?i:{_NAMES})\s+([A-J])\b"
    r"|\b(?i:is|leaves|be|choose|pick|select|left|remains|with|therefore|thus|so|hence)\s+([A-J])(?=\W*$)"
    r"|\b([A-J])\s+(?i:is|seems|must be|remains|fits|follows)\b"
)
_SMALL = re.compile(r"[(\[]([a-j])[)\]]")
_ALONE = re.compile(r"^\W*([A-J])\W*$")
_LISTED = re.compile(r"^\W*\(?[A-J][).:]\s+\S.*[^?]$")
_JOINED = re.compile(r"\b([A-J])[)\]]?\s*(?:,|/|&|\bor\b|\band\b)\s*(?:[(\[]?([A-J])\b(?!\s+\w+ing\b))")
_LEAD = re.compile(
    r"^\W*(?:so|therefore|thus|hence|then|well|clearly|indeed|definitely|the answer is)\b[\s,:]*", re.I
)
_FIRST = re.compile(r"^\W*(yes|no|true|false|correct|incorrect|right|wrong)\b", re.I)
_POLAR = re.compile(r"\b(yes|true|correct|right|no|false|incorrect|wrong)\b", re.I)
_EITHER = re.compile(
    r"\b(?:yes|true|correct)\W{1,3}(?:(?:and|or)\s+)?(?:no|false|incorrect)\b|\b(?:no|false|incorrect)\W{1,3}(?:(?:and|or)\s+)?(?:yes|true|correct)\b",
    re.I,
)
_NOT = re.compile(r"(?:\bnot|n['\u2019]t)\s+(?:\w+\s+){0,1}$", re.I)
_WORD = re.compile(r"\w+")
_YES = frozenset(("yes", "true", "correct", "right"))


@dataclass(frozen=True, slots=True)
class Read:
    """What a text ends in: the choice (a letter, ``yes`` or ``no``) and how it was said, or why there is
    none; and where the conclusion stood."""

    choice: str | None
    how: str
    where: Where | None = None


def read_choice(answer: Answer, choices: Mapping[str, str]) -> Read:
    """Return the letter that ``answer`` ends in; ``choices`` are those of the question, none if unknown.

    ``how`` is ``letter`` or ``text``, or a reason of :class:`siked.answers.Why`.
    """
    found = conclusion(answer)
    if isinstance(found, Why):
        return Read(None, found.value)
    text, where = found
    chosen = _chosen(text, choices, marked=where is not Where.SENTENCE)
    return Read(None, chosen.value, where) if isinstance(chosen, Why) else Read(*chosen, where)


def read_polarity(answer: Answer) -> Read:
    """Return the ``yes`` or ``no`` that ``answer`` ends in; ``true`` and ``false`` mean the same."""
    found = conclusion(answer)
    if isinstance(found, Why):
        return Read(None, found.value)
    text, where = found
    said = _polarity(text)
    return Read(None, said.value, where) if isinstance(said, Why) else Read(said, "word", where)


def conclusion(answer: Answer) -> tuple[str, Where] | Why:
    """Return the words in which a text concludes, without dress, and where they stood. Never raises."""
    if answer.form == "value":
        shown = plain(answer.text.strip()[:STRETCH]).strip()
        return (shown, Where.VALUE) if shown else Why.NO_ANSWER
    text = readable(answer.text, numbered=answer.form == "subquestions")
    for marker in markers(text):
        if not marker.closed:
            return Why.CUT_OFF
        if marker.negated:
            return Why.NEGATED
        stop = len(text.text) if marker.end is None else marker.end
        shown = text.text[marker.value : min(stop, marker.value + STRETCH)].strip(" \t\n*:")
        # a closing sentence behind the answer is not part of it
        shown = plain(shown.partition("\n")[0]).strip()
        return (shown, marker.where) if shown else Why.CUT_OFF
    for sentence in from_end(text.text[-TAIL:], TAIL):
        shown = plain(sentence[-STRETCH:]).strip()
        if _WORD.search(shown) and not PLEASANTRY.match(shown):
            return shown, Where.SENTENCE
    return Why.NO_ANSWER


def _chosen(text: str, choices: Mapping[str, str], marked: bool) -> tuple[str, str] | Why:
    allowed = set(choices) or set(LETTERS)
    alone = _WHOLE.fullmatch(text.strip(" *\"'`$.!"))
    if alone is not None and alone[1].upper() in allowed:
        return alone[1].upper(), "letter"
    same = [letter for letter, words in choices.items() if _words(words) == _words(text)]
    if len(same) == 1:
        return same[0], "text"
    if not marked and _LISTED.match(text):
        return Why.NO_ANSWER  # one more entry of a list is no conclusion
    letters: set[str] = set()
    contents: set[str] = set()
    turned_down = False
    if (pair := _JOINED.search(text)) and pair[1] != pair[2] and not _REJECTED.search(text):
        return Why.ALTERNATIVES
    for clause in _CLAUSE.split(_REASON.sub("", text)):
        named, rest = _contents(clause, choices)
        said = {letter for groups in _LETTER.findall(rest) for letter in groups if letter}
        said |= {letter.upper() for letter in _SMALL.findall(rest)} | set(_ALONE.findall(rest))
        if _REJECTED.search(rest):
            turned_down = turned_down or bool(said or named)
        else:
            letters |= said & allowed
            contents |= named
    if len(letters) == 1 and contents - letters:
        # "(B) silk" where silk is A
        return Why.ALTERNATIVES
    if len(letters) > 1 or (not letters and len(contents) > 1):
        return Why.ALTERNATIVES
    if letters:
        return letters.pop(), "letter"
    if contents:
        return contents.pop(), "text"
    return Why.NEGATED if turned_down else Why.NO_ANSWER


def _contents(clause: str, choices: Mapping[str, str]) -> tuple[set[str], str]:
    """Return the letters of the choices whose words stand in ``clause``, longest first, and what is left."""
    found: set[str] = set()
    low = f" {' '.join(_words(clause))} "
    for letter, words in sorted(choices.items(), key=lambda item: -len(item[1])):
        wanted = f" {' '.join(_words(words))} "
        if len(wanted) > 3 and wanted in low:
            found.add(letter)
            low = low.replace(wanted, " | ")
            pattern = r"\W+".join(map(re.escape, _WORD.findall(words)))
            clause = re.sub(rf"\b{pattern}\b", "|", clause, flags=re.IGNORECASE)
    return found, clause


def _words(text: str) -> list[str]:
    found = _WORD.findall(text.casefold())
    return found[1:] if found[:1] in (["a"], ["an"], ["the"]) and len(found) > 1 else found


def _polarity(text: str) -> str | Why:
    if _EITHER.search(text):
        return Why.ALTERNATIVES
    text = _LEAD.sub("", text, count=1)
    first = _FIRST.match(text)
    if first is not None:
        return "yes" if first[1].lower() in _YES else "no"
    said: set[str] = set()
    for found in _POLAR.finditer(_REASON.sub("", text)):
        word = found[1].lower()
        yes = word in _YES
        if _NOT.search(text, max(0, found.start() - 24), found.start()):
            yes = not yes
        # "there is no answer": a no before a noun judges nothing
        if word == "no" and text[found.end() : found.end() + 2].strip(" .,;!)\"'*"):
            continue
        if word == "right" and not re.search(
            r"\b(?:is|are|that's|be)\s+(?:not\s+)?$", text[: found.start()], re.I
        ):
            continue
        said.add("yes" if yes else "no")
    if len(said) == 1:
        return said.pop()
    return Why.ALTERNATIVES if said else Why.NO_ANSWER
