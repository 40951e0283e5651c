"""The nine contracts a plugin can implement; each has three methods at most.

A component is a class. Its settings are a frozen standard-library dataclass named ``Options``
inside it, and the engine makes one with ``Component(Component.Options(...))``. Unknown or
ill-typed options never reach the class: siked checks them against ``Options`` first. Modules of
components must be light to import; torch and its like are imported inside methods.

``siked.testing`` has a suite for each contract; a plugin's tests subclass it.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol, runtime_checkable

from siked.records import (
    Answer,
    Candidate,
    Decision,
    DevPoint,
    History,
    Item,
    Judged,
    JudgeItem,
    Message,
    Model,
    ModelInfo,
    Placed,
    Problem,
    Program,
    ProgramOutcome,
    Reading,
    Rejected,
    Request,
    Selected,
    SplitName,
    Target,
    Trained,
    TrainRow,
    TrainSettings,
    Verdict,
)


class Component(Protocol):
    """What all components share: they are made from their ``Options``."""

    Options: ClassVar[type[Any]]

    def __init__(self, options: Any) -> None: ...


@runtime_checkable
class Strategy(Component, Protocol):
    """A way to reason: how the teacher is asked, what the student writes first, how to read it."""

    name: ClassVar[str]
    tag: ClassVar[str]
    """What the student writes first, such as ``[cot]``; no tag may be the start of another."""
    version: ClassVar[str]
    """Raised whenever a prompt or a reading could change; a run notes it and tells of another one when it
    goes on. A strategy without one counts as version 1."""

    def teacher_messages(self, problem: Problem) -> Sequence[Message]:
        """Return the few-shot prompt that makes a teacher solve ``problem`` this way."""
        ...

    def read(self, text: str) -> Reading:
        """Say what ``text`` (without tag) holds: an answer, a program, or nothing of this strategy.

        Pure and total: it never raises and runs nothing.
        """
        ...


@runtime_checkable
class Verifier(Component, Protocol):
    """Judges answers against a gold."""

    name: ClassVar[str]
    version: ClassVar[str]
    """Raised whenever a verdict could change; verdicts are stored under it."""

    def verify(self, problem: Problem, answers: Sequence[Answer]) -> Sequence[Verdict]:
        """Judge all answers to one problem together; one verdict each, in order. Never raises."""
        ...


@runtime_checkable
class Schedule(Component, Protocol):
    """Builds the mixture of an iteration (paper, section 3: P_train = alpha P_LLM + (1 - alpha) P_self)."""

    name: ClassVar[str]

    def mix(
        self,
        teacher: Sequence[Candidate],
        student: Sequence[Candidate],
        history: History,
        rng: random.Random,
    ) -> Iterator[Selected | Rejected | Target]:
        """Yield the rows to train on, each with its reason.

        Both sequences hold correct rationales only, sorted by (problem, strategy, sample). What is
        left out and what was aimed at can be told with :class:`siked.records.Rejected` and
        :class:`siked.records.Target`. :mod:`siked.schedules.pools` does that and more.
        """
        ...


@runtime_checkable
class Backend(Component, Protocol):
    """Generates text. It lives in a worker process of its own and may hold a model."""

    name: ClassVar[str]

    def open(self, model: Model) -> ModelInfo:
        """Load ``model`` and say what it is. Called again to change the weights."""
        ...

    def generate(self, requests: Sequence[Request]) -> Iterator[Item]:
        """Yield one completion for each request that is not ``done``, in any order, each as soon
        as it is there. Every request ends in one outcome; a backend raises only when nothing more
        can be generated at all.

        Batches are a pure function of the whole list, so that a list that is sent again with some
        requests ``done`` gives the missing texts bit for bit.
        """
        ...


@runtime_checkable
class BudgetedBackend(Backend, Protocol):
    """A backend that keeps a budget. It yields a :class:`siked.records.Reservation` before calls under way
    may use more than the last one said, and one of nothing at the end."""

    def account(self, tokens: int, cost: float) -> None:
        """Take what the run has used so far, calls that were cut off included; comes before each
        ``generate``."""
        ...


@runtime_checkable
class BatchingBackend(Backend, Protocol):
    """A backend whose texts depend, in their last bits, on what is written beside them. Several workers
    share its requests batch by batch, so that each text has the same company."""

    def batches(self, requests: Sequence[Request]) -> Sequence[Sequence[int]]:
        """Return which of the requests are written together, by place; every place stands in one batch.

        A pure function of the list, ``done`` or not; any of the batches by itself, or some of them as one
        list, give the same batches again.
        """
        ...


class Told(Protocol):
    """Takes a part of a text that is being written."""

    def __call__(self, key: str, at: int, text: str) -> None:
        """``text`` stands at the character ``at`` of the text to the request ``key``; a text that is begun
        again is told again from 0."""
        ...


@runtime_checkable
class StreamingBackend(Backend, Protocol):
    """A backend that tells texts while they are written, and stops writing what nobody waits for."""

    def watch(self, streamed: Collection[str], told: Told, dropped: Collection[str]) -> None:
        """Tell the texts of the requests whose keys are ``streamed`` during the next ``generate``, and that
        one only. What is told of a text is the start of its completion's.

        ``dropped`` grows meanwhile: a request whose key is in it may end at once, as ``cut`` with what was
        written so far.
        """
        ...


@runtime_checkable
class DispatchingBackend(Backend, Protocol):
    """A backend that hands requests on to several others."""

    def dispatch(self, lists: Sequence[Sequence[Request]]) -> Iterator[Item]:
        """Yield the same as :meth:`Backend.generate` of each list, in any order; batches are those of
        each list by itself."""
        ...


@runtime_checkable
class ScoringBackend(Backend, Protocol):
    """A backend that can also say how probable given texts are."""

    def score(
        self, requests: Sequence[Request], continuations: Sequence[Sequence[str]]
    ) -> Iterator[list[float]]:
        """Yield, for each request, the log-probability (nats) of each whole continuation after
        its prompt and prefix, in order."""
        ...


@runtime_checkable
class TagCheckingBackend(Backend, Protocol):
    """A backend that holds a student's tokenizer and can say whether tags survive it."""

    def check_tags(self, tags: Sequence[str]) -> None:
        """Raise :class:`siked.errors.PreflightError` for a tag that does not come back whole from the
        tokens it is written in; :func:`siked.text.token_ids.check_tags` does."""
        ...


class Progress(Protocol):
    """Takes how far a training is."""

    def __call__(
        self,
        step: int,
        of: int,
        loss: float | None = None,
        learning_rate: float | None = None,
        gradient_norm: float | None = None,
        tokens_per_second: float | None = None,
    ) -> None:
        """``step`` of ``of`` steps are done. ``loss`` is the mean over the steps since it was last told
        (nats a token), ``learning_rate`` and ``gradient_norm`` (before clipping) are those of the last step,
        ``tokens_per_second`` (read by the model) is over the time since it was last told; None where they
        are not at hand. What is told with a loss stands in the run's training log."""
        ...


@runtime_checkable
class LooksUp(Protocol):
    """A backend or trainer that can say before a run what would be missing; to have it is optional."""

    def look_up(self, model: Model, problems: Sequence[Problem], strategies: Sequence[str]) -> Sequence[str]:
        """Look for files, packages, the device and ``model``; return lines that a user should see.

        ``problems`` are those a teacher is asked for, none for a student. Nothing is loaded, fetched or
        spent. Raises :class:`siked.errors.UsageError` for what is not there.
        """
        ...


@runtime_checkable
class Trainer(Component, Protocol):
    """Turns (student, mixture) into the next student. It lives in a worker process of its own."""

    name: ClassVar[str]

    def train(
        self,
        student: Model,
        rows: Sequence[TrainRow],
        settings: TrainSettings,
        out: Path,
        progress: Progress,
    ) -> Trained:
        """Train ``student`` on ``rows`` and write the weights to ``out``; call ``progress`` on the way.

        The folder ``checkpoints`` beside ``out`` outlives a training that is cut off: what a trainer puts
        there, it finds there when this very training (student, rows, settings, options, packages) is
        started again. It is removed with the end of the training.
        """
        ...


@runtime_checkable
class WantsRejected(Trainer, Protocol):
    """A trainer that learns from preferences: each row brings wrong texts beside the right one."""

    rejected: ClassVar[int]
    """How many wrong texts a row brings at most, in :attr:`siked.records.TrainRow.rejected`: those to the
    same problem in the same strategy, the student's of this iteration before the teacher's; only the
    teacher's where the mixture has rows of the teacher alone. A problem without any has rows without."""


@runtime_checkable
class Dataset(Component, Protocol):
    """Brings problems."""

    name: ClassVar[str]
    tests: ClassVar[tuple[str, ...]]
    """Names of the data sets whose test split a run on this one is scored on by default. A data set may
    also have ``licence``, the terms of its problems, which the cards of exports quote."""

    def load(self, split: SplitName) -> Iterable[Problem]:
        """Yield the problems of a split in a fixed order; nothing where the data set has no such split.

        Raises :class:`siked.errors.DataError` for a file or line that cannot be read.
        """
        ...


@runtime_checkable
class Sandbox(Component, Protocol):
    """Runs programs nobody trusts."""

    name: ClassVar[str]

    def run(self, programs: Iterable[Program]) -> Iterator[ProgramOutcome]:
        """Yield one outcome a program, in order, each as soon as its turn comes. Never raises for
        what a program does."""
        ...

    def close(self) -> None:
        """End every process; safe to call twice."""
        ...


@runtime_checkable
class Judge(Component, Protocol):
    """Gives verdicts, in a worker process of its own."""

    def judge(self, items: Sequence[JudgeItem]) -> Sequence[Judged]:
        """Return what :func:`siked.judging.judge` does, wherever it is done."""
        ...


@runtime_checkable
class Cluster(Component, Protocol):
    """Places work on other machines. What comes of it is what would come of it here; the journal is
    written here alone. All three methods are light: what they name runs in workers."""

    name: ClassVar[str]

    def backend(self, placed: Placed, replicas: int) -> Placed:
        """Return a :class:`DispatchingBackend` over ``replicas`` of the backend ``placed``; it scores and
        checks tags where that one does."""
        ...

    def judge(self, verifier: Placed, sandbox: Placed) -> Placed:
        """Return a :class:`Judge` with this verifier and a sandbox on every node."""
        ...

    def inspect(self, probe: str) -> Sequence[tuple[str, str]]:
        """Call ``probe``, ``module:function``, on every node; return (node, the text it returned).

        Raises :class:`siked.errors.UsageError` where the cluster cannot be reached.
        """
        ...


@runtime_checkable
class Stopping(Component, Protocol):
    """Decides after each iteration whether to go on, from dev scores only."""

    name: ClassVar[str]

    def decide(self, history: Sequence[DevPoint], iterations: int) -> Decision:
        """``history`` has one point a finished iteration, 0 first; ``iterations`` is the T asked for."""
        ...
