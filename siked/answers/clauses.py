"""The main clause of a sentence: without asides, connectives, reasons and conditions."""

from __future__ import annotations

import re

from siked.answers.arithmetic import evaluate
from siked.answers.numbers import quantities
from siked.answers.vocabulary import either

_VALUE = re.compile(r"[-+]?[\d.,/ ]*\d%?")
_LETTERS = re.compile(r"[a-z]{2,}")
_OPERATORS = "+-*/^=x"
_PAREN = re.compile(r"\(([^()]{0,300})\)")
_BECAUSE = re.compile(
    r"[,;]?\s+(?:because|since|given\s+that|due\s+to|as\s+(?=(?:he|she|it|they|we|there|this|that|each|the|you)\b))\b",
    re.IGNORECASE,
)
_AFTER_REASON = re.compile(r",\s+(?=(?:he|she|it|they|we|there|you|so|this|the|a\s+total)\b)", re.IGNORECASE)
_CONNECTIVES = either(
    "therefore | thus | so | hence | then | now | finally | consequently | in conclusion | as a result |"
    " and | but | in total"
    " | in all | altogether | overall | to conclude | in summary | well | ok | okay | yes | this means that"
    " | this means"
    " | that means that | that means | which means | this gives us | we get | we find that | it follows that"
)
_LEAD = re.compile(
    r"^\W*(?:(?:(?:step|part)\s*)?\d{1,2}[.):]\s+(?=\S)|step\s*\d{1,2}\s*[:.-]\s*)"
    rf"|^\W*{_CONNECTIVES}\b[\s,:]+",
    re.IGNORECASE,
)
_CONDITIONS = either(
    "if | since | because | as | when | while | after | before | given | with | in | at | for | on | by |"
    " from | of | during | over"
    " | once | considering | starting | without | under | assuming | counting | including | combining |"
    " adding | subtracting"
    " | multiplying | dividing | using | to | per | every | each | out of"
)
_CONDITION = re.compile(rf"^\s*(?:and\s+)?{_CONDITIONS}\b[^=]*?,\s+", re.IGNORECASE)
_ROUNDED = (
    r"(?:which\s+|or\s+|and\s+)?round(?:s|ed|ing)?\s+(?:it\s+)?(?:up\s+|down\s+|off\s+)?"
    r"(?:to(?!\s+the\s+nearest)|is|to\s+the\s+nearest\s+(?:\w+\s+){1,2}?(?:is|gives))"
)
CLAUSE = re.compile(
    r"(?:,\s*|\s+)(?:so|therefore|thus|hence|which\s+(?:means|is|equals|gives|makes|leaves|results\s+in|comes)"
    rf"|{_ROUNDED}|meaning|leaving|making|giving|that\s+is|i\.e\.|totall?ing)\b"
    r"|;|,\s+(?:and\s+)?(?:then\s+)?(?=(?:he|she|it|they|we|you|there)\b)",
    re.IGNORECASE,
)
"""Where a clause with a newer result begins."""


def unparenthesised(sentence: str) -> str:
    """Drop explaining parentheses; those that hold a value or a factor lose only their brackets."""
    for _ in range(4):
        found = _PAREN.search(sentence)
        if found is None:
            break
        inner = found[1].strip()
        before, after = sentence[: found.start()].rstrip(), sentence[found.end() :].lstrip()
        alone = _VALUE.fullmatch(inner) is not None
        operand = (before[-1:] in _OPERATORS and before[-1:] != "") or after[:1] in set("+-*/^=")
        if alone and (not before or before[-1] in "-=:,(" or not before[-1].isalnum()):
            sentence = f"{before}{'' if before[-1:] == '-' else ' '}{inner} {after}"
        elif operand and not _LETTERS.search(inner):
            value = evaluate(inner)
            shown = (
                f" {value.numerator}/{value.denominator} "
                if value is not None and value.denominator > 1
                else f" {value} "
            )
            sentence = f"{before}{shown if value is not None else ' ' + inner + ' '}{after}"
        else:
            sentence = f"{before} {after}" if before or after else inner
    return sentence


def main_clause(sentence: str, leading: bool) -> str:
    """Drop list numbers, connectives, reasons and conditions around the main clause."""
    for _ in range(4):
        found = _LEAD.match(sentence)
        if found is None or found.end() >= len(sentence) or (leading and found.group().strip()[:1].isdigit()):
            break
        sentence = sentence[found.end() :]
    if not leading:
        for _ in range(2):
            condition = _CONDITION.match(sentence)
            if condition is None or not quantities(sentence[condition.end() :]):
                break
            sentence = sentence[condition.end() :]
    reason = _BECAUSE.search(sentence)
    if reason is not None:
        behind = _AFTER_REASON.search(sentence, reason.end())
        if behind is not None and not leading and quantities(sentence[behind.end() :]):
            sentence = sentence[behind.end() :]
        elif quantities(sentence[: reason.start()]):
            sentence = sentence[: reason.start()]
    return sentence.rstrip(" .,;:!\"'")
