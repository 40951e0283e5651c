"""Finding the answer in a text and comparing it with a gold: exact, total, in linear time.

The public face of this package; strategies and verifiers of plugins use it too.

>>> from siked.records import Answer
>>> extract(Answer("18 - 3 = 15. The answer is $1,015.")).text
'1015'
>>> judge("1,015", Answer("18 - 3 = 15. The answer is $1,015.")).rule
'answer-is/exact'
"""

from __future__ import annotations

from siked.answers.compare import key
from siked.answers.extract import Found, find
from siked.answers.flags import FLAGS, flags
from siked.answers.golds import Gold, read_gold
from siked.answers.judging import Judgement, equal, extract, judge
from siked.answers.rules import AGREED, MEANINGS, OUTVOTED, RULES, How, Where, Why
from siked.answers.values import Number, Pair, Several, Value, Word, text_of
from siked.answers.voting import groups, majority

__all__ = [
    "AGREED",
    "FLAGS",
    "MEANINGS",
    "OUTVOTED",
    "RULES",
    "Found",
    "Gold",
    "How",
    "Judgement",
    "Number",
    "Pair",
    "Several",
    "Value",
    "Where",
    "Why",
    "Word",
    "equal",
    "extract",
    "find",
    "flags",
    "groups",
    "judge",
    "key",
    "majority",
    "read_gold",
    "text_of",
]
