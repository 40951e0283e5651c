"""Frames between orchestrator and worker: four bytes of length, then JSON.

Standard library and :mod:`siked.records` only, so that a worker can run under an interpreter
that has nothing else of siked's.

The orchestrator sends the component's options, then ``open``, ``tags``, ``generate``, ``batches``,
``score``, ``judge``, ``train``, ``credit`` and ``drop``; the worker ``hello``, ``result``, ``item``,
``part``, ``progress``, ``note``, ``error`` and ``end``. A worker may have as many items under way as it
has credit; the orchestrator gives credit back for what is in its journal.
"""

from __future__ import annotations

import dataclasses
import json
import struct
from collections.abc import Callable, Iterable
from typing import Any, BinaryIO

from siked.records import (
    Answer,
    Call,
    Completion,
    DevProblem,
    Item,
    Judged,
    JudgeItem,
    Malformed,
    Message,
    Model,
    Outcome,
    Problem,
    Program,
    ProgramOutcome,
    ProgramStatus,
    Request,
    Reservation,
    Sampling,
    Status,
    TestProblem,
    TrainProblem,
    Verdict,
)

VERSION = 4
TOLD = ("loss", "learning_rate", "gradient_norm", "tokens_per_second")
"""The numbers of :class:`siked.contracts.Progress`, in order."""
LIMIT = 1 << 28
"""Bytes a frame may have; more means that the two sides do not speak the same protocol."""
CREDIT = 4096
"""Items a worker may send before the first of them is in the journal."""
_HEAD = struct.Struct(">I")
_ITEMS: dict[str, Callable[..., Item]] = {cls.__name__: cls for cls in (Completion, Call, Reservation)}
_SPLITS: dict[str, Callable[..., Problem]] = {
    cls.split: cls for cls in (Problem, TrainProblem, DevProblem, TestProblem)
}
_READINGS: dict[str, Callable[..., Answer | Program | Malformed]] = {
    cls.__name__: cls for cls in (Answer, Program, Malformed)
}


def send(stream: BinaryIO, frame: dict[str, Any]) -> None:
    """Write one frame."""
    data = json.dumps(frame, ensure_ascii=False).encode("utf-8", "surrogatepass")
    stream.write(_HEAD.pack(len(data)) + data)
    stream.flush()


def receive(stream: BinaryIO) -> dict[str, Any] | None:
    """Read one frame; None at the end of the stream, also in the middle of a frame."""
    head = stream.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    (size,) = _HEAD.unpack(head)
    if size > LIMIT:
        raise ValueError(f"a frame of {size} bytes")
    data = stream.read(size)
    if len(data) < size:
        return None
    frame: dict[str, Any] = json.loads(data.decode("utf-8", "surrogatepass"))
    return frame


def pack(record: Any) -> dict[str, Any]:
    """Turn a record into plain values."""
    return dataclasses.asdict(record)


def request(values: dict[str, Any]) -> Request:
    """Turn plain values back into a request."""
    values = dict(values)
    values["messages"] = tuple(Message(**m) for m in values["messages"])
    sampling = dict(values["sampling"])
    sampling["stop"] = tuple(sampling["stop"])
    values["sampling"] = Sampling(**sampling)
    return Request(**values)


def model(values: dict[str, Any]) -> Model:
    """Turn plain values back into a model."""
    return Model(**values)


def item(values: dict[str, Any]) -> Item:
    """Turn plain values back into what a backend yields."""
    values = dict(values)
    record: Callable[..., Item] = _ITEMS[values.pop("type")]
    if "outcome" in values:
        values["outcome"] = Outcome(values["outcome"])
    return record(
        **{name: whole(value) if isinstance(value, str) else value for name, value in values.items()}
    )


def pack_judge_items(items: Iterable[JudgeItem]) -> list[dict[str, Any]]:
    """Turn texts to judge into plain values; a group becomes a number."""
    groups: dict[Any, int] = {}
    return [
        {
            "group": groups.setdefault(item.group, len(groups)),
            "split": item.problem.split,
            "problem": pack(item.problem),
            "kind": type(item.reading).__name__,
            "reading": str(item.reading) if isinstance(item.reading, Outcome) else pack(item.reading),
        }
        for item in items
    ]


def judge_items(values: Iterable[dict[str, Any]]) -> list[JudgeItem]:
    """Turn plain values back into texts to judge."""
    return [
        JudgeItem(
            value["group"],
            _SPLITS[value["split"]](**value["problem"]),
            Outcome(value["reading"])
            if value["kind"] == "Outcome"
            else _READINGS[value["kind"]](**value["reading"]),
        )
        for value in values
    ]


def judged(values: dict[str, Any]) -> Judged:
    """Turn plain values back into a verdict."""
    verdict = dict(values["verdict"])
    verdict["status"] = Status(verdict["status"])
    verdict["flags"] = tuple(verdict["flags"])
    program = values["program"]
    if program is not None:
        program = ProgramOutcome(**{**program, "status": ProgramStatus(program["status"])})
    return Judged(Verdict(**verdict), program)


def pack_item(record: Item) -> dict[str, Any]:
    """Turn what a backend yields into plain values."""
    # dataclasses.asdict copies deeply, which costs more than all else here; items hold plain values only.
    return {"type": type(record).__name__, **{name: getattr(record, name) for name in record.__slots__}}


def whole(text: str) -> str:
    """Return ``text`` with every half of a surrogate pair replaced, as no file or database takes them."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
