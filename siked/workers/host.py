"""The orchestrator's side: start workers, talk to them, restart those that die."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from siked import errors
from siked.errors import ComponentError, SikedError, WorkerError
from siked.records import Completion, Item, Model, ModelInfo, Request, Trained, TrainSettings
from siked.workers import child, protocol

if TYPE_CHECKING:
    from siked.contracts import Progress

RESTARTS = 3
"""How often a worker may die within one piece of work before that counts as failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """Which component a worker hosts."""

    role: str
    """For messages and the log's name: ``student``, ``teacher-pot``, ``trainer``."""
    target: str
    """``module:Class``."""
    label: str = ""
    """What errors call the component: with its distribution and version."""
    file: str | None = None
    """The plugin file that has the module, where it is one."""
    options: dict[str, Any] = field(default_factory=dict)
    python: str | None = None
    aside: frozenset[str] = frozenset()
    """Options that decide no text: limits, prices, speed."""

    @property
    def deciding(self) -> dict[str, Any]:
        """The options that decide what is generated."""
        return {key: value for key, value in self.options.items() if key not in self.aside}

    @property
    def identity(self) -> str:
        """Equal for specs that one process can serve."""
        return json.dumps([self.target, self.options, self.python, self.file], sort_keys=True)


class WorkerDied(Exception):
    """The worker went away; its work can be given to another."""


class Worker:
    """One child process. Not to be shared between threads."""

    def __init__(self, spec: Spec, log: Path, note: Callable[[str], None] | None = None) -> None:
        self.spec = spec
        self.log = log
        self.note = note
        self.model: Model | None = None
        self.info: ModelInfo | None = None
        to_read, to_write = os.pipe()
        from_read, from_write = os.pipe()
        log.parent.mkdir(parents=True, exist_ok=True)
        # TRL and vLLM send a note home otherwise; a Hub model is fetched before, by its own call.
        env = {"HF_HUB_DISABLE_TELEMETRY": "1", "VLLM_NO_USAGE_STATS": "1", "TOKENIZERS_PARALLELISM": "false"}
        try:
            with log.open("ab") as file:
                self.process = subprocess.Popen(
                    [
                        spec.python or sys.executable,
                        child.__file__,
                        str(to_read),
                        str(from_write),
                        spec.target,
                    ],
                    stdin=subprocess.DEVNULL,
                    stdout=file,
                    stderr=file,
                    pass_fds=(to_read, from_write),
                    env={**env, **os.environ},
                    # Ctrl-C reaches the whole foreground group; the orchestrator alone decides.
                    start_new_session=True,
                )
        except OSError as error:
            for end in (to_write, from_read):
                os.close(end)
            raise WorkerError(f"{spec.role}: {spec.python or sys.executable}: {error.strerror}") from None
        finally:
            os.close(to_read)
            os.close(from_write)
        self.writer: BinaryIO = os.fdopen(to_write, "wb")
        self.reader: BinaryIO = os.fdopen(from_read, "rb")
        try:
            # Not as an argument: those are visible to everyone on the machine.
            self._send({"options": spec.options, "file": spec.file})
            hello = self._next()
            if hello.get("protocol") != protocol.VERSION:
                raise WorkerError(
                    f"{spec.role}: speaks protocol {hello.get('protocol')}, not {protocol.VERSION}"
                )
            self._send({"op": "credit", "n": protocol.CREDIT})
        except WorkerDied as error:
            self.close()
            raise WorkerError(str(error)) from None
        except BaseException:
            self.close()
            raise

    def open(self, model: Model) -> ModelInfo:
        """Make the worker's component open ``model``, unless it has."""
        if self.info is None or self.model != model:
            self._send({"op": "open", "model": protocol.pack(model)})
            self.info = ModelInfo(**self._next()["value"])
            self.model = model
        return self.info

    def generate(self, requests: Sequence[Request], used: tuple[int, float] | None = None) -> Iterator[Item]:
        """Yield what the component yields; take the next item only when the last one is safe.

        ``used`` are the tokens and cost so far, for a component that keeps a budget.
        """
        packed = [protocol.pack(r) for r in requests]
        self._send({"op": "generate", "requests": packed, "used": used})
        for value in self._items():
            yield protocol.item(value)

    def score(
        self, requests: Sequence[Request], continuations: Sequence[Sequence[str]]
    ) -> Iterator[list[float]]:
        """Yield the log-probabilities of the continuations of each request."""
        packed = [protocol.pack(r) for r in requests]
        self._send({"op": "score", "requests": packed, "continuations": [list(c) for c in continuations]})
        yield from self._items()

    def check_tags(self, tags: Sequence[str]) -> None:
        """Let the component check tags against the tokenizer of the model that is open."""
        self._send({"op": "tags", "tags": list(tags)})
        self._next()

    def train(
        self,
        student: Model,
        rows: Path,
        settings: TrainSettings,
        out: Path,
        progress: Progress,
    ) -> Trained:
        """Train on the rows of a file."""
        self._send(
            {
                "op": "train",
                "student": protocol.pack(student),
                "rows": str(rows),
                "settings": protocol.pack(settings),
                "out": str(out),
            }
        )
        while True:
            frame = self._next()
            if frame["event"] == "result":
                return Trained(**frame["value"])
            progress(frame["done"], frame["of"], **frame["told"])

    def close(self) -> None:
        """End the process; what it holds is the machine's again when this returns."""
        with contextlib.suppress(OSError):
            self.writer.close()
        try:
            self.process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.reader.close()

    def _items(self) -> Iterator[Any]:
        unpaid = 0
        while True:
            frame = self._next()
            if frame["event"] == "end":
                if unpaid:
                    self._send({"op": "credit", "n": unpaid})
                return
            yield frame["value"]
            unpaid += 1
            if unpaid >= protocol.CREDIT // 4:
                self._send({"op": "credit", "n": unpaid})
                unpaid = 0

    def _send(self, frame: dict[str, Any]) -> None:
        try:
            protocol.send(self.writer, frame)
        except OSError:
            raise WorkerDied(self._exit_message()) from None

    def _next(self) -> dict[str, Any]:
        frame = protocol.receive(self.reader)
        while frame is not None and frame["event"] == "note":
            if self.note is not None:
                self.note(f"{self.spec.role}: {frame['text']}")
            frame = protocol.receive(self.reader)
        if frame is None:
            raise WorkerDied(self._exit_message())
        if frame["event"] == "error":
            raise _error(frame, self.spec, self.log)
        return frame

    def _exit_message(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=5)
        tail = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-3:]
        end = f"; its log ends: {' | '.join(tail)}" if tail else ""
        return f"the {self.spec.role} worker died (exit {self.process.poll()}){end}"


def _error(frame: dict[str, Any], spec: Spec, log: Path) -> SikedError:
    cls = getattr(errors, frame["kind"], None)
    if not (isinstance(cls, type) and issubclass(cls, SikedError)):
        rule = f"rule: {frame['rule']}; " if "rule" in frame else ""
        return ComponentError(f"{spec.label or spec.role}: {frame['message']} ({rule}log: {log})")
    error = cls.__new__(cls)
    Exception.__init__(error, frame["message"])
    return error


class WorkerPool:
    """The workers of one run. On a CPU they live side by side; a device has one at a time."""

    def __init__(self, logs: Path, note: Callable[[str], None]) -> None:
        self.logs = logs
        self.note = note
        self.live: dict[str, Worker] = {}

    def get(self, spec: Spec) -> Worker:
        """Return a live worker for ``spec``; on a GPU every other one is ended first."""
        found = self.live.get(spec.identity)
        if found is not None and found.process.poll() is None:
            return found
        self.drop(spec)
        for other in list(self.live.values()):
            if other.info is None or other.info.device not in ("", "cpu"):
                self.drop(other.spec)
        worker = Worker(spec, self.logs / f"{spec.role}.log", self.note)
        self.live[spec.identity] = worker
        return worker

    def drop(self, spec: Spec) -> None:
        """End the worker of ``spec``, if there is one."""
        worker = self.live.pop(spec.identity, None)
        if worker is not None:
            worker.close()

    def close(self) -> None:
        """End every worker."""
        for worker in list(self.live.values()):
            self.drop(worker.spec)

    def open(self, spec: Spec, model: Model) -> ModelInfo:
        """Open a model, starting the worker anew if it dies."""
        info: ModelInfo = self.retry(spec, lambda worker: worker.open(model))
        return info

    def generate(
        self,
        spec: Spec,
        model: Model,
        pending: Callable[[], Sequence[Request]],
        used: Callable[[], tuple[int, float]] | None = None,
    ) -> Iterator[Item]:
        """Yield completions until nothing is pending; ``pending`` and ``used`` are asked again after a
        death.

        Raises :class:`siked.errors.ComponentError` where a request ends in no outcome.
        """
        deaths = 0
        while True:
            requests = pending()
            if all(request.done for request in requests):
                return
            try:
                worker = self.get(spec)
                worker.open(model)
                yield from _whole(spec, worker, requests, used() if used is not None else None)
                return
            except WorkerDied as death:
                deaths = self._restart_or_raise(spec, death, deaths)

    def retry(self, spec: Spec, work: Callable[[Worker], Any]) -> Any:
        """Do ``work`` with a worker, starting it anew if it dies."""
        deaths = 0
        while True:
            try:
                return work(self.get(spec))
            except WorkerDied as death:
                deaths = self._restart_or_raise(spec, death, deaths)

    def _restart_or_raise(self, spec: Spec, death: WorkerDied, deaths: int) -> int:
        self.drop(spec)
        deaths += 1
        if deaths > RESTARTS:
            raise WorkerError(f"{death}; given up after {deaths} deaths") from None
        self.note(f"{death}; starting it again")
        time.sleep(min(0.2 * 2**deaths, 5))
        return deaths


def _whole(
    spec: Spec, worker: Worker, requests: Sequence[Request], used: tuple[int, float] | None
) -> Iterator[Item]:
    """Yield what a worker generates, and see to it that every request is answered and no other."""
    known = {request.key for request in requests}
    missing = {request.key: request for request in requests if not request.done}
    rule = f"(rule: siked.contracts.Backend.generate; log: {worker.log})"
    for item in worker.generate(requests, used):
        if isinstance(item, Completion):
            if item.key not in known:
                raise ComponentError(
                    f"{spec.label or spec.role}: generate yielded a completion for a request that it was not"
                    f" given, {item.key[:80]!r} {rule}"
                )
            missing.pop(item.key, None)
        yield item
    if missing:
        first = next(iter(missing.values()))
        raise ComponentError(
            f"{spec.label or spec.role}: generate ended without a completion for {len(missing)} of"
            f" {len(requests)} requests, first problem {first.problem_id!r} {rule}"
        )


def write_rows(path: Path, rows: Iterable[dict[str, Any]]) -> int:
    """Write training rows for a worker and return their number."""
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
            count += 1
    return count
