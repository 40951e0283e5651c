"""Sentences that state no value: refusals, negations, numbers that are none, and broken-off ones."""

from __future__ import annotations

import re

_REFUSAL = re.compile(
    r"\b(?:can\s?not|can't|could\s*n(?:o|')t|unable\s+to|impossible\s+to|not\s+(?:able|possible)\s+to|no\s+way\s+to)\s+(?:\w+\s+){0,2}?"
    r"(?:be\s+)?(?:determined?|answer(?:ed)?|solved?|calculated?|computed?|known?|say|tell|figured?|deduced?|inferr?(?:ed)?"
    r"|(?:find|provide|give)\s+(?:the|an?)\b|found|assist|help)\b"
    r"|(?:\b(?:is|are|be|remains?|as)|[:=]|^)\s*(?:\w+ly\s+)?(?:unknown|undetermined|indeterminate|undefined|unanswerable|inconclusive|unsolvable"
    r"|impossible|not\s+(?:given|known|specified|provided|possible|determinable|available|defined|stated|sure|answerable|solvable|found))\b"
    r"|\b(?:not|insufficient|no|n't\s+(?:have|provide|give)|enough|missing|lack\w*(?:\s+of)?)\s+(?:enough\s+|sufficient\s+)?(?:information|data\b|details|context)"
    r"|\b(?:don't|do\s+not)\s+know\b|\bno\s+(?:solution|answer|idea)\b|\bit\s+depends\b|\bas\s+an\s+ai\b|\bn/a\b|^\W*(?:not\s+enough|unknown|none\W*$)\b"
    r"|\bi(?:'m|\s+am)\s+(?:sorry|unable|not\s+able|not\s+sure\s+how)\b|\b(?:can\s?not|can't)\s+(?:assist|help)\b",
    re.IGNORECASE,
)
_SIGN = re.compile(
    r"n(?:o(?:t|ne| (?:way|solution|answer|idea))|'t|/a)|un(?:able|known|de|answer|solv)|impossible"
    r"|in(?:determinate|conclusive|formation|sufficient)|data|details|context|know|depends|as an ai|sorry"
)
"""What occurs in every refusal; the pattern itself is slow."""
NOT_FINITE = re.compile(r"(?<![\w])(?:nan|inf|infinity|infinite|infinitely)\b", re.IGNORECASE)
NEGATED = re.compile(
    r"^\W*(?:definitely |certainly |clearly |really |just )?not\s+(?!only\b|just\b|more than|less than)",
    re.IGNORECASE,
)
BUT = re.compile(r"(?:,|;|\bbut)\s*(?:it\s*(?:is|'s)|rather|instead|actually|but)?\s*", re.IGNORECASE)
_DANGLING = re.compile(
    r"(?:[+*/=(<\u00d7\u00f7-]|\d\s*x|(?<!=)\b(?:a|an|the|of|for|and|or|to|is|are|will|be|with|by|at|from|per|than|as|that|so"
    r"|because|he|she|they|we|if|then)|\b(?:from|of|to|for|on|with|and)\s+(?:each|both))\s*$"
    r"|(?<!sq)(?<!cubic)(?<!square)(?<!\d)\s+in\s*$|[$\u20ac\u00a3]\s*$",
    re.IGNORECASE,
)
_BACK = 48


def cut_off(sentence: str) -> bool:
    """Does a plain sentence without full stop break off where more must follow?"""
    return _DANGLING.search(sentence, max(0, len(sentence) - _BACK)) is not None


def refuses(sentence: str) -> bool:
    """Does a sentence decline to answer, or call the answer unknown?"""
    return _SIGN.search(sentence.lower()) is not None and _REFUSAL.search(sentence) is not None
