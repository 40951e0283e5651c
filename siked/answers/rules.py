"""The closed list of rules: every verdict of siked's own verifiers names one of these.

A rule that decided has up to two halves, joined by a slash: *where* the answer stood and *how* it
compared with the gold (``boxed/rounded``). Where nothing could be compared it is one reason
(``refusal``).
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType

from siked.records import ProgramStatus


class Where(StrEnum):
    """Where in a text the answer stood."""

    BOXED = "boxed"
    HASHES = "hashes"
    TAG = "tag"
    FINAL_ANSWER = "final-answer"
    ANSWER_IS = "answer-is"
    LABEL = "label"
    SUB_ANSWER = "sub-answer"
    SENTENCE = "sentence"
    VALUE = "value"


class How(StrEnum):
    """How the answer compared with the gold."""

    EXACT = "exact"
    ROUNDED = "rounded"
    PERCENT = "percent"
    CLOCK = "clock"
    RATIO = "ratio"
    SEVERAL = "several"
    WORD = "word"
    LETTER = "letter"
    TEXT = "text"
    SYMBOLIC = "symbolic"
    DIFFERENT = "different"


class Why(StrEnum):
    """Why there was nothing to compare."""

    NO_ANSWER = "no-answer"
    CUT_OFF = "cut-off"
    REFUSAL = "refusal"
    NOT_FINITE = "not-finite"
    VARIABLE = "variable"
    ALTERNATIVES = "alternatives"
    RANGE = "range"
    PARTS = "parts"
    NEGATED = "negated"
    CORRECTION = "correction"
    UNANSWERED = "unanswered"
    BAD_GOLD = "bad-gold"
    NO_GOLD = "no-gold"
    TIMEOUT = "timeout"
    CRASH = "crash"
    FEW = "few"
    NO_MAJORITY = "no-majority"


MEANINGS = MappingProxyType(
    {
        Where.BOXED: "in the last `\\boxed{...}`",
        Where.HASHES: "after `####`",
        Where.TAG: "in `<answer>...</answer>`",
        Where.FINAL_ANSWER: "after `Final Answer`",
        Where.ANSWER_IS: "after `the answer is` or its like",
        Where.LABEL: "after `Answer:` or `A:`",
        Where.SUB_ANSWER: "in the answer to the last sub-question",
        Where.SENTENCE: "in the concluding sentence; there was no marker",
        Where.VALUE: "the bare answer of a program",
        How.EXACT: "the same value (within 1e-6: absolute for a whole gold, relative for others)",
        How.ROUNDED: "the same after rounding the more precise to the decimals of the other, at least two",
        How.PERCENT: "`N%` against a gold of N/100",
        How.CLOCK: "the same time; a.m. and p.m. may be missing, not contradict",
        How.RATIO: "the same ratio, term by term, not reduced",
        How.SEVERAL: "all values of the gold, in its order",
        How.WORD: "the same word",
        How.LETTER: "the same choice, by its letter or by what stands behind it",
        How.TEXT: "the same text (verifier `exact`)",
        How.SYMBOLIC: "equal as mathematics (verifier `symbolic`)",
        How.DIFFERENT: "not the same",
        Why.NO_ANSWER: "no answer is stated",
        Why.CUT_OFF: "the text was cut off before a result",
        Why.REFUSAL: "the text declines to answer or calls the answer unknown",
        Why.NOT_FINITE: "not a finite number, or one with more than 400 digits",
        Why.VARIABLE: "an expression with a variable",
        Why.ALTERNATIVES: "two alternatives",
        Why.RANGE: "a range, or a comparison with another number",
        Why.PARTS: "several part-answers where the gold is one value; they are not summed",
        Why.NEGATED: "only what the answer is not",
        Why.CORRECTION: "a correction that never ends",
        Why.UNANSWERED: "the last sub-question has no answer",
        Why.BAD_GOLD: "the gold is no answer (`nan`, `x`, empty); nothing meets it",
        Why.NO_GOLD: "the problem has no gold; unverified",
        Why.TIMEOUT: "the verifier took too long; unverified",
        Why.CRASH: "the verifier failed; unverified",
        Why.FEW: "too few answers to compare (verifier `agreement`); unverified",
        Why.NO_MAJORITY: "no answer has the share of votes asked for (verifier `agreement`); unverified",
    }
)
"""What each half and each reason means; the reference page is checked against it."""

AGREED = tuple(f"agreed-{share}" for share in range(0, 101, 10))
"""Verifier ``agreement``: this answer won, with at least so many percent of the votes."""
OUTVOTED = tuple(f"outvoted-{share}" for share in range(0, 101, 10))
"""Verifier ``agreement``: another answer won, with at least so many percent of the votes."""

ENDED = tuple(f"program:{status.value}" for status in ProgramStatus if status is not ProgramStatus.OK)
"""The program gave no answer; behind the colon stands how the sandbox says it ended."""

RULES: frozenset[str] = frozenset(
    [f"{where.value}/{how.value}" for where in Where for how in How]
    + [why.value for why in Why]
    + [*AGREED, *OUTVOTED, *ENDED]
)
"""Every rule of siked's own verifiers and of ``siked verify``."""
