"""The HTTP side of ``siked serve``: OpenAI's chat and completions for a student, with Starlette."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from siked.errors import MissingExtra
from siked.runs.serving import Asked, Batcher, Full, Wish
from siked.runs.solver import Solution
from siked.runs.visible import Visible

FIXED: Mapping[str, tuple[Any, ...]] = {
    "n": (None, 1),
    "logprobs": (None, False, 0),
    "echo": (None, False),
    "tools": (None, []),
}
"""Settings of a request that the student cannot follow, with the values that change nothing."""
GONE = 499
"""Counts requests whose client went away; nobody is told."""
STOPS, STOP = 4, 64
"""How many stop texts a request may have, and their characters."""


class Refused(Exception):
    """A request that is answered with an error."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a request may be."""

    body: int = 65_536
    """Bytes."""
    question: int = 8_000
    """Characters."""
    seconds: float = 120.0
    token: str = ""
    """What clients must send as bearer; empty is none."""


@dataclass
class Service:
    """Answers requests by a student."""

    name: str
    batcher: Batcher
    limits: Limits
    codes: Counter[int] = field(default_factory=Counter)

    def app(self) -> Any:
        """Return the Starlette application."""
        try:
            from starlette.applications import Starlette
            from starlette.routing import Route
        except ImportError as error:
            raise MissingExtra("siked serve", "serve") from error

        async def chat(request: Any) -> Any:
            return await self._answered(request, chat=True)

        async def completions(request: Any) -> Any:
            return await self._answered(request, chat=False)

        return Starlette(
            routes=[
                Route("/v1/chat/completions", chat, methods=["POST"]),
                Route("/v1/completions", completions, methods=["POST"]),
                Route("/v1/models", self._models),
                Route("/metrics", self._metrics),
            ]
        )

    async def _answered(self, request: Any, chat: bool) -> Any:
        from starlette.responses import JSONResponse, StreamingResponse

        try:
            self._authorised(request)
            values = await self._values(request)
            question = _question(values, chat)
            if len(question) > self.limits.question:
                raise Refused(400, f"the question has more than {self.limits.question} characters")
            wish = _wish(values, self.batcher.strategies)
            if values.get("stream"):
                answer = _Stream(self, request, question, wish, chat, _asks_usage(values))
                await answer.begin()
                self.codes[200] += 1
                return StreamingResponse(answer.events(), media_type="text/event-stream")
            asked = self.put(question, wish)
            solution = await self.solved(request, asked, self.limits.seconds)
            assert solution is not None
        except Refused as refusal:
            self.codes[refusal.code] += 1
            kind = "invalid_request_error" if refusal.code < 500 else "server_error"
            error = {"message": str(refusal), "type": kind, "param": None, "code": None}
            return JSONResponse({"error": error}, status_code=refusal.code)
        self.codes[200] += 1
        return JSONResponse(self.body(solution, chat))

    def _authorised(self, request: Any) -> None:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if self.limits.token and not hmac.compare_digest(given.encode(), self.limits.token.encode()):
            raise Refused(401, "the token is missing or wrong")

    async def _values(self, request: Any) -> dict[str, Any]:
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > self.limits.body:
                raise Refused(413, f"the body has more than {self.limits.body} bytes")
        try:
            values = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise Refused(400, f"the body is not JSON: {error}") from None
        if not isinstance(values, dict):
            raise Refused(400, "the body is not a JSON object")
        for key, allowed in FIXED.items():
            if values.get(key) not in allowed:
                raise Refused(400, f"{key!r} cannot be set: the student gives one text to one question")
        return values

    def put(self, question: str, wish: Wish, part: Any = None) -> Asked:
        """Queue a question; raises :class:`Refused` where too many wait."""
        try:
            return self.batcher.put(question, wish, part)
        except Full as error:
            raise Refused(429, str(error)) from None

    async def solved(self, request: Any, asked: Asked, seconds: float, part: Any = None) -> Solution | None:
        """Return the solution of a question; None as soon as ``part``, a future, is done before it.

        Raises :class:`Refused` after ``seconds`` or where the client goes away; the question is dropped then.
        """
        answer = _awaited(asked)
        gone = asyncio.ensure_future(_gone(request))
        try:
            waited = {answer, gone, part} - {None}
            done, _ = await asyncio.wait(waited, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if answer in done:
                return _fitting(answer.result())
            if part in done:
                return None
            self.batcher.drop(asked)
            if gone in done:
                raise Refused(GONE, "the client went away")
            raise Refused(504, f"no answer within {self.limits.seconds:g} s")
        except (Refused, asyncio.CancelledError):
            raise
        except Exception as error:
            raise Refused(503, f"the student could not answer: {error}") from None
        finally:
            gone.cancel()

    def body(self, solution: Solution, chat: bool) -> dict[str, Any]:
        """Return the body of an answer that is sent whole."""
        program = solution.program
        choice: dict[str, Any] = {"index": 0, "logprobs": None}
        choice["finish_reason"] = "length" if solution.cut else "stop"
        if chat:
            choice["message"] = {"role": "assistant", "content": solution.text.strip()}
        else:
            choice["text"] = solution.text.strip()
        return {
            "id": f"siked-{uuid.uuid4().hex}",
            "object": "chat.completion" if chat else "text_completion",
            "created": int(time.time()),
            "model": self.name,
            "choices": [choice],
            "usage": {
                "prompt_tokens": solution.prompt_tokens,
                "completion_tokens": solution.tokens,
                "total_tokens": solution.prompt_tokens + solution.tokens,
            },
            "siked": {
                "strategy": solution.strategy or None,
                "answer": solution.verdict.answer,
                "rule": str(solution.verdict.rule),
                "program": {"status": str(program.status), "sandbox": program.sandbox} if program else None,
                "tokens": solution.tokens,
            },
        }

    async def _models(self, request: Any) -> Any:
        from starlette.responses import JSONResponse

        model = {"id": self.name, "object": "model", "created": 0, "owned_by": "siked"}
        return JSONResponse({"object": "list", "data": [model]})

    async def _metrics(self, request: Any) -> Any:
        from starlette.responses import PlainTextResponse

        counts = self.batcher.counts
        lines = [f'siked_requests_total{{code="{code}"}} {n}' for code, n in sorted(self.codes.items())]
        lines += [
            f"siked_waiting {self.batcher.waiting}",
            f"siked_batches_total {counts.batches}",
            f"siked_solved_total {counts.solved}",
            f"siked_failed_total {counts.failed}",
            f"siked_dropped_total {counts.dropped}",
            f"siked_solving_seconds_total {counts.seconds:.3f}",
        ]
        return PlainTextResponse("\n".join(lines) + "\n")


def _question(values: Mapping[str, Any], chat: bool) -> str:
    """Return the one question of a request: what a student is trained on has no other turns."""
    if not chat:
        question = values.get("prompt")
    else:
        turns = values.get("messages")
        if not isinstance(turns, list) or len(turns) != 1 or not isinstance(turns[0], dict):
            raise Refused(400, "'messages' has one message, the question: the student knows no other turns")
        if turns[0].get("role") != "user":
            raise Refused(400, "the message is to be the user's")
        question = turns[0].get("content")
    if not isinstance(question, str) or not question.strip():
        raise Refused(400, f"{'content' if chat else 'prompt'} is to be a text that is not empty")
    if not _is_text(question):
        raise Refused(400, "the question holds half of a surrogate pair, which is no text")
    return question


def _is_text(value: str) -> bool:
    """Whether a string can be encoded: JSON may hold halves of surrogate pairs, tokenizers take none."""
    return not any(0xD800 <= ord(letter) < 0xE000 for letter in value)


def _wish(values: Mapping[str, Any], there: tuple[str, ...]) -> Wish:
    """Return how a request is to be answered; raises :class:`Refused` for a value that does not fit."""
    limit = values.get("max_completion_tokens")
    limit = values.get("max_tokens") if limit is None else limit
    stop = values.get("stop") or []
    stop = [stop] if isinstance(stop, str) else stop
    if (
        not isinstance(stop, list)
        or len(stop) > STOPS
        or not all(isinstance(s, str) and s and _is_text(s) for s in stop)
    ):
        raise Refused(400, f"'stop' is a text or a list of {STOPS} texts at most, none of them empty")
    if max(map(len, stop), default=0) > STOP:
        raise Refused(400, f"a text of 'stop' has {STOP} characters at most")
    return Wish(
        strategy=_strategy(values, there),
        temperature=float(_number(values, "temperature", 0.0, 0.0, 2.0)),
        top_p=float(_number(values, "top_p", 1.0, 1e-6, 1.0)),
        max_tokens=None
        if limit is None
        else int(_number({"max_tokens": limit}, "max_tokens", 1, 1, 2**31, whole=True)),
        stop=tuple(stop),
        seed=None
        if values.get("seed") is None
        else int(_number(values, "seed", 0, -(2**63), 2**63, whole=True)),
    )


def _number(
    values: Mapping[str, Any], key: str, default: float, low: float, high: float, *, whole: bool = False
) -> float:
    found = values.get(key)
    if found is None:
        return default
    if isinstance(found, bool) or not isinstance(found, int if whole else int | float):
        raise Refused(400, f"{key!r} is to be a {'whole ' if whole else ''}number")
    if not low <= found <= high:
        raise Refused(400, f"{key!r} is to be between {low:g} and {high:g}")
    return found


def _asks_usage(values: Mapping[str, Any]) -> bool:
    options = values.get("stream_options")
    return isinstance(options, dict) and bool(options.get("include_usage"))


def _strategy(values: Mapping[str, Any], there: tuple[str, ...]) -> str:
    found = values.get("strategy") or ""
    if not isinstance(found, str) or (found and found not in there):
        raise Refused(400, f"no strategy named {found!r}; there are: {', '.join(there)}")
    return str(found)


def _awaited(asked: Asked) -> asyncio.Future[Solution]:
    """Return the answer of a question for this loop; nobody need look at it."""
    answer = asyncio.wrap_future(asked.answer)
    answer.add_done_callback(lambda done: done.cancelled() or done.exception())
    return answer


def _fitting(solution: Solution) -> Solution:
    if not solution.text and not solution.tokens:
        raise Refused(400, "the question does not fit the student's context")
    return solution


async def _gone(request: Any) -> None:
    """Wait until the client of a request that was read has gone away."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


class _Stream:
    """One answer as server-sent events, each with what has been written since the last."""

    def __init__(
        self, service: Service, request: Any, question: str, wish: Wish, chat: bool, usage: bool
    ) -> None:
        self._service = service
        self._request = request
        self._chat = chat
        self._usage = usage
        self._visible = Visible(service.batcher.tags, wish.strategy)
        self._parts: asyncio.Queue[tuple[int, str]] = asyncio.Queue()
        self._begun: list[tuple[int, str]] = []
        self._ends = time.monotonic() + service.limits.seconds
        loop = asyncio.get_running_loop()

        def part(at: int, text: str) -> None:
            with contextlib.suppress(RuntimeError):  # the server is being closed
                loop.call_soon_threadsafe(self._parts.put_nowait, (at, text))

        self._asked = service.put(question, wish, part)
        self._answer = _awaited(self._asked)
        self._head = {
            "id": f"siked-{uuid.uuid4().hex}",
            "object": "chat.completion.chunk" if chat else "text_completion",
            "created": int(time.time()),
            "model": service.name,
        }

    async def begin(self) -> None:
        """Wait for the first part, so that what fails before it has a code of its own."""
        first = asyncio.ensure_future(self._parts.get())
        try:
            await self._service.solved(self._request, self._asked, self._service.limits.seconds, first)
        finally:
            if first.done():
                self._begun.append(first.result())
            else:
                first.cancel()

    async def events(self) -> AsyncIterator[str]:
        """Yield the events; the question is dropped where nobody reads them to the end."""
        try:
            yield self._event({"role": "assistant", "content": ""} if self._chat else "")
            async for text in self._texts():
                yield self._event(self._piece(text), siked={"strategy": self._visible.strategy or None})
            solution = self._answer.result()
            whole = self._service.body(solution, self._chat)
            if rest := self._visible.rest(solution.text.strip()):
                yield self._event(self._piece(rest), siked={"strategy": solution.strategy or None})
            end = whole["choices"][0]["finish_reason"]
            yield self._event({} if self._chat else "", end, siked=whole["siked"])
            if self._usage:
                used = {**self._head, "choices": [], "usage": whole["usage"]}
                yield f"data: {json.dumps(used)}\n\n"
            yield "data: [DONE]\n\n"
        except Exception as error:  # the code is sent already
            told = {"message": f"the student could not answer: {error}", "type": "server_error"}
            yield f"data: {json.dumps({'error': {**told, 'param': None, 'code': None}})}\n\n"
        finally:
            self._service.batcher.drop(self._asked)

    async def _texts(self) -> AsyncIterator[str]:
        """Yield what can be shown, as it is written, until the answer is there."""
        for at, text in self._begun:
            if new := self._visible.add(at, text):
                yield new
        while not self._answer.done() or not self._parts.empty():
            part = asyncio.ensure_future(self._parts.get())
            left = self._ends - time.monotonic()
            waited: set[asyncio.Future[Any]] = {part, self._answer}
            try:
                await asyncio.wait(waited, timeout=max(left, 0), return_when=asyncio.FIRST_COMPLETED)
                if part.done():
                    if new := self._visible.add(*part.result()):
                        yield new
                elif left <= 0 and not self._answer.done():
                    raise TimeoutError(f"not done within {self._service.limits.seconds:g} s")
            finally:
                part.cancel()

    def _piece(self, text: str) -> dict[str, str] | str:
        return {"content": text} if self._chat else text

    def _event(self, part: Any, end: str | None = None, **more: Any) -> str:
        choice = {"index": 0, "finish_reason": end, "logprobs": None}
        choice["delta" if self._chat else "text"] = part
        return f"data: {json.dumps({**self._head, 'choices': [choice], **more})}\n\n"
