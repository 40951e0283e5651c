"""Calls: made of requests that share a prompt, tried again where that may help, read into completions."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from siked.records import Call, Completion, Item, Outcome, Request
from siked.workers.protocol import whole
from siked_openai import bodies, reading
from siked_openai.faults import Fault, Kind, classify
from siked_openai.session import Session, Stopped

if TYPE_CHECKING:
    from siked_openai.backend import OpenAI
    from siked_openai.limits import Budget

_MUCH = 5
"""How many times ``attempts`` a call may meet a limit while others go on."""


async def ask_all(
    options: OpenAI.Options,
    base_url: str,
    model: str,
    key: str,
    requests: Sequence[Request],
    budget: Budget,
    put: Callable[[Item], None],
) -> None:
    """Ask for every request and ``put`` calls and completions as they come.

    Raises :class:`siked.errors.BackendError` where nothing more can be asked, after the calls in flight
    have ended; requests that got no completion are open.
    """
    session = Session(options, base_url, model, key, budget)
    session.put = put
    groups = bodies.groups(requests, options)
    waiting = iter(groups)
    try:
        await session.all([_work(session, waiting) for _ in range(min(options.concurrency, len(groups)))])
    finally:
        if (end := budget.end()) is not None:
            put(end)


async def _work(session: Session, waiting: Iterator[list[Request]]) -> None:
    for group in waiting:
        if session.stopped is not None:
            return
        try:
            await _serve(session, group)
        except Stopped:
            return


async def _serve(session: Session, group: list[Request]) -> None:
    """End every request of a group that shares a prompt."""
    options = session.options
    if group[0].prefix and options.prefill == "refuse" and options.api == "chat":
        why = "chat servers write whole answers; set prefill=continue where the server can go on with one"
        end(session, group, Outcome.REFUSED, why)
        return
    while group:
        try:
            group = await _call(session, group)
        except Fault as fault:
            refused = fault.kind is Kind.REFUSED
            end(session, group, Outcome.REFUSED if refused else Outcome.FAILED, fault.reason)
            return


def end(session: Session, group: list[Request], outcome: Outcome, reason: str) -> None:
    """End requests without a text."""
    for request in group:
        session.put(Completion(key=request.key, outcome=outcome, reason=session.mask(reason)))


async def _call(session: Session, group: list[Request]) -> list[Request]:
    """Make one call, again where that may help; return the requests it brought no text for.

    Raises :class:`Fault` where what is wrong is the requests' own.
    """
    body = bodies.body(group, session.options, session.model)
    most = bodies.estimate(group)
    since = session.now()
    tries = limits = 0
    while True:
        start = session.now()
        try:
            return await _attempt(session, group, body, most)
        except Fault as error:
            fault = error
        if session.stopped is not None:
            raise Stopped
        if fault.kind is Kind.STOP:
            raise await session.hopeless(fault)
        if fault.kind in (Kind.REQUEST, Kind.REFUSED):
            session.served = session.now()
            raise fault
        if fault.kind is Kind.GONE:
            await session.wait_until_back(start, fault)
            continue
        limited = fault.kind is Kind.LIMITED
        tries, limits = tries + (not limited), limits + limited
        if tries >= session.options.attempts or limits >= _MUCH * session.options.attempts:
            await session.blame(since, fault)
            raise fault
        await _wait(session, fault, limits if limited else tries, since)


async def _wait(session: Session, fault: Fault, tries: int, since: float) -> None:
    """Wait as long as the server says, or longer each time; after a 429 every call waits."""
    options = session.options
    # Half of it is certain: eight tries then outlast half a minute of a server's trouble.
    drawn = min(0.5 * 2 ** min(tries - 1, 20), options.longest_wait) * random.uniform(0.5, 1)
    if fault.wait is not None and fault.wait > max(options.longest_away, options.longest_wait):
        told = f"{session.base_url}: {fault.reason}; it asks to wait {fault.wait:.0f} s, go on then"
        raise session.stop(told, options.timeout)
    wait = drawn if fault.wait is None else fault.wait + drawn / 4
    if fault.kind is Kind.LIMITED:
        session.pace.pause(session.now(), wait)
    await session.nap(wait)


async def _attempt(
    session: Session, group: list[Request], body: dict[str, Any], most: tuple[int, int]
) -> list[Request]:
    """Make one call; return the requests it brought no text for. Raises :class:`Fault`."""
    await session.admit(sum(most))
    start = session.now()
    held = None
    try:
        held = await session.hold(*most)
        start = session.now()
        content, headers = await session.post(body)
        answer = reading.parse(content, session.options.api)
        session.pace.told(session.now(), headers)
        session.gate.widen()
        session.served = session.now()
        return deliver(session, group, answer, most, session.now() - start)
    except Stopped:
        raise
    except asyncio.CancelledError:
        if held is not None:
            session.lost(*most, session.now() - start)
        raise
    except Exception as error:
        fault = classify(error)
        if fault.billed:
            session.lost(*most, session.now() - start)
        if fault.kind is Kind.LIMITED:
            session.gate.narrow()
        raise fault from None
    finally:
        session.gate.leave()
        if held is not None:
            await session.settle(held, 0, 0.0)


def deliver(
    session: Session,
    group: list[Request],
    answer: dict[str, Any],
    most: tuple[int, int],
    seconds: float,
) -> list[Request]:
    """Put a call and its completions; return the requests that it has no choice for."""
    choices = answer["choices"]
    # Servers that ignore n send one choice; the others are asked for again.
    served, left = group[: len(choices)], group[len(choices) :]
    usage = reading.usage(answer)
    if usage is None:
        session.unreported()
    prompt, cached, written = usage or (most[0], 0, most[1])
    call = Call(
        id=str(uuid.uuid4()),
        requests=len(served),
        prompt_tokens=prompt,
        completion_tokens=written,
        cost=session.budget.price.cost(prompt, cached, written),
        provider_id=str(answer.get("id") or "")[:200],
        seconds=seconds,
    )
    session.budget.settle((0, 0.0), prompt + written, call.cost)
    session.put(call)
    share = written // len(served) if usage is not None else 0
    for request, choice in zip(served, choices, strict=False):
        read = reading.read(choice, session.options.reasoning)
        session.put(
            Completion(
                key=request.key,
                outcome=read.outcome,
                text=whole(read.text),
                reason=session.mask(read.reason) if read.reason else "",
                prompt_tokens=prompt if usage is not None and request is served[0] else 0,
                completion_tokens=share if read.tokens is None else read.tokens,
                call=call.id,
                logprob=read.logprob,
            )
        )
    return left
