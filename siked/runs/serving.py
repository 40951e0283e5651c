"""A student that answers requests of many clients: what waits together is solved together."""

from __future__ import annotations

import contextlib
import queue
import secrets
import threading
import time
import uuid
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from siked.engine.seeds import derive
from siked.errors import SikedError, WorkerError
from siked.records import Sampling, TestProblem
from siked.runs.solver import Part, Question, Solution, Solver

BATCH = 256
"""Questions that are solved together at most."""


class Full(SikedError):
    """Too many questions wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How a question is to be answered; by default greedily, within the run's own limit."""

    strategy: str = ""
    temperature: float = 0.0
    top_p: float = 1.0
    max_tokens: int | None = None
    """At most the run's own limit."""
    stop: tuple[str, ...] = ()
    seed: int | None = None
    """Decides a sampled text; None draws another each time."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that waits or is being answered."""

    question: str
    wish: Wish
    answer: Future[Solution]
    part: Part | None = None
    key: str = field(default_factory=lambda: uuid.uuid4().hex)


@dataclass
class Counts:
    """What a server has done, for its metrics."""

    batches: int = 0
    solved: int = 0
    failed: int = 0
    dropped: int = 0
    """Questions whose client went away."""
    seconds: float = 0.0
    """Of solving, all batches together."""


@dataclass
class Batcher:
    """One thread that owns the solver; :meth:`ask` may be called from any other."""

    opening: AbstractContextManager[Solver]
    most: int
    """Questions that may wait."""
    counts: Counts = field(default_factory=Counts)
    tags: dict[str, str] = field(default_factory=dict)
    """Of each strategy of the student."""

    def __post_init__(self) -> None:
        self._asked: queue.Queue[Asked | None] = queue.Queue()
        self._solver: Solver | None = None
        self._ready: Future[None] = Future()
        self._thread = threading.Thread(target=self._work, name="siked-serve", daemon=True)

    def start(self) -> None:
        """Start the thread and wait until the student is found; raises what opening it raises."""
        self._thread.start()
        self._ready.result()

    def close(self) -> None:
        """Let the thread end what is under way and close the student."""
        self._asked.put(None)
        self._thread.join(timeout=60)

    @property
    def strategies(self) -> tuple[str, ...]:
        """Names of the student's strategies."""
        return tuple(self.tags)

    @property
    def waiting(self) -> int:
        """Questions in the queue."""
        return self._asked.qsize()

    def ask(self, question: str, wish: Wish | None = None) -> Future[Solution]:
        """Queue a question; raises :class:`Full` where too many wait."""
        return self.put(question, wish).answer

    def put(self, question: str, wish: Wish | None = None, part: Part | None = None) -> Asked:
        """Do the same, and tell ``part`` the text while it is written, tag included. It is called from the
        solver's thread, and should be quick."""
        if self.waiting >= self.most:
            raise Full(f"{self.most} questions wait already")
        asked = Asked(question, wish or Wish(), Future(), part)
        self._asked.put(asked)
        return asked

    def drop(self, asked: Asked) -> None:
        """Spare a question further work, as nobody waits for its answer."""
        if asked.answer.done():
            return
        self.counts.dropped += 1
        if not asked.answer.cancel() and self._solver is not None:
            self._solver.drop([asked.key])

    def _work(self) -> None:
        try:
            with self.opening as solver:
                self._solver = solver
                self.tags = {name: strategy.tag for name, strategy in solver.state.strategies.items()}
                self._ready.set_result(None)
                while (first := self._asked.get()) is not None:
                    batch, last = self._waiting(first)
                    self._solve(
                        solver, [asked for asked in batch if asked.answer.set_running_or_notify_cancel()]
                    )
                    if last:
                        break
        except BaseException as error:
            if self._ready.done():
                raise
            self._ready.set_exception(error)

    def _waiting(self, first: Asked) -> tuple[list[Asked], bool]:
        """Take what waits; say whether the end was among it."""
        batch = [first]
        while len(batch) < BATCH:
            try:
                asked = self._asked.get_nowait()
            except queue.Empty:
                break
            if asked is None:
                return batch, True
            batch.append(asked)
        return batch, False

    def _solve(self, solver: Solver, batch: list[Asked]) -> None:
        began = time.monotonic()
        self.counts.batches += 1
        try:
            self._answer(solver, batch)
        except Exception as error:  # one batch that fails must not end the server
            for asked in batch:
                if not asked.answer.done():
                    asked.answer.set_exception(error)
                    self.counts.failed += 1
        self.counts.seconds += time.monotonic() - began

    def _answer(self, solver: Solver, batch: list[Asked]) -> None:
        """Answer a batch; where a question cannot be answered at all, the others are, in halves."""
        try:
            parts = {asked.key: asked.part for asked in batch if asked.part is not None}
            solutions = solver.answer([_question(solver, asked) for asked in batch], parts)
        except WorkerError:  # it has been started again often enough, and a part would fare no better
            raise
        except Exception:
            if len(batch) == 1:
                raise
            half = len(batch) // 2
            for part in (batch[:half], batch[half:]):
                with contextlib.suppress(Exception):
                    self._answer(solver, part)
            raise
        for asked, solution in zip(batch, solutions, strict=True):
            asked.answer.set_result(solution)
        self.counts.solved += len(batch)


def _question(solver: Solver, asked: Asked) -> Question:
    wish, config = asked.wish, solver.state.config
    most = config.evaluate.max_new_tokens
    drawn = 0
    if wish.temperature:
        drawn = secrets.randbits(63) if wish.seed is None else wish.seed
    return Question(
        key=asked.key,
        problem=TestProblem(id=asked.question, question=asked.question, gold=None, dataset=""),
        strategy=wish.strategy,
        sampling=Sampling(
            temperature=wish.temperature,
            top_p=wish.top_p,
            max_new_tokens=most if wish.max_tokens is None else min(wish.max_tokens, most),
            stop=wish.stop,
        ),
        # As in `siked solve`: a question is answered alike whoever else asks, and when.
        seed=derive(config.seed, "solve", "", asked.question, wish.strategy, drawn),
    )
