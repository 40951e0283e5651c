"""Verifier ``exact``: the same text, for golds that are neither numbers nor choices."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from siked.answers import Found, How, Judgement, Why, Word
from siked.answers.spans import span
from siked.builtin.verifiers.verdicts import guarded
from siked.records import Answer, Problem, Verdict

_SPACE = re.compile(r"\s+")
_DRESS = " \t\n\r.,;:!?\"'`*$"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExactOptions:
    """Options of ``exact``."""

    ignore_case: bool = field(default=True, metadata={"help": "Capital and small letters are the same."})
    ignore_dress: bool = field(
        default=True,
        metadata={"help": "Quotes, stars, dollar signs and full stops around the answer do not count."},
    )


class Exact:
    """The text behind the last marker (else the last sentence) is the gold, white space apart."""

    name: ClassVar[str] = "exact"
    version: ClassVar[str] = "2"
    Options: ClassVar[type[ExactOptions]] = ExactOptions

    def __init__(self, options: ExactOptions) -> None:
        self._options = options

    def verify(self, problem: Problem, answers: Sequence[Answer]) -> Sequence[Verdict]:
        """Compare each answer's text with the gold's."""
        return [guarded(problem.gold, answer, self._judge) for answer in answers]

    def _judge(self, gold: str | None, answer: Answer) -> Judgement:
        shown = span(answer)
        if isinstance(shown, Why):
            found = Found(None, shown)
        else:
            found = Found(Word(self._normal(shown[0])), shown[1])
        if gold is None:
            return Judgement(None, found, Why.NO_GOLD.value)
        if found.value is None or found.text is None:
            return Judgement(False, found, found.rule.value)
        same = self._folded(found.text) == self._folded(self._normal(gold))
        same = same and bool(self._normal(gold))
        how = How.TEXT if same else How.DIFFERENT
        return Judgement(same, found, f"{found.rule.value}/{how.value}")

    def _normal(self, text: str) -> str:
        text = _SPACE.sub(" ", text).strip()
        return text.strip(_DRESS) if self._options.ignore_dress else text

    def _folded(self, text: str) -> str:
        return text.casefold() if self._options.ignore_case else text
