"""Normal forms of questions: to find the same question, or the same question with other numbers.

The dev split is drawn by :func:`masked`, so that twins which differ only in their numbers stay on
one side; :func:`masked_body` tells which test problems tell a story that training has told;
:func:`normal_form` matches a question to the rationales someone recorded for it.
"""

from __future__ import annotations

import re
import unicodedata

_WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand "
    "million billion"
).replace(" ", "|")
_NUMBER = re.compile(rf"\d+(?:[.,]\d+)*|\b(?:{_WORDS})(?:[\s-]+(?:{_WORDS}))*\b")
_ASKING = "How|What|Which|Who|Whose|Where|When|Why|Did|Does|Do|Is|Are|Was|Were|Can|Could|Find|Calculate"
# Some stories end without a full stop, so a capital question word starts the question as well.
_START = re.compile(rf"(?<=[.!?;])[\"')\]]*\s+(?=\S)|\s+(?=(?:{_ASKING})\b)")
# Currency signs go too: upstream writes "$ 3" and "$3" for the same.
_PUNCTUATION = re.compile(r"(?:[^\w\s+*/%<>=^÷\u00d7-]|_|-(?!\s*\d))+")


def masked(text: str) -> str:
    """Return ``text`` with every number, in digits or words, as ``N``, lower-cased, white space folded.

    >>> masked("Twenty-five of  the 1,080 apples cost $2.50.")
    'N of the N apples cost $N.'
    """
    return " ".join(_NUMBER.sub("N", _folded(text)).split())


def masked_body(question: str) -> str:
    """Return the masked story of a question: what stands before the sentence that asks.

    Empty where the question is a single sentence.

    >>> masked_body("Ann has 3 pens. She buys two more How many pens has she now?")
    'ann has N pens. she buys N more'
    """
    starts = [match.start() for match in _START.finditer(question.rstrip())]
    return masked(question[: starts[-1]]) if starts else ""


def normal_form(text: str) -> str:
    """Return ``text`` lower-cased, white space folded and punctuation dropped; equal for the same question.

    What calculates is not punctuation: ``2 - 3`` and ``2 * 3`` differ.

    >>> normal_form(" How many  apples (in all)? ")
    'how many apples in all'
    """
    return " ".join(_PUNCTUATION.sub(" ", _folded(text)).split())


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower()
