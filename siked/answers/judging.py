"""From a gold and an answer to a judgement: the one place where extraction and comparison meet."""

from __future__ import annotations

from dataclasses import dataclass

from siked.answers.compare import compare
from siked.answers.extract import Found, find
from siked.answers.golds import read_gold
from siked.answers.rules import How, Where, Why
from siked.records import Answer


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether an answer equals its gold. ``correct`` is None without a gold."""

    correct: bool | None
    found: Found
    rule: str
    """One of :data:`siked.answers.RULES`."""


def extract(answer: Answer, gold: str | None = None) -> Found:
    """Return what ``answer`` states as its result. Never raises.

    ``gold`` decides only which kind of value is looked for (a number, a time, several values, a
    word); without it any of them will do.
    """
    return find(answer, read_gold(gold) if gold is not None else None)


def equal(gold: str, found: Found) -> How:
    """Return how ``found`` equals ``gold``: ``How.DIFFERENT`` where it does not."""
    if found.value is None:
        return How.DIFFERENT
    return compare(read_gold(gold), found.value)


def judge(gold: str | None, answer: Answer) -> Judgement:
    """Judge ``answer`` against ``gold``. Never raises, and takes time linear in the text."""
    if gold is None:
        return Judgement(None, find(answer, None), Why.NO_GOLD)
    wanted = read_gold(gold)
    found = find(answer, wanted if wanted.kind != "bad" else None)
    if wanted.kind == "bad":
        return Judgement(False, found, Why.BAD_GOLD)
    if found.value is None:
        return Judgement(False, found, found.rule)
    how = compare(wanted, found.value)
    return Judgement(how is not How.DIFFERENT, found, rule_name(found.rule, how))


def rule_name(where: Where | Why, how: How) -> str:
    """Join the two halves of a rule."""
    return f"{where.value}/{how.value}"
