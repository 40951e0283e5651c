"""How a question with choices is written, and read back: the stem, then ``(A) choice``, one a line."""

from __future__ import annotations

import re
from collections.abc import Mapping

LONGEST = 20_000
"""Characters at the end of a question in which its choices are looked for."""
_CHOICE = re.compile(r"^[ \t]*\(?([A-Z])[).:][ \t]*(\S[^\n]*)$", re.MULTILINE)


def question_of(stem: str, choices: Mapping[str, str]) -> str:
    """Return the text of a question: ``choices`` by their letters, none for yes or no.

    >>> question_of("What do bees make?", {"A": "silk", "B": "honey"})
    'What do bees make?\\n(A) silk\\n(B) honey'
    """
    return "\n".join([stem, *(f"({letter}) {text}" for letter, text in choices.items())])


def choices_of(question: str) -> dict[str, str]:
    """Return the lettered choices at the end of a question; none where there are not two, from A on.

    >>> choices_of("What do bees make?\\n(A) silk\\n(B) honey")
    {'A': 'silk', 'B': 'honey'}
    """
    found: dict[str, str] = {}
    for match in _CHOICE.finditer(question[-LONGEST:]):
        if match[1] == "A":
            found = {}
        if match[1] == chr(ord("A") + len(found)):
            found[match[1]] = match[2].strip()
    return found if len(found) > 1 else {}
