"""What crosses between orchestrator and worker: options in private, notes to people, whole texts."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest

from siked.journal import Journal, Stage
from siked.records import Call, Completion, Item, Model, ModelInfo, Outcome, Request, Reservation
from siked.workers import Spec, Worker, WorkerPool

HERE = Path(__file__).parent


class Accountant:
    """Says what it was told; reserves, and dies where it is asked to."""

    name: ClassVar[str] = "accountant"

    @dataclass(frozen=True)
    class Options:
        secret: str = ""
        die_once: str = ""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.used: tuple[int, float] = (-1, -1.0)

    def open(self, model: Model) -> ModelInfo:
        return ModelInfo(fingerprint=self.options.secret or "none")

    def account(self, tokens: int, cost: float) -> None:
        self.used = (tokens, cost)

    def generate(self, requests: Sequence[Request]) -> Iterator[Item]:
        logging.getLogger("siked.backend.accountant").warning("asked for %d", len(requests))
        logging.getLogger("siked.backend.accountant").info("not for people")
        session = f"session-{os.getpid()}"
        yield Reservation(session=session, tokens=50, cost=0.5)
        if self.options.die_once and not os.path.exists(self.options.die_once):
            Path(self.options.die_once).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        for request in requests:
            yield Call(id="a", requests=1, prompt_tokens=3, completion_tokens=4, provider_id="\udc00")
            yield Completion(key=request.key, outcome=Outcome.OK, text=f"{self.used} \ud83d.", logprob=-1.5)
        yield Reservation(session=session)


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(HERE))


def spec(**options: Any) -> Spec:
    return Spec(role="teacher", target="test_frames:Accountant", options=options)


def test_options_are_not_among_the_arguments_of_the_process(tmp_path: Path) -> None:
    worker = Worker(spec(secret="sk-secret"), tmp_path / "log")
    try:
        shown = Path(f"/proc/{worker.process.pid}/cmdline").read_bytes()
        shown += Path(f"/proc/{worker.process.pid}/environ").read_bytes()
        assert b"sk-secret" not in shown
        assert b"Accountant" in shown
        assert worker.open(Model(name="m")).fingerprint == "sk-secret"
    finally:
        worker.close()


def test_warnings_are_told_and_halves_of_surrogate_pairs_replaced(tmp_path: Path) -> None:
    notes: list[str] = []
    worker = Worker(spec(), tmp_path / "log", notes.append)
    try:
        items = list(worker.generate([Request(key="k", messages=())], (7, 0.5)))
    finally:
        worker.close()
    assert notes == ["teacher: asked for 1"]
    (done,) = [item for item in items if isinstance(item, Completion)]
    assert (done.text, done.logprob) == ("(7, 0.5) \ufffd.", -1.5)
    (call,) = [item for item in items if isinstance(item, Call)]
    assert call.provider_id == "\ufffd"


def test_what_a_killed_worker_had_reserved_counts_as_used(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path / "run.db")
    pool = WorkerPool(tmp_path / "logs", lambda text: None)
    told: list[str] = []
    try:
        for item in pool.generate(
            spec(die_once=str(tmp_path / "died")),
            Model(name="m"),
            lambda: [[Request(key="k", messages=(), done=bool(told))]],
            lambda: journal.used(True),
        ):
            with journal.saving():
                if isinstance(item, Reservation):
                    journal.reservation(item, teacher=True)
                elif isinstance(item, Call):
                    journal.call(Stage("main", 0, "teach:cot"), "fake", item)
                else:
                    told.append(item.text)
    finally:
        pool.close()
    assert told == ["(50, 0.5) \ufffd."]
    assert journal.used(True) == (57, 0.5)
    assert journal.used(False) == (0, 0.0)
