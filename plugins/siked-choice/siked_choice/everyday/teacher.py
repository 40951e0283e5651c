"""The bundled teacher: writes rationales for the bundled questions, with mistakes."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import ClassVar

from siked.errors import UsageError
from siked.records import Call, Completion, Model, ModelInfo, Outcome, Problem, Request
from siked_choice.everyday.problems import by_text
from siked_choice.everyday.rationales import Slips, write

VERSION = "2"
"""Raised whenever a text could change: it is part of the fingerprint, and so of every request key."""
_ONLY = "the bundled teacher knows the bundled questions only"


@dataclass(frozen=True)
class EverydayTeacherOptions:
    """Settings of the bundled teacher."""

    slips: float = field(
        default=1.0,
        metadata={"help": "Multiplies the probability of every mistake; 0 makes a perfect teacher."},
    )


class EverydayTeacher:
    """Knows the structure of every bundled question; the seed of a request decides its mistakes."""

    name: ClassVar[str] = "everyday-teacher"
    Options: ClassVar[type[EverydayTeacherOptions]] = EverydayTeacherOptions

    def __init__(self, options: EverydayTeacherOptions) -> None:
        self._options = options
        usual = Slips()
        self._slips = Slips(
            **{f.name: min(1.0, getattr(usual, f.name) * max(0.0, options.slips)) for f in fields(Slips)}
        )

    def look_up(self, model: Model, problems: Sequence[Problem], strategies: Sequence[str]) -> list[str]:
        """Count the problems that it can solve; see :class:`siked.contracts.LooksUp`."""
        unknown = sum(problem.question not in by_text() for problem in problems)
        if problems and unknown == len(problems):
            raise UsageError(
                "the teacher 'everyday-teacher' knows the data set 'everyday' only; name another: "
                "--teacher BACKEND:MODEL"
            )
        return [f"everyday-teacher refuses {unknown} of {len(problems)} problems"] if unknown else []

    def open(self, model: Model) -> ModelInfo:
        """There is nothing to load; the model's name plays no part."""
        return ModelInfo(
            fingerprint=f"everyday-teacher-{VERSION}-slips-{self._options.slips:g}", device="cpu"
        )

    def generate(self, requests: Sequence[Request]) -> Iterator[Completion | Call]:
        """Answer each request on its own: a text depends on its question, strategy and seed only.

        A question that is not a bundled one is refused.
        """
        for request in requests:
            if not request.done:
                yield self._answer(request)

    def _answer(self, request: Request) -> Completion:
        question = by_text().get(request.question)
        if question is None:
            return Completion(key=request.key, outcome=Outcome.REFUSED, reason=_ONLY)
        # Greedy requests differ in nothing but their question, whatever their seed.
        seed = request.seed if request.sampling.temperature > 0 else 0
        rng = random.Random(f"{question.id} {request.strategy} {seed}")
        text = write(question, request.strategy, rng, self._slips)
        return Completion(
            key=request.key,
            outcome=Outcome.OK,
            text=text,
            prompt_tokens=sum(len(message.content.split()) for message in request.messages),
            completion_tokens=len(text.split()),
        )
