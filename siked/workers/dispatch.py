"""Sharing out work between several that can do it, some of which may die on the way.

What is done together (a *unit*) is fixed before anybody is asked; which one does it, and how many
there are, decides nothing but the time it takes.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, Full, Queue
from typing import Any, Generic, Protocol, TypeVar

from siked.errors import WorkerError

U = TypeVar("U")
T = TypeVar("T")
U_contra = TypeVar("U_contra", contravariant=True)
T_co = TypeVar("T_co", covariant=True)

TRIES = 4
"""How often a unit is begun before what is in it counts as deadly."""
HELD = 1024
"""Results that wait for the consumer; a worker that brings more waits itself."""
_TICK = 0.2
_ENDED: tuple[Any, ...] = ()
"""Says that a unit has ended, so that the consumer looks whether all have."""


class WorkerDied(Exception):
    """The worker went away; its work can be given to another."""


class Slot(Protocol[U_contra, T_co]):
    """One that does units, one at a time."""

    def ready(self, over: Callable[[], bool]) -> bool:
        """Return whether it can serve, as soon as that is known; stop waiting when ``over()`` is true."""
        ...

    def serve(self, unit: U_contra) -> Iterator[T_co]:
        """Yield the results of a unit; raises :class:`WorkerDied` where its worker goes away."""
        ...

    def lost(self, death: WorkerDied) -> bool:
        """Hear of a death; return whether another worker may take the place, False to give it up."""
        ...


@dataclass
class _Work(Generic[U]):
    """The units of one dispatch and what became of them."""

    waiting: deque[tuple[U, int]]
    results: Queue[Any] = field(default_factory=lambda: Queue(HELD))
    stopped: threading.Event = field(default_factory=threading.Event)
    changed: threading.Condition = field(default_factory=threading.Condition)
    under_way: int = 0

    def take(self) -> tuple[U, int] | None:
        """Return the next unit; None when all is done, or the consumer has gone."""
        with self.changed:
            while not self.waiting and self.under_way and not self.stopped.is_set():
                self.changed.wait(_TICK)
            if not self.waiting or self.stopped.is_set():
                return None
            self.under_way += 1
            return self.waiting.popleft()

    def end(self, again: tuple[U, int] | None = None) -> None:
        """Count a unit as ended; ``again`` is what is left of it."""
        with self.changed:
            self.under_way -= 1
            if again is not None:
                self.waiting.appendleft(again)
            self.changed.notify_all()
        with suppress(Full):  # a consumer with something to take looks by itself
            self.results.put_nowait(_ENDED)

    def put(self, value: Any) -> bool:
        """Hand something to the consumer; False where it has gone."""
        while not self.stopped.is_set():
            try:
                self.results.put(value, timeout=_TICK)
            except Full:
                continue
            return True
        return False

    @property
    def over(self) -> bool:
        """Whether nothing is left to do, or nobody waits for it."""
        with self.changed:
            return self.stopped.is_set() or (not self.waiting and not self.under_way)


def _taken(work: _Work[U]) -> Iterator[Any]:
    """Yield what slots bring until all work is done; raise what one of them raised."""
    while True:
        # Results are put before their unit ends, so what is over has all of them in the queue.
        over = work.over
        try:
            value = work.results.get(timeout=0 if over else _TICK)
        except Empty:
            if over:
                return
            continue
        if isinstance(value, BaseException):
            raise value
        if value is not _ENDED:
            yield value[0]


class Dispatcher(Generic[U, T]):
    """Keeps all slots busy. A slot that is not back from its last death is waited for by nobody."""

    def __init__(self, slots: Sequence[Slot[U, T]]) -> None:
        self.slots = list(slots)
        self._gone: set[int] = set()
        self._locks = [threading.Lock() for _ in slots]

    def add(self, slot: Slot[U, T]) -> None:
        """Have one more from the next run on."""
        self.slots.append(slot)
        self._locks.append(threading.Lock())

    def run(self, units: Sequence[U], rest: Callable[[U, Sequence[T]], U | None]) -> Iterator[T]:
        """Yield the results of all units as they come, those of one unit in its order.

        ``rest`` says what is left of a unit whose first results are there when its worker dies; None
        is nothing. Raises :class:`siked.errors.WorkerError` where a unit ends one worker after the other
        or no slot is left, and whatever a slot raises.
        """
        work: _Work[U] = _Work(deque((unit, 1) for unit in units))
        if len(self._gone) == len(self.slots):
            raise WorkerError("none of the workers is left")

        def pump(number: int) -> None:
            try:
                with self._locks[number]:
                    self._serve(number, work, rest)
            except BaseException as error:
                work.put(error)

        for number in range(len(self.slots)):
            if number not in self._gone:
                threading.Thread(target=pump, args=(number,), daemon=True).start()
        try:
            yield from _taken(work)
        finally:
            work.stopped.set()

    def _serve(
        self,
        number: int,
        work: _Work[U],
        rest: Callable[[U, Sequence[T]], U | None],
    ) -> None:
        slot = self.slots[number]
        # A unit is taken only by one that can serve: others would wait for it.
        while slot.ready(lambda: work.over) and (taken := work.take()) is not None:
            unit, tries = taken
            got: list[T] = []
            try:
                for result in slot.serve(unit):
                    if not work.put((result,)):
                        return
                    got.append(result)
                work.end()
            except WorkerDied as death:
                left = rest(unit, got)
                if left is not None and tries >= TRIES:
                    raise WorkerError(f"{death}; what it was at has ended {tries} workers") from None
                work.end(None if left is None else (left, tries + 1))
                if not slot.lost(death):
                    self._gone.add(number)
                    if len(self._gone) == len(self.slots):
                        raise WorkerError(f"{death}; none of the workers is left") from None
                    return
