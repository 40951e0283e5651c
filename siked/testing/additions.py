"""Problems for the fakes: additions that :class:`siked.testing.fakes.ScriptedBackend` can solve."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from siked.records import DevProblem, Problem, SplitName, TestProblem, TrainProblem

_TYPES: Mapping[SplitName, type[Problem]] = {"train": TrainProblem, "dev": DevProblem, "test": TestProblem}
_SPLITS: tuple[SplitName, ...] = ("train", "dev", "test")


class Additions:
    """``What is 3 + 4?`` as often as asked, no question twice; the same for the same options."""

    name: ClassVar[str] = "additions"
    tests: ClassVar[tuple[str, ...]] = ("additions",)

    @dataclass(frozen=True)
    class Options:
        """How many problems each split has."""

        train: int = field(default=20, metadata={"help": "Training problems."})
        dev: int = field(default=10, metadata={"help": "Dev problems."})
        test: int = field(default=10, metadata={"help": "Test problems."})
        seed: int = field(default=0, metadata={"help": "Seed of the numbers."})

    def __init__(self, options: Options) -> None:
        self._options = options

    def load(self, split: SplitName) -> Iterable[Problem]:
        """Yield the problems of a split; at most 10,000 in all splits together."""
        sizes = {name: int(getattr(self._options, name)) for name in _SPLITS}
        start = sum(sizes[name] for name in _SPLITS[: _SPLITS.index(split)])
        pairs = random.Random(self._options.seed).sample(range(10_000), sum(sizes.values()))
        for number, pair in enumerate(pairs[start : start + sizes[split]]):
            a, b = divmod(pair, 100)
            yield _TYPES[split](
                id=f"{split}-{number}",
                question=f"What is {a} + {b}?",
                gold=str(a + b),
                dataset=self.name,
            )
