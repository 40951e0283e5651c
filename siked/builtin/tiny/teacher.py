"""The bundled teacher: writes rationales for the bundled problems, with realistic mistakes."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import ClassVar

from siked.builtin.tiny.problems import by_question
from siked.builtin.tiny.rationales import Slips, write
from siked.errors import UsageError
from siked.records import Call, Completion, Model, ModelInfo, Outcome, Problem, Request

VERSION = "2"
"""Raised whenever a text could change: it is part of the fingerprint, and so of every request key."""


@dataclass(frozen=True)
class TinyTeacherOptions:
    """Settings of the bundled teacher."""

    slips: float = field(
        default=1.0,
        metadata={"help": "Multiplies the probability of every mistake; 0 makes a perfect teacher."},
    )


class TinyTeacher:
    """Knows the structure of every bundled problem; the seed of a request decides its mistakes."""

    name: ClassVar[str] = "tiny-teacher"
    Options = TinyTeacherOptions

    def __init__(self, options: TinyTeacherOptions) -> None:
        self.options = options
        usual = Slips()
        self._slips = Slips(
            **{f.name: min(1.0, getattr(usual, f.name) * max(0.0, options.slips)) for f in fields(Slips)}
        )

    def look_up(self, model: Model, problems: Sequence[Problem], strategies: Sequence[str]) -> list[str]:
        """Count the problems that it can solve; see :class:`siked.contracts.LooksUp`."""
        unknown = sum(problem.question not in by_question() for problem in problems)
        if problems and unknown == len(problems):
            raise UsageError(
                "the teacher 'tiny-teacher' knows the bundled word problems only, and none of these is one; "
                "name another: --teacher BACKEND:MODEL, or rationales you have: --teacher replay:FILE"
            )
        return [f"tiny-teacher refuses {unknown} of {len(problems)} problems"] if unknown else []

    def open(self, model: Model) -> ModelInfo:
        """There is nothing to load; the model's name plays no part."""
        return ModelInfo(fingerprint=f"tiny-teacher-{VERSION}-slips-{self.options.slips:g}", device="cpu")

    def generate(self, requests: Sequence[Request]) -> Iterator[Completion | Call]:
        """Answer each request on its own: a text depends on its question, strategy and seed only.

        A question that is not a bundled problem is refused.
        """
        for request in requests:
            if not request.done:
                yield self._answer(request)

    def _answer(self, request: Request) -> Completion:
        story = by_question().get(request.question)
        if story is None:
            reason = "the bundled teacher knows the bundled word problems only"
            return Completion(key=request.key, outcome=Outcome.REFUSED, reason=reason)
        # Greedy requests differ in nothing but their question, whatever their seed.
        seed = request.seed if request.sampling.temperature > 0 else 0
        rng = random.Random(f"{story.id} {request.strategy} {seed}")
        text = write(story, request.strategy, rng, self._slips)
        return Completion(
            key=request.key,
            outcome=Outcome.OK,
            text=text,
            prompt_tokens=sum(len(message.content.split()) for message in request.messages),
            completion_tokens=len(text.split()),
        )
