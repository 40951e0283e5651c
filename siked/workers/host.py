"""The orchestrator's side: start workers, talk to them, restart those that die."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from siked import errors
from siked.errors import ComponentError, SikedError, WorkerError
from siked.records import Item, Judged, JudgeItem, Model, ModelInfo, Request, Trained, TrainSettings
from siked.workers import child, protocol
from siked.workers.dispatch import WorkerDied

if TYPE_CHECKING:
    from siked.contracts import Progress, Told

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
    replicas: int = 1
    """Processes that share the requests."""
    window: int = 1
    """Lists of requests that are worth handing over together: what waits at the end of each is less."""
    aside: frozenset[str] = frozenset()
    """Options that decide no text: limits, prices, speed."""
    apart: bool = False
    """The process holds nothing of this machine's devices: what it stands for runs elsewhere."""
    local: tuple[str, dict[str, Any]] | None = None
    """Target and deciding options of what it stands for."""

    @property
    def deciding(self) -> dict[str, Any]:
        """The options that decide what is generated."""
        if self.local is not None:
            return self.local[1]
        return {key: value for key, value in self.options.items() if key not in self.aside}

    @property
    def decides(self) -> str:
        """The component that decides what is generated."""
        return self.target if self.local is None else self.local[0]

    @property
    def identity(self) -> str:
        """Equal for specs that one process can serve."""
        return json.dumps([self.target, self.options, self.python, self.file, self.replicas], sort_keys=True)


@dataclass(frozen=True, slots=True, eq=False)
class Watched:
    """Requests whose texts are wanted while they are written, in one generation."""

    keys: Collection[str]
    told: Told


class Worker:
    """One child process. Not to be shared between threads, but for :meth:`drop`."""

    def __init__(
        self,
        spec: Spec,
        log: Path,
        note: Callable[[str], None] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.spec = spec
        self.log = log
        self.note = note
        self.model: Model | None = None
        self.info: ModelInfo | None = None
        self._sending = threading.Lock()
        self._watched: Watched | None = None
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
                    env={**env, **os.environ, **(environment or {})},
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

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self.process.poll() is None

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
        return self.generate_lists([requests], used)

    def generate_lists(
        self,
        lists: Sequence[Sequence[Request]],
        used: tuple[int, float] | None = None,
        watched: Watched | None = None,
    ) -> Iterator[Item]:
        """Yield the same for several lists, each with batches of its own.

        With ``watched`` a component that can tells texts while they are written, and heeds :meth:`drop`.
        """
        packed = [protocol.pack(request) for requests in lists for request in requests]
        sizes = [len(requests) for requests in lists]
        streamed = None if watched is None else list(watched.keys)
        frame = {"op": "generate", "requests": packed, "sizes": sizes, "used": used, "streamed": streamed}
        with self._sending:
            self._watched = watched
            self._put(frame)
        for value in self._items(watched.told if watched is not None else None):
            yield protocol.item(value)

    def drop(self, watched: Watched, keys: Collection[str]) -> None:
        """Let the generation that is ``watched``, where it is under way, stop writing for these requests;
        safe from any thread."""
        with self._sending, contextlib.suppress(WorkerDied):
            if self._watched is watched:
                self._put({"op": "drop", "keys": list(keys)})

    def batches(self, requests: Sequence[Request]) -> list[list[int]] | None:
        """Return which requests the component writes together, by place; None where it does not say."""
        self._send({"op": "batches", "requests": [protocol.pack(request) for request in requests]})
        found: list[list[int]] | None = self._next()["value"]
        return found

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

    def judge(self, items: Sequence[JudgeItem]) -> list[Judged]:
        """Let the component give verdicts, one an item, in order."""
        self._send({"op": "judge", "items": protocol.pack_judge_items(items)})
        return [protocol.judged(value) for value in self._next()["value"]]

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

    def _items(self, told: Told | None = None) -> Iterator[Any]:
        unpaid = 0
        while True:
            frame = self._next()
            if frame["event"] == "part":
                if told is not None:
                    told(frame["key"], frame["at"], frame["text"])
                continue
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
        with self._sending:
            self._put(frame)

    def _put(self, frame: dict[str, Any]) -> None:
        try:
            protocol.send(self.writer, frame)
        except (OSError, ValueError):  # the latter where it has been closed
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


def write_rows(path: Path, rows: Iterable[dict[str, Any]]) -> int:
    """Write training rows for a worker and return their number."""
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
            count += 1
    return count
