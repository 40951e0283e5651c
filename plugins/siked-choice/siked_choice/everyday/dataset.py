"""The bundled questions as a data set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from siked.records import DevProblem, Problem, SplitName, TestProblem, TrainProblem
from siked_choice.everyday.problems import questions

_TYPES: Mapping[SplitName, type[Problem]] = {"train": TrainProblem, "dev": DevProblem, "test": TestProblem}


@dataclass(frozen=True)
class EverydayOptions:
    """Nothing to set: the questions are always the same."""


class Everyday:
    """Generated questions about everyday things: 400 to train on, 200 for dev, 400 for the test.

    What a split asks about, the things and the subjects, no other split asks about.
    """

    name: ClassVar[str] = "everyday"
    licence: ClassVar[str] = "MIT"
    tests: ClassVar[tuple[str, ...]] = ("everyday",)
    Options: ClassVar[type[EverydayOptions]] = EverydayOptions

    def __init__(self, options: EverydayOptions) -> None:
        self._options = options

    def load(self, split: SplitName) -> Iterator[Problem]:
        """Yield the questions of ``split``, always the same; golds are letters, ``yes`` or ``no``."""
        for question in questions(split):
            yield _TYPES[split](
                id=question.id,
                question=question.text,
                gold=question.gold,
                dataset=self.name,
                family=question.family,
            )
