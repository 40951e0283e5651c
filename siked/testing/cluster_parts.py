"""Components that the suite of clusters places on nodes, and a cluster in processes of this machine."""

from __future__ import annotations

import hashlib
import importlib
import os
import signal
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from siked.errors import UsageError
from siked.judging import judge
from siked.records import (
    Answer,
    Completion,
    Item,
    Judged,
    JudgeItem,
    Model,
    ModelInfo,
    Outcome,
    Placed,
    Problem,
    Program,
    ProgramOutcome,
    ProgramStatus,
    Request,
    Status,
    TrainProblem,
    Verdict,
)
from siked.workers import Spec
from siked.workers.replicas import Replicas

TOGETHER = 3
"""Requests of a batch of :class:`Company`."""


class Company:
    """A backend whose texts depend on what is written together."""

    name: ClassVar[str] = "company"

    @dataclass(frozen=True)
    class Options:
        """What a test wants of it."""

        seconds: float = field(default=0.0, metadata={"help": "Seconds a text takes."})
        traces: str = field(default="", metadata={"help": "File that gets a line with the process a text."})
        dies: str = field(
            default="", metadata={"help": "File with how often workers may still die, each at text ``at``."}
        )
        at: int = field(default=5, metadata={"help": "Which of its texts a worker dies at."})
        refuses: str = field(default="", metadata={"help": "What opening a model raises."})

    def __init__(self, options: Options) -> None:
        self.options = options
        self.written = 0

    def open(self, model: Model) -> ModelInfo:
        """Say what it is."""
        if self.options.refuses:
            raise UsageError(self.options.refuses)
        return ModelInfo(fingerprint=f"company-{model.name}", template="plain", context=1024, device="cpu")

    def batches(self, requests: Sequence[Request]) -> list[list[int]]:
        """Put three together."""
        places = list(range(len(requests)))
        return [places[start : start + TOGETHER] for start in range(0, len(places), TOGETHER)]

    def generate(self, requests: Sequence[Request]) -> Iterator[Completion]:
        """Yield a text for each request that is not done."""
        for batch in self.batches(requests):
            company = hashlib.sha256(" ".join(requests[place].key for place in batch).encode()).hexdigest()
            for place in batch:
                if not requests[place].done:
                    self._told()
                    text = f"{place % TOGETHER} {company}"
                    yield Completion(key=requests[place].key, outcome=Outcome.OK, text=text)

    def _told(self) -> None:
        self.written += 1
        if self.written == self.options.at and self.options.dies:
            die(Path(self.options.dies))
        if self.options.traces:
            with open(self.options.traces, "a", encoding="utf-8") as file:
                file.write(f"{os.getpid()}\n")
        time.sleep(self.options.seconds)


@dataclass(frozen=True)
class MortalOptions:
    """What a test wants of :class:`Mortal`."""

    dies: str = field(default="", metadata={"help": "File with how often workers may still die."})


class Mortal:
    """A verifier that compares the last word; its first process dies at its first verdict."""

    name: ClassVar[str] = "mortal"
    version: ClassVar[str] = "1"
    Options: ClassVar[type[MortalOptions]] = MortalOptions

    def __init__(self, options: MortalOptions) -> None:
        self.options = options

    def verify(self, problem: Problem, answers: Sequence[Answer]) -> list[Verdict]:
        """Judge each answer by its last word."""
        if self.options.dies:
            die(Path(self.options.dies))
        words = [(answer.text.split() or [""])[-1] for answer in answers]
        return [
            Verdict(
                status=Status.CORRECT if word == problem.gold else Status.WRONG, answer=word, rule="last-word"
            )
            for word in words
        ]


class Sums:
    """A sandbox for ``answer = 1 + 2``, and for nothing else."""

    name: ClassVar[str] = "sums"

    @dataclass(frozen=True)
    class Options:
        """There are none."""

    def __init__(self, options: Options) -> None:
        self.options = options

    def run(self, programs: Any) -> Iterator[ProgramOutcome]:
        """Add."""
        for program in programs:
            numbers = program.code.partition("=")[2].split("+")
            yield ProgramOutcome(status=ProgramStatus.OK, answer=str(sum(map(int, numbers))))

    def close(self) -> None:
        """Hold nothing."""


def items(count: int) -> list[JudgeItem]:
    """Return texts to judge, two to a problem, half of them programs."""
    problems = [TrainProblem(id=f"p{n}", question="?", gold=str(n), dataset="suite") for n in range(count)]
    return [
        JudgeItem(problem.id, problem, reading)
        for n, problem in enumerate(problems)
        for reading in (Program(f"answer = {n} + {n % 2}"), Answer(f"It is {n - n % 3}"))
    ]


def die(left: Path) -> None:
    """Kill this process, as often as the file says that one may still die."""
    count = int(left.read_text()) if left.exists() else 0
    if count > 0:
        left.write_text(str(count - 1))
        os.kill(os.getpid(), signal.SIGKILL)


def probe() -> str:
    """Return what the suite asks of every node."""
    return f"process {os.getpid()}"


class Local:
    """A cluster in processes of this machine: what the suite of clusters is tried on."""

    name: ClassVar[str] = "local"

    @dataclass(frozen=True)
    class Options:
        """There are none."""

    def __init__(self, options: Options) -> None:
        self.options = options

    def backend(self, placed: Placed, replicas: int) -> Placed:
        """Return siked's own replicas as a backend."""
        values = {"target": placed.target, "options": dict(placed.options), "replicas": replicas}
        return Placed("siked.testing.cluster_parts:LocalEngines", values)

    def judge(self, verifier: Placed, sandbox: Placed) -> Placed:
        """Return a judge in the worker itself."""
        made = {
            name: {"target": placed.target, "options": dict(placed.options)}
            for name, placed in (("verifier", verifier), ("sandbox", sandbox))
        }
        return Placed("siked.testing.cluster_parts:LocalJudge", made)

    def inspect(self, probe: str) -> list[tuple[str, str]]:
        """Call the probe here."""
        return [("here", str(_found(probe)()))]


class LocalEngines:
    """Replicas in processes that this one starts."""

    name: ClassVar[str] = "local"

    @dataclass(frozen=True)
    class Options:
        """Which backend, and how many of it."""

        target: str
        options: dict[str, Any]
        replicas: int

    def __init__(self, options: Options) -> None:
        spec = Spec(role="engine", target=options.target, options=options.options, replicas=options.replicas)
        self.replicas = Replicas(spec, Path(tempfile.mkdtemp(prefix="siked-suite-")), None)

    def open(self, model: Model) -> ModelInfo:
        """Open the model in the first of them."""
        return self.replicas.open(model)

    def generate(self, requests: Sequence[Request]) -> Iterator[Item]:
        """Yield what they yield."""
        return self.dispatch([requests])

    def dispatch(self, lists: Sequence[Sequence[Request]]) -> Iterator[Item]:
        """Yield what they yield of several lists."""
        return self.replicas.generate_lists(lists)


class LocalJudge:
    """A judge in this process."""

    name: ClassVar[str] = "local"

    @dataclass(frozen=True)
    class Options:
        """Which verifier and sandbox."""

        verifier: dict[str, Any]
        sandbox: dict[str, Any]

    def __init__(self, options: Options) -> None:
        self.verifier, self.sandbox = _made(options.verifier), _made(options.sandbox)

    def judge(self, items: Sequence[JudgeItem]) -> list[Judged]:
        """Return one verdict an item, in order."""
        return judge(items, self.verifier, self.sandbox.run)


def _found(target: str) -> Any:
    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)


def _made(placed: Mapping[str, Any]) -> Any:
    cls = _found(placed["target"])
    return cls(cls.Options(**placed["options"]))
