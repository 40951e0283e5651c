"""The worker's side: host one component and do what the orchestrator asks.

Run as a file, ``python child.py IN OUT MODULE:CLASS``, with two inherited descriptors. The component's
options come as the first frame: arguments are visible to everyone on the machine. Standard output goes to
the log, and warnings of the loggers below ``siked`` to the person who watches the run; the process ends
when its input does, whatever it is doing then.
"""

from __future__ import annotations

import itertools
import json
import logging
import os
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from queue import SimpleQueue
from typing import Any

if __name__ == "__main__":
    # siked need not be installed where the interpreter is another one. Our own folder must not
    # be on the path: its modules would hide top-level ones of equal name.
    sys.path[:] = [p for p in sys.path if Path(p or ".").resolve() != Path(__file__).resolve().parent]
    sys.path.append(str(Path(__file__).resolve().parents[2]))

from siked.contracts import BatchingBackend, BudgetedBackend, DispatchingBackend, StreamingBackend
from siked.errors import SikedError
from siked.plugin_files import read_file
from siked.records import (
    Call,
    Completion,
    Item,
    Message,
    ModelInfo,
    Outcome,
    Request,
    Reservation,
    Trained,
    TrainRow,
    TrainSettings,
)
from siked.shapes import described, number, wrong
from siked.workers import protocol


class Broken(Exception):
    """The component returned what its contract does not allow; ``rule`` is where that stands."""

    def __init__(self, text: str, rule: str) -> None:
        super().__init__(text)
        self.rule = f"siked.contracts.{rule}"


class Rows(Sequence[TrainRow]):
    """The training rows of a file, one JSON object a line, read when they are asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.offsets: list[int] = []
        with path.open("rb") as file:
            at = 0
            for line in file:
                self.offsets.append(at)
                at += len(line)

    def __len__(self) -> int:
        return len(self.offsets)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        with self.path.open("rb") as file:
            file.seek(self.offsets[index])
            return _row(file.readline())

    def __iter__(self) -> Iterator[TrainRow]:
        with self.path.open("rb") as file:
            for line in file:
                yield _row(line)


def _row(line: bytes) -> TrainRow:
    values = json.loads(line)
    return TrainRow(
        messages=tuple(Message(**m) for m in values["messages"]),
        prefix=values["prefix"],
        text=values["text"],
        weight=values["weight"],
        tag_weight=values["tag_weight"],
        rejected=tuple(values.get("rejected", ())),
    )


class Notes(logging.Handler):
    """Sends warnings to the orchestrator, which tells them."""

    def __init__(self, server: Server) -> None:
        super().__init__(logging.WARNING)
        self.server = server

    def emit(self, record: logging.LogRecord) -> None:
        """Send a log record to the orchestrator as a note."""
        try:
            self.server.send("note", text=record.getMessage())
        except OSError:
            self.handleError(record)


class Server:
    """Answers the frames of one orchestrator."""

    def __init__(self, reader: Any, writer: Any, component: Any) -> None:
        self.reader = reader
        self.writer = writer
        self.component = component
        self.frames: SimpleQueue[dict[str, Any]] = SimpleQueue()
        self.credit = threading.Semaphore(0)
        self.lock = threading.Lock()
        self.dropped: set[str] = set()
        self.handlers = {
            "open": self.open,
            "generate": self.generate,
            "batches": self.batches,
            "judge": self.judge,
            "score": self.score,
            "tags": self.tags,
            "train": self.train,
        }

    def send(self, event: str, **values: Any) -> None:
        """Send one event; safe from any thread."""
        with self.lock:
            protocol.send(self.writer, {"event": event, **values})

    def listen(self) -> None:
        """Read frames in a thread of its own: the end of the input ends the process at once."""
        while (frame := protocol.receive(self.reader)) is not None:
            if frame["op"] == "credit":
                self.credit.release(frame["n"])
            elif frame["op"] == "drop":
                self.dropped.update(frame["keys"])
            else:
                if frame["op"] == "generate":  # what is dropped from here on is of this one
                    frame["dropped"] = self.dropped = set()
                self.frames.put(frame)
        os._exit(0)

    def serve(self) -> None:
        """Answer frames until the input ends."""
        threading.Thread(target=self.listen, daemon=True).start()
        logging.getLogger("siked").addHandler(Notes(self))
        self.send("hello", protocol=protocol.VERSION, pid=os.getpid(), python=sys.version.split()[0])
        while True:
            frame = self.frames.get()
            try:
                self.handlers[frame["op"]](frame)
            except SikedError as error:
                self.send("error", kind=type(error).__name__, message=str(error))
            except Broken as error:
                print(f"{error} (rule: {error.rule})", flush=True)
                self.send("error", kind="bug", message=str(error), rule=error.rule)
            except BaseException as error:
                traceback.print_exc()
                method = "check_tags" if frame["op"] == "tags" else frame["op"]
                said = f"{type(error).__name__}: {' '.join(str(error).split())}"
                self.send("error", kind="bug", message=f"{method} raised {said}")

    def open(self, frame: dict[str, Any]) -> None:
        """Open a model and send what it is."""
        info = self.component.open(protocol.model(frame["model"]))
        bad = wrong(info, ModelInfo)
        if not bad and not info.fingerprint.strip():
            bad = "a ModelInfo without a fingerprint"
        if bad:
            raise Broken(f"open returned {bad}", "Backend.open")
        self.send("result", value=protocol.pack(info))

    def generate(self, frame: dict[str, Any]) -> None:
        """Send each completion as soon as it is there and credit allows."""
        requests = [protocol.request(values) for values in frame["requests"]]
        if frame["used"] is not None and isinstance(self.component, BudgetedBackend):
            self.component.account(*frame["used"])
        if frame["streamed"] is not None and isinstance(self.component, StreamingBackend):
            self.component.watch(frozenset(frame["streamed"]), self.told, frame["dropped"])
        for done in _produced("generate", self._completions(requests, frame["sizes"])):
            bad = wrong(done, Completion, Call, Reservation) or _unreasoned(done)
            if bad:
                raise Broken(f"generate yielded {bad}", "Backend.generate")
            self.credit.acquire()
            self.send("item", value=protocol.pack_item(done))
        self.send("end")

    def _completions(self, requests: Sequence[Request], sizes: Sequence[int]) -> Iterator[Item]:
        ends = list(itertools.accumulate(sizes))
        lists = [requests[end - size : end] for size, end in zip(sizes, ends, strict=True)]
        if isinstance(self.component, DispatchingBackend):
            return self.component.dispatch(lists)
        return (done for one in lists for done in _produced("generate", self.component.generate(one)))

    def told(self, key: str, at: int, text: str) -> None:
        """Send a part of a text; see :class:`siked.contracts.Told`."""
        self.send("part", key=key, at=at, text=text)

    def batches(self, frame: dict[str, Any]) -> None:
        """Send which requests are written together, where the component says so."""
        requests = [protocol.request(values) for values in frame["requests"]]
        says = isinstance(self.component, BatchingBackend)
        self.send("result", value=self.component.batches(requests) if says else None)

    def judge(self, frame: dict[str, Any]) -> None:
        """Send the verdicts on all items, in order."""
        found = self.component.judge(protocol.judge_items(frame["items"]))
        self.send("result", value=[protocol.pack(one) for one in found])

    def score(self, frame: dict[str, Any]) -> None:
        """Send the log-probabilities of continuations, request by request."""
        requests = [protocol.request(values) for values in frame["requests"]]
        asked = frame["continuations"]
        count = 0
        for scores in _produced("score", self.component.score(requests, asked)):
            values = list(scores) if isinstance(scores, list | tuple) else []
            fit = all(isinstance(value, int | float) and number(-value, 0) for value in values)
            if count >= len(asked) or len(values) != len(asked[count]) or not fit:
                said = f"score yielded {described(scores)}; it is a log-probability (0 or less) for each"
                raise Broken(f"{said} continuation", "ScoringBackend.score")
            count += 1
            self.credit.acquire()
            self.send("item", value=values)
        if count < len(asked):
            said = f"score yielded {count} lists for {len(asked)} requests"
            raise Broken(said, "ScoringBackend.score")
        self.send("end")

    def tags(self, frame: dict[str, Any]) -> None:
        """Check that the student can write each tag."""
        self.component.check_tags(frame["tags"])
        self.send("result", value=None)

    def train(self, frame: dict[str, Any]) -> None:
        """Train, with progress on the way, and send what came of it."""
        trained = self.component.train(
            protocol.model(frame["student"]),
            Rows(Path(frame["rows"])),
            TrainSettings(**frame["settings"]),
            Path(frame["out"]),
            self.progress,
        )
        bad = wrong(trained, Trained)
        if not bad and not any(Path(frame["out"]).iterdir()):
            bad = f"{described(trained)}, but wrote no file to {frame['out']}"
        if bad:
            raise Broken(f"train returned {bad}", "Trainer.train")
        self.send("result", value=protocol.pack(trained))

    def progress(self, step: int, of: int, *numbers: float | None, **named: float | None) -> None:
        """Tell how far a training is; see :class:`siked.contracts.Progress`."""
        told = dict(zip(protocol.TOLD, numbers, strict=False)) | named
        self.send("progress", done=step, of=of, told=told)


def _produced(method: str, items: Any) -> Iterator[Any]:
    if isinstance(items, str | bytes | dict) or not hasattr(items, "__iter__"):
        place = {"generate": "Backend.generate", "score": "ScoringBackend.score"}[method]
        raise Broken(f"{method} returned {described(items)}; it yields one after the other", place)
    return iter(items)


def _unreasoned(done: Any) -> str:
    if not isinstance(done, Completion) or done.text or done.reason.strip():
        return ""
    bad = done.outcome in (Outcome.REFUSED, Outcome.FAILED)
    return f"a Completion that is {done.outcome} without a reason" if bad else ""


def main(arguments: list[str]) -> None:
    """Host the component named by ``arguments`` until the input ends."""
    import importlib

    reader = os.fdopen(int(arguments[0]), "rb")
    writer = os.fdopen(int(arguments[1]), "wb")
    made = protocol.receive(reader)
    if made is None:
        return
    try:
        module, _, name = arguments[2].partition(":")
        if made.get("file"):
            read_file(made["file"]).load()  # under the name that the target has
        cls = getattr(importlib.import_module(module), name)
        component = cls(cls.Options(**made["options"]))
    except ModuleNotFoundError as error:
        traceback.print_exc()
        message = (
            f"{sys.executable} has no module {error.name!r}, which {arguments[2]} needs; install it there"
        )
        protocol.send(writer, {"event": "error", "kind": "UsageError", "message": message})
        return
    except BaseException as error:
        traceback.print_exc()
        own = isinstance(error, SikedError)
        said = f"{type(error).__name__}: {' '.join(str(error).split())}"
        kind, message = (type(error).__name__, said) if own else ("bug", f"cannot be made: {said}")
        protocol.send(writer, {"event": "error", "kind": kind, "message": message})
        return
    Server(reader, writer, component).serve()


if __name__ == "__main__":
    main(sys.argv[1:])
