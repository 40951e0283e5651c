"""Several workers over one list of requests: who writes a text decides nothing of it."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from siked.errors import ConfigError, WorkerError
from siked.records import Completion, Message, Model, Request, Sampling
from siked.registry import load_registry
from siked.workers import Spec, WorkerDied, WorkerPool
from siked.workers.dispatch import TRIES, Dispatcher
from siked.workers.replicas import Unit, rest, shares, units


def requests(count: int, done: Sequence[int] = ()) -> list[Request]:
    return [
        Request(
            key=str(n),
            messages=(Message("user", f"What is {n} + {n % 7}?"),),
            prefix="[cot]",
            sampling=Sampling(temperature=0.7, top_p=0.95, max_new_tokens=24),
            seed=n,
            question=f"What is {n} + {n % 7}?",
            strategy="cot",
            done=n in done,
        )
        for n in range(count)
    ]


class Doubler:
    """Doubles the numbers of a unit; dies when it first meets ``deadly``, as often as ``deaths``."""

    def __init__(self, deadly: int = -1, deaths: int = 0, back: bool = True) -> None:
        self.deadly, self.deaths, self.back = deadly, deaths, back

    def serve(self, unit: list[int]) -> Iterator[tuple[int, int]]:
        for number in unit:
            if number == self.deadly and self.deaths:
                self.deaths -= 1
                raise WorkerDied("gone")
            yield number, 2 * number

    def ready(self, over: Any) -> bool:
        return True

    def lost(self, death: WorkerDied) -> bool:
        return self.back


def left(unit: list[int], got: Sequence[tuple[int, int]]) -> list[int] | None:
    there = {number for number, _ in got}
    return [number for number in unit if number not in there] or None


UNITS = [[n, n + 1, n + 2] for n in range(0, 60, 3)]


@pytest.mark.parametrize(
    "slots",
    [
        [Doubler()],
        [Doubler(), Doubler(), Doubler()],
        [Doubler(deadly=4, deaths=1), Doubler(deadly=4, deaths=1)],
        [Doubler(deadly=4, deaths=1, back=False), Doubler()],
    ],
)
def test_every_unit_is_done_once_whoever_dies(slots: list[Any]) -> None:
    found = list(Dispatcher(slots).run(UNITS, left))
    assert sorted(found) == [(n, 2 * n) for n in range(60)]


def test_what_ends_every_worker_ends_the_work() -> None:
    slots: list[Any] = [Doubler(deadly=4, deaths=99), Doubler(deadly=4, deaths=99)]
    with pytest.raises(WorkerError, match=f"has ended {TRIES} workers"):
        list(Dispatcher(slots).run(UNITS, left))
    gone: list[Any] = [Doubler(deadly=n, deaths=9, back=False) for n in (4, 4)]
    with pytest.raises(WorkerError, match="none of the workers is left"):
        list(Dispatcher(gone).run(UNITS, left))


def test_a_consumer_that_waits_holds_the_workers_back() -> None:
    served: list[int] = []

    class Endless(Doubler):
        def serve(self, unit: list[int]) -> Iterator[tuple[int, int]]:
            for number in range(10**6):
                served.append(number)
                yield number, number

    found = Dispatcher([Endless()]).run([[0]], left)
    assert next(found) == (0, 0)
    found.close()
    for thread in threading.enumerate():
        if thread.name.endswith("(pump)"):
            thread.join(5)
    assert len(served) < 2000
    assert not [thread for thread in threading.enumerate() if thread.name.endswith("(pump)")]


def test_an_error_of_a_worker_is_the_callers() -> None:
    class Broken(Doubler):
        def serve(self, unit: list[int]) -> Iterator[tuple[int, int]]:
            raise ConfigError("not so")

    with pytest.raises(ConfigError, match="not so"):
        list(Dispatcher([Broken(), Doubler()]).run(UNITS, left))


def test_batches_are_never_cut() -> None:
    asked = requests(10, done=[0, 1, 2])
    made = units([asked], lambda _: [[0, 1, 2], [3, 9], [4, 5, 6, 7, 8]], 2)
    assert [[r.key for r in unit.requests] for unit in made] == [["3", "9"], ["4", "5", "6", "7", "8"]]
    alone = units([asked[3:], asked[:3]], lambda _: None, 2)
    assert [r.key for unit in alone for r in unit.requests] == [str(n) for n in range(3, 10)]
    whole = rest(Unit(asked[:4]), [Completion(key="3", outcome="ok")])  # type: ignore[arg-type]
    assert whole is None
    some = rest(Unit(asked[3:6]), [Completion(key="4", outcome="ok")])  # type: ignore[arg-type]
    assert some is not None
    assert [(r.key, r.done) for r in some.requests] == [("3", False), ("4", True), ("5", False)]


def test_each_replica_has_its_share_of_the_devices() -> None:
    assert shares(2, None, 0) == [None, None]
    assert shares(2, None, 4) == ["0,1", "2,3"]
    assert shares(2, "3,5,7", 8) == ["3", "5"]
    assert shares(4, "3,5", 8) == ["3", "5", "3", "5"]
    assert shares(2, "", 8) == [None, None]


def texts(pool: WorkerPool, spec: Spec, model: Model, lists: list[list[Request]]) -> dict[str, str]:
    there: dict[str, str] = {}

    def pending() -> list[list[Request]]:
        return [[r for r in part if r.key not in there] for part in lists]

    for item in pool.generate(spec, model, pending):
        if isinstance(item, Completion):
            assert item.key not in there
            there[item.key] = item.text
    return there


def test_a_replica_that_dies_loses_nothing(tmp_path: Path) -> None:
    notes: list[str] = []
    pool = WorkerPool(tmp_path, notes.append)
    target = "siked.testing.fakes:ScriptedBackend"
    mark = str(tmp_path / "died")
    one = Spec(role="one", target=target)
    two = Spec(role="two", target=target, options={"die_after": 5, "die_once": mark}, replicas=2)
    try:
        alone = texts(pool, one, Model(name="m"), [requests(40)])
        shared = texts(pool, two, Model(name="m"), [requests(20), requests(40)[20:]])
    finally:
        pool.close()
    assert len(alone) == 40
    assert shared == alone
    assert len(notes) == 1, notes
    assert "its requests go to the others" in notes[0]


@pytest.mark.train
def test_two_replicas_write_what_one_writes(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="pip install 'siked[train]'")
    pool = WorkerPool(tmp_path, pytest.fail)
    target = "siked.builtin.backends.transformers:Transformers"
    options = {"batch_size": 5, "device": "cpu", "threads": 1}
    problems = itertools.islice(load_registry().make("dataset", "wordproblems").load("train"), 32)
    asked = [
        replace(request, messages=(Message("user", problem.question),))
        for request, problem in zip(requests(32), problems, strict=True)
    ]
    lists = [asked[:20], asked[20:]]
    try:
        one = Spec(role="one", target=target, options=options)
        alone = texts(pool, one, Model(name="tiny"), lists[:1]) | texts(
            pool, one, Model(name="tiny"), lists[1:]
        )
        two = Spec(role="two", target=target, options=options, replicas=2)
        assert texts(pool, two, Model(name="tiny"), lists) == alone
    finally:
        pool.close()
    assert len(set(alone.values())) > 5


def test_replicas_go_on_with_another_model(tmp_path: Path) -> None:
    spec = Spec(
        role="student", target="siked.testing.fakes:ScriptedBackend", options={"skill": 1.0}, replicas=2
    )
    pool = WorkerPool(tmp_path, lambda note: None)
    try:
        for name in ("one", "two", "one"):
            model = Model(name=name)
            assert name in pool.open(spec, model).fingerprint
            found = list(pool.generate(spec, model, lambda: [requests(20)]))
            assert sum(isinstance(item, Completion) for item in found) == 20
    finally:
        pool.close()
