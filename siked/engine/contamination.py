"""Overlap of problems between splits: the same text, 13 words in a row, the same text but for its numbers.

Thirteen words in a row is the test of GPT-3 (Brown et al. 2020, appendix C). Word problems that a
template made differ in their numbers only, so numbers are masked for the third test, but not where the
gold is a word or a date: "Is 7 prime?" and "Is 9 prime?" are two questions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from siked.answers import read_gold
from siked.records import Problem, TrainProblem
from siked.text.normalize import masked, masked_body, normal_form

WORDS = 13
_LETTER = re.compile(r"\W*[A-Ja-j]\W*")
_MONTH = re.compile(r"\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b", re.IGNORECASE)


@dataclass(slots=True)
class OverlapIndex:
    """What a set of problems tells, to look others up in."""

    texts: set[str] = field(default_factory=set)
    runs: set[int] = field(default_factory=set)
    """Hashes of every ``WORDS`` words in a row."""
    templates: set[str] = field(default_factory=set)
    bodies: set[str] = field(default_factory=set)

    @classmethod
    def by(cls, problems: Iterable[Problem]) -> OverlapIndex:
        """Read problems."""
        index = cls()
        for problem in problems:
            index.texts.add(normal_form(problem.question))
            index.runs.update(word_runs(problem.question))
            index.templates.add(_template(problem))
            index.bodies.add(_body(problem))
        return index

    def holds(self, problem: Problem) -> dict[str, bool]:
        """Return how a problem overlaps with these, by kind; ``any`` leaves the story alone out."""
        same = normal_form(problem.question) in self.texts
        run = same or any(run in self.runs for run in word_runs(problem.question))
        template = _template(problem) in self.templates
        return {
            "same_text": same,
            "thirteen_words": run,
            "numbers_masked": template,
            "story_masked": _body(problem) in self.bodies,
            "any": same or run or template,
        }


def word_runs(question: str) -> set[int]:
    """Return a hash of every ``WORDS`` words in a row; none for a shorter text."""
    words = normal_form(question).split()
    return {hash(tuple(words[at : at + WORDS])) for at in range(len(words) - WORDS + 1)}


def overlaps(index: OverlapIndex, others: Iterable[tuple[str, Sequence[Problem]]]) -> list[dict[str, Any]]:
    """Return, for each set, how many of its problems overlap with what the index holds, by kind."""
    rows: list[dict[str, Any]] = []
    for name, problems in others:
        counts: dict[str, int] = {}
        for problem in problems:
            for kind, found in index.holds(problem).items():
                counts[kind] = counts.get(kind, 0) + found
        rows.append({"set": name, "problems": len(problems), **counts})
    return rows


def decontaminated(train: Sequence[TrainProblem], others: Iterable[Problem]) -> list[TrainProblem]:
    """Return the training problems that overlap with none of the others, stories aside."""
    index = OverlapIndex.by(others)
    return [problem for problem in train if not index.holds(problem)["any"]]


def _template(problem: Problem) -> str:
    return masked(problem.question) if _numeric(problem.gold) else normal_form(problem.question)


def _numeric(gold: str | None) -> bool:
    """Whether a gold is a number, names a choice that may be one, or is not known."""
    if gold is None or _LETTER.fullmatch(gold):
        return True
    return read_gold(gold).kind in ("number", "several") and not _MONTH.search(gold)


def _body(problem: Problem) -> str:
    return masked_body(problem.question) or masked(problem.question)
