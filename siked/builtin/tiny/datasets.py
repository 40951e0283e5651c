"""The bundled word problems as data sets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from siked.builtin.tiny.problems import VARIETIES, Story, stories
from siked.records import DevProblem, Problem, SplitName, TestProblem, TrainProblem

_TYPES: dict[SplitName, type[Problem]] = {"train": TrainProblem, "dev": DevProblem, "test": TestProblem}


@dataclass(frozen=True)
class WordProblemsOptions:
    """Nothing to set: the problems are always the same."""


class WordProblems:
    """Generated word problems: 2,000 to train on, 200 for dev, 1,000 for the test in distribution."""

    name: ClassVar[str] = "wordproblems"
    licence: ClassVar[str] = "MIT"
    tests: ClassVar[tuple[str, ...]] = tuple(VARIETIES)
    Options = WordProblemsOptions

    def __init__(self, options: WordProblemsOptions) -> None:
        self.options = options

    def load(self, split: SplitName) -> Iterator[Problem]:
        """Yield the problems of ``split``; the same ones everywhere."""
        for story in stories(self.name, split):
            yield self._problem(story, split)

    def _problem(self, story: Story, split: SplitName) -> Problem:
        return _TYPES[split](
            id=story.id,
            question=story.question,
            gold=str(story.gold),
            dataset=self.name,
            family=story.family,
        )


class Names(WordProblems):
    """1,000 test problems about people and things that training never names."""

    name: ClassVar[str] = "wordproblems-names"
    tests: ClassVar[tuple[str, ...]] = (name,)


class Numbers(WordProblems):
    """1,000 test problems with stated numbers above those of training."""

    name: ClassVar[str] = "wordproblems-numbers"
    tests: ClassVar[tuple[str, ...]] = (name,)


class Steps(WordProblems):
    """1,000 test problems about one friend or thing more than in training."""

    name: ClassVar[str] = "wordproblems-steps"
    tests: ClassVar[tuple[str, ...]] = (name,)


class Phrasing(WordProblems):
    """1,000 test problems in sentences that training never shows."""

    name: ClassVar[str] = "wordproblems-phrasing"
    tests: ClassVar[tuple[str, ...]] = (name,)
