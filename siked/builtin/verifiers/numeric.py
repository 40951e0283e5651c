"""Verifier ``numeric``: exact values, the default for word problems."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from siked.builtin.verifiers.verdicts import NoOptions, guarded
from siked.records import Answer, Problem, Verdict


class Numeric:
    """Numbers in any dress, clock times, ratios, several values and words, by the ladder of
    :mod:`siked.answers`; exact arithmetic, no floats."""

    name: ClassVar[str] = "numeric"
    version: ClassVar[str] = "1"
    Options: ClassVar[type[NoOptions]] = NoOptions

    def __init__(self, options: NoOptions) -> None:
        self._options = options

    def verify(self, problem: Problem, answers: Sequence[Answer]) -> Sequence[Verdict]:
        """Judge each answer against the gold; unverified (``no-gold``) where there is none."""
        return [guarded(problem.gold, answer) for answer in answers]
