"""The batch interface: a file of requests, answered within a day for half the price.

A batch is found again by its metadata, so that a run that was cut off goes on with it and buys nothing
twice. Nothing is reserved for the same reason.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from siked.records import Item, Outcome, Request
from siked_openai import bodies, reading
from siked_openai.asking import deliver, end
from siked_openai.faults import Fault, Kind, classify, of_body
from siked_openai.session import LOG, Session, Stopped

if TYPE_CHECKING:
    from siked_openai.backend import OpenAI
    from siked_openai.limits import Budget

_UNDER_WAY = ("validating", "in_progress", "finalizing", "cancelling")
_MOST = 1000
"""Batches of the account that are looked through, newest first."""


async def ask_batch(
    options: OpenAI.Options,
    base_url: str,
    model: str,
    key: str,
    requests: Sequence[Request],
    budget: Budget,
    put: Callable[[Item], None],
) -> None:
    """Ask for every request that is not done and ``put`` calls and completions when the batch has ended.

    Raises :class:`siked.errors.BackendError` where nothing more can be asked.
    """
    session = Session(options, base_url, model, key, budget)
    session.put = put
    await session.all([_work(session, requests)])


async def _work(session: Session, requests: Sequence[Request]) -> None:
    with contextlib.suppress(Stopped):
        await _serve(session, requests)


async def _serve(session: Session, requests: Sequence[Request]) -> None:
    open_ = {request.key: request for request in requests if not request.done}
    if session.options.prefill == "refuse" and session.options.api == "chat":
        prefixed = [request for request in open_.values() if request.prefix]
        end(session, prefixed, Outcome.REFUSED, "chat servers write whole answers; set prefill=continue")
        for request in prefixed:
            del open_[request.key]
    # All requests of the plan name the batch, also those that are done: a run that goes on finds it.
    names = "\n".join([session.model, *(request.key for request in requests)])
    digest = hashlib.sha256(names.encode()).hexdigest()[:32]
    failures: dict[str, Fault] = {}
    for found in reversed(await _patiently(session, lambda: _find(session, digest))):
        await _collect(session, found, open_, {})
    if not open_:
        return
    batch = await _submit(session, digest, list(open_.values()))
    status = await _collect(session, batch, open_, failures)
    for key in [key for key in open_ if key in failures]:
        fault = failures[key]
        if fault.kind is Kind.STOP:
            raise await session.hopeless(fault)
        outcome = Outcome.REFUSED if fault.kind is Kind.REFUSED else Outcome.FAILED
        end(session, [open_.pop(key)], outcome, fault.reason)
    if open_:
        left = f"batch {batch} ended as {status} with {len(open_)} requests unanswered; they stay open"
        raise session.stop(f"{session.base_url}: {left}", session.options.timeout)


async def _find(session: Session, digest: str) -> list[str]:
    """Return the ids of the batches for a plan, newest first."""
    found: list[str] = []
    looked = 0
    async for batch in session.client.batches.list(limit=100):
        looked += 1
        if (batch.metadata or {}).get("siked") == digest and batch.status != "failed":
            found.append(batch.id)
        if looked >= _MOST:
            break
    return found


async def _submit(session: Session, digest: str, group: list[Request]) -> str:
    """Make a batch of requests and return its id."""
    url = "/v1/chat/completions" if session.options.api == "chat" else "/v1/completions"
    lines = [
        {
            "custom_id": request.key,
            "method": "POST",
            "url": url,
            "body": bodies.body([request], session.options, session.model),
        }
        for request in group
    ]
    most = [bodies.estimate([request]) for request in group]
    prompt, written = sum(one[0] for one in most), sum(one[1] for one in most)
    held = session.check_budget(prompt, written)
    content = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines).encode()
    known = set(await _patiently(session, lambda: _find(session, digest)))
    file = await _patiently(
        session, lambda: session.client.files.create(file=("siked.jsonl", content), purpose="batch")
    )

    async def create() -> str:
        # A try whose answer was lost may have made one.
        made = [name for name in await _find(session, digest) if name not in known]
        if made:
            return made[0]
        batch = await session.client.batches.create(
            input_file_id=file.id,
            endpoint=url,  # type: ignore[arg-type]
            completion_window="24h",
            metadata={"siked": digest},
        )
        return batch.id

    name: str = await _patiently(session, create)
    await session.settle(held, 0, 0.0)
    LOG.warning(
        "batch %s of %d requests is under way; a run that is cut off finds it again", name, len(group)
    )
    return name


async def _collect(session: Session, name: str, open_: dict[str, Request], failures: dict[str, Fault]) -> str:
    """Wait for a batch, deliver what it answers and take that out of ``open_``; return its status."""
    batch = await _patiently(session, lambda: session.client.batches.retrieve(name))
    while batch.status in _UNDER_WAY:
        await session.nap(session.options.batch_poll)
        batch = await _patiently(session, lambda: session.client.batches.retrieve(name))
    if batch.status == "failed":
        data = (batch.errors.data if batch.errors is not None else None) or []
        why = "; ".join(str(error.message) for error in data[:3])
        raise session.stop(f"{session.base_url}: refuses batch {name}: {why or 'no reason given'}")
    for file in (batch.output_file_id, batch.error_file_id):
        if file:
            content = await _patiently(session, partial(session.client.files.content, file))
            for line in content.content.splitlines():
                _read(session, line, open_, failures)
    return str(batch.status)


def _read(session: Session, line: bytes, open_: dict[str, Request], failures: dict[str, Fault]) -> None:
    """Deliver one line of a batch's files, where its request is open."""
    try:
        row = json.loads(line)
        request, response = open_.get(str(row["custom_id"])), row.get("response") or {}
        status, body = int(response.get("status_code") or 0), response.get("body")
    except (ValueError, KeyError, TypeError, AttributeError):
        return
    if request is None:
        return
    try:
        if status != 200:
            raise of_body(status, body if isinstance(body, dict) else row)
        answer = reading.parse(json.dumps(body).encode(), session.options.api)
        deliver(session, [request], answer, bodies.estimate([request]), 0.0)
        del open_[request.key]
    except Fault as fault:
        failures[request.key] = fault


async def _patiently(session: Session, call: Callable[[], Awaitable[Any]]) -> Any:
    """Make a call of the interface, again where that may help."""
    since, tries = session.now(), 0
    while True:
        start = session.now()
        try:
            return await call()
        except Exception as error:
            fault = classify(error)
        if fault.kind in (Kind.STOP, Kind.REQUEST, Kind.REFUSED):
            raise await session.hopeless(fault)
        if fault.kind is Kind.GONE:
            await session.wait_until_back(start, fault)
            continue
        tries += 1
        if session.now() - since > session.options.longest_away:
            raise session.stop(f"{session.base_url}: {fault.reason}")
        await session.nap(fault.wait if fault.wait is not None else min(0.5 * 2**tries, 10.0))
