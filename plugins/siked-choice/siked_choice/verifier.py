"""Verifier ``letters``: choices by letter or by their words, and yes or no."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from siked.answers import judge
from siked.records import Answer, Problem, Status, Verdict
from siked_choice.form import choices_of
from siked_choice.reading import Read, read_choice, read_polarity

_LETTER = re.compile(r"\W*([A-Ja-j])\W*")
_POLAR = {"yes": "yes", "true": "yes", "no": "no", "false": "no"}


@dataclass(frozen=True, slots=True)
class NoOptions:
    """Nothing can be set."""


class Letters:
    """A gold that is a letter is met by it or by the words of its choice; ``yes`` and ``no`` by their like;
    any other gold is compared as the verifier ``numeric`` does."""

    name: ClassVar[str] = "letters"
    version: ClassVar[str] = "1"
    Options: ClassVar[type[NoOptions]] = NoOptions

    def __init__(self, options: NoOptions) -> None:
        self._options = options

    def verify(self, problem: Problem, answers: Sequence[Answer]) -> Sequence[Verdict]:
        """Judge each answer; a rule says where the answer stood and how it was said, or why there is none."""
        return [self._guarded(problem, answer) for answer in answers]

    def _guarded(self, problem: Problem, answer: Answer) -> Verdict:
        try:
            return self._verdict(problem, answer)
        except Exception:  # a failure of ours is never the answer's
            return Verdict(status=Status.UNVERIFIED, answer=None, rule="crash")

    def _verdict(self, problem: Problem, answer: Answer) -> Verdict:
        gold = (problem.gold or "").strip()
        letter = _LETTER.fullmatch(gold)
        if letter is not None:
            return _compared(letter[1].upper(), read_choice(answer, choices_of(problem.question)))
        polar = _POLAR.get(gold.casefold().strip(" ."))
        if polar is not None:
            return _compared(polar, read_polarity(answer))
        judged = judge(problem.gold, answer)
        if judged.correct is None:
            return Verdict(status=Status.UNVERIFIED, answer=judged.found.text, rule=judged.rule)
        status = Status.CORRECT if judged.correct else Status.WRONG
        return Verdict(status=status, answer=judged.found.text, rule=judged.rule)


def _compared(gold: str, read: Read) -> Verdict:
    if read.choice is None:
        return Verdict(status=Status.WRONG, answer=None, rule=read.how)
    where = f"{read.where.value}/" if read.where is not None else ""
    if read.choice == gold:
        return Verdict(status=Status.CORRECT, answer=read.choice, rule=f"{where}{read.how}")
    return Verdict(status=Status.WRONG, answer=read.choice, rule=f"{where}different")
