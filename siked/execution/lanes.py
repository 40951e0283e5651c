"""Programs in, outcomes out in the same order, over threads that each hold one worker.

Shared by the sandboxes. The caller's thread takes the programs and yields the outcomes; a bounded
window lies between the two, so memory does not grow with the number of programs.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from siked.errors import ConfigError, SandboxError
from siked.records import Program, ProgramOutcome, ProgramStatus

WINDOW = 16
"""Programs in flight for each slot."""
WALL = 5.0
"""The wall clock is this many times the CPU limit: a backstop that only a busy machine reaches."""
PATIENCE = (0.1, 1.0, 4.0)
"""Seconds to wait before a program that the machine failed is tried again, alone."""


def check_limits(cpu: float, memory: int, workers: int) -> None:
    """Raise :class:`siked.errors.ConfigError` for limits under which nothing could run."""
    if not cpu > 0 or cpu > 86_400:
        raise ConfigError(f"cpu is {cpu:g}; a program needs more than 0 and at most 86400 seconds")
    if memory < 16:
        raise ConfigError(f"memory is {memory}; a program needs at least 16 MiB")
    if workers < 0:
        raise ConfigError(f"workers is {workers}; at least one is needed, 0 is one for each processor")


def clean(text: str) -> str:
    """Return ``text`` without NUL and lone surrogates, which not every file or database can hold."""
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


class MachineFailure(Exception):
    """The machine could not run a program (no process, no file, no memory, no space): no verdict on it."""


_MACHINE = (MachineFailure, SandboxError, OSError, MemoryError, RuntimeError)
"""What is raised where the machine has no process, thread, file, memory or space."""


def started(start: Callable[[], Lane]) -> Lane:
    """Start a lane, again where the machine fails; raise :class:`siked.errors.SandboxError` if it stays."""
    for pause in (*PATIENCE, None):
        try:
            return start()
        except _MACHINE as error:
            if isinstance(error, SandboxError):
                raise
            if pause is None:
                raise SandboxError(f"the sandbox cannot be started: {reason(error)}") from error
            time.sleep(pause)
    raise AssertionError


def reason(error: BaseException) -> str:
    """Return what went wrong, in a line."""
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return (said or type(error).__name__)[:300]


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of one attempt."""

    outcome: ProgramOutcome
    overdue: bool = False
    """The wall clock ended it, not the CPU limit, or its process died without a reason that the limits
    give: it is run once more, alone."""
    lacking: bool = False
    """The sandbox lacks something the program needs; another one may have it."""


@dataclass(slots=True, eq=False)
class Ticket:
    """One program on its way."""

    code: str
    done: Callable[[Ticket], None]
    ran: Ran | None = None
    note: object = None
    """What the sandbox has found out about the program; its slot gets it."""
    elsewhere: bool = False
    """It goes to another lane than the first one."""
    again: bool = False
    """It has run into the wall clock, or its process has died, once."""
    failure: Exception | None = None
    """What kept the machine from running it this time."""
    failed: int = 0
    """How often that has happened."""
    settled: bool = False

    def settle(self, ran: Ran) -> None:
        """Say what came of it, without a lane."""
        self.ran, self.settled = ran, True


class Slot(ABC):
    """One worker process as one thread sees it."""

    @abstractmethod
    def run(self, program: str, note: object) -> Ran:
        """Run one program, whatever it does; ``note`` is what the sandbox knows of it.

        Whatever it raises is the machine's failure or ours, never the program's.
        """

    @abstractmethod
    def abandon(self) -> None:
        """Make ``run`` come back soon; called from another thread, before ``close``."""

    @abstractmethod
    def close(self) -> None:
        """End the worker."""


class Lane:
    """Threads that take tickets from one queue."""

    def __init__(self, name: str, slots: Sequence[Slot], close: Callable[[], None]) -> None:
        self.name = name
        self._close = close
        self._slots = slots
        self._queue: queue.SimpleQueue[Ticket | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._work, args=(slot,), name=f"siked-{name}-{number}", daemon=True)
            for number, slot in enumerate(slots)
        ]
        try:
            for thread in self._threads:
                thread.start()
        except BaseException:
            self._threads = [thread for thread in self._threads if thread.ident is not None]
            self.close()
            raise

    def put(self, ticket: Ticket) -> None:
        """Queue a ticket; its ``done`` is called from a thread of this lane."""
        self._queue.put(ticket)

    def close(self) -> None:
        """Drop what is queued and what runs, end the threads and their workers."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._queue.get_nowait()
        for _ in self._threads:
            self._queue.put(None)
        for slot in self._slots:
            slot.abandon()
        for thread in self._threads:
            thread.join()
        self._close()

    def _work(self, slot: Slot) -> None:
        try:
            while (ticket := self._queue.get()) is not None:
                try:
                    ticket.ran = slot.run(ticket.code, ticket.note)
                except _MACHINE as error:
                    ticket.failure = error
                except BaseException as error:  # a fault of ours costs one program its verdict, not the batch
                    detail = f"the sandbox failed: {type(error).__name__}: {error}"[:400]
                    ticket.ran = Ran(
                        ProgramOutcome(status=ProgramStatus.DENIED, sandbox=self.name, detail=detail)
                    )
                ticket.done(ticket)
        finally:
            slot.close()


class Feed:
    """Reads a slow source in a thread of its own, so that waiting for the next program does not
    hold back the outcome of the last one."""

    def __init__(self, source: Iterable[Program], ahead: int = 256) -> None:
        self._queue: queue.Queue[Program | BaseException | None] = queue.Queue(ahead)
        self._wake: Callable[[None], None] = lambda nothing: None
        self._over = False
        self._thread = threading.Thread(target=self._read, args=(source,), name="siked-feed", daemon=True)

    def start(self, wake: Callable[[None], None]) -> None:
        """Begin to read; ``wake(None)`` is called from the reading thread after each program."""
        self._wake = wake
        self._begin()

    def _begin(self) -> None:
        try:
            self._thread.start()
        except RuntimeError as error:
            raise SandboxError(f"the sandbox cannot be started: {reason(error)}") from error

    def take(self) -> Program | None:
        """Return the next program, or None if there is none yet; raise what the source raised."""
        try:
            item = self._queue.get_nowait()
        except queue.Empty:
            return None
        if item is None:
            raise StopIteration
        if isinstance(item, BaseException):
            raise item
        return item

    def stop(self) -> None:
        """Take no more from the source, once it has given what it is asked for now."""
        self._over = True
        with contextlib.suppress(queue.Empty):
            while True:
                self._queue.get_nowait()

    def __iter__(self) -> Iterator[Program]:
        """Read it like any other iterable."""
        self._begin()
        while (item := self._queue.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item

    def _read(self, source: Iterable[Program]) -> None:
        end: BaseException | None = None
        try:
            for program in source:
                self._queue.put(program)
                self._wake(None)
                if self._over:
                    return
        except BaseException as error:
            end = error
        self._queue.put(end)
        self._wake(None)


class Route(Protocol):
    """Where tickets go."""

    def submit(self, ticket: Ticket) -> None:
        """Hand a ticket to a lane, or settle it at once."""

    def window(self) -> int:
        """Return how many tickets may be on their way."""


class Line:
    """One call of a sandbox's ``run``."""

    def __init__(self, programs: Iterable[Program], route: Route) -> None:
        self._route = route
        self._ready: queue.SimpleQueue[Ticket | None] = queue.SimpleQueue()
        self._waiting: deque[Ticket] = deque()
        self._running = 0
        self._alone: list[Ticket] = []
        """Tickets that are to run once more, with nothing beside them."""
        self._broken: Exception | None = None
        """The machine runs nothing more: what is not settled by now never will be."""
        self._failure: BaseException | None = None
        self._ended = False
        self._feed = programs if isinstance(programs, Feed) else None
        if self._feed is not None:
            self._feed.start(self._ready.put)
        self._programs = iter(()) if self._feed is not None else iter(programs)

    def outcomes(self) -> Iterator[ProgramOutcome]:
        """Yield the outcomes in order, each as soon as its turn comes."""
        try:
            yield from self._outcomes()
        finally:
            if self._feed is not None:
                self._feed.stop()

    def _outcomes(self) -> Iterator[ProgramOutcome]:
        while True:
            while self._head_is_settled():
                ran = self._waiting.popleft().ran
                assert ran is not None
                yield ran.outcome
            if self._broken is not None:
                raise self._broken
            if not self._take():
                if self._ended and not self._waiting:
                    if self._failure is not None:
                        raise self._failure
                    return
                self._receive(self._ready.get())
            while not self._ready.empty():
                self._receive(self._ready.get())
            self._run_alone()

    def _head_is_settled(self) -> bool:
        return bool(self._waiting) and self._waiting[0].settled

    def _take(self) -> bool:
        """Try to take one program from the source; say whether there is reason not to wait."""
        if self._ended or self._alone or len(self._waiting) >= self._route.window():
            return False
        try:
            program = next(self._programs) if self._feed is None else self._feed.take()
            if program is None:
                return False
            ticket = Ticket(program.code, self._ready.put)
            self._submit(ticket)
            self._waiting.append(ticket)
        except StopIteration:
            self._ended = True
        except BaseException as error:  # what was taken before is still delivered
            self._ended, self._failure = True, error
        return True

    def _submit(self, ticket: Ticket) -> None:
        self._route.submit(ticket)
        if not ticket.settled:
            self._running += 1

    def _receive(self, ticket: Ticket | None) -> None:
        if ticket is None:
            return
        self._running -= 1
        if ticket.failure is not None:
            ticket.failed += 1
            self._alone.append(ticket)
            return
        ran = ticket.ran
        assert ran is not None
        if ran.lacking:
            self._resubmit(ticket)
        elif ran.overdue and not ticket.again:
            ticket.again = True
            self._alone.append(ticket)
        else:
            ticket.settled = True

    def _resubmit(self, ticket: Ticket) -> None:
        try:
            self._submit(ticket)
        except Exception as error:
            self._broken = error

    def _run_alone(self) -> None:
        while self._alone and self._running == 0 and self._broken is None:
            ticket = self._alone.pop(0)
            if ticket.failure is not None:
                if ticket.failed > len(PATIENCE):
                    self._broken = SandboxError(
                        "the machine cannot run programs in the sandbox (nothing was recorded of those"
                        f" on their way): {reason(ticket.failure)}"
                    )
                    return
                time.sleep(PATIENCE[ticket.failed - 1])
                ticket.failure = None
            self._resubmit(ticket)
            while self._running:
                self._receive(self._ready.get())
