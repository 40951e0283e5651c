"""Calls: made of requests that share a prompt, tried again where that may help, read into completions."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import time
import uuid
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import openai
import tenacity
from aiolimiter import AsyncLimiter

from siked.errors import BackendError
from siked.records import Call, Completion, Outcome, Request
from siked_openai.limits import Budget, Gate

if TYPE_CHECKING:
    from siked_openai.backend import OpenAI

Put = Callable[[Any], None]
_THOUGHT = re.compile(r"\A\s*<think>(.*?)</think>\s*", re.DOTALL)
_AGAIN = (408, 409, 425, 429)
_FRAME = 16
"""Tokens that a chat template may put around a message."""


class Faulty(Exception):
    """The server's answer is none; asking again may help."""


async def ask_all(
    options: OpenAI.Options, base_url: str, model: str, requests: Sequence[Request], budget: Budget, put: Put
) -> None:
    """Ask for every request and ``put`` calls and completions as they come.

    Raises :class:`BackendError` where nothing more can be asked, after the calls in flight have ended.
    """
    key = os.environ.get(options.api_key_env, "")
    client = openai.AsyncOpenAI(
        base_url=base_url, api_key=key or "none", max_retries=0, timeout=options.timeout
    )
    asking = _Asking(options, base_url, model, client, key, budget, put)
    waiting = iter(_groups(requests, options))
    stopped: list[BackendError] = []

    async def work() -> None:
        for group in waiting:
            if stopped:
                return
            try:
                await asking.serve(group)
            except BackendError as error:
                stopped.append(error)

    async with client:
        await asyncio.gather(*(work() for _ in range(min(options.concurrency, len(requests)))))
    if stopped:
        raise stopped[0]


class _Asking:
    def __init__(
        self,
        options: OpenAI.Options,
        base_url: str,
        model: str,
        client: openai.AsyncOpenAI,
        key: str,
        budget: Budget,
        put: Put,
    ) -> None:
        self.options = options
        self.base_url = base_url
        self.model = model
        self.client = client
        self.key = key
        self.budget = budget
        self.put = put
        self.gate = Gate(options.concurrency)
        self.freed = asyncio.Condition()
        self.requests = AsyncLimiter(options.requests_per_minute) if options.requests_per_minute else None
        self.tokens = AsyncLimiter(options.tokens_per_minute) if options.tokens_per_minute else None

    async def serve(self, group: list[Request]) -> None:
        """End every request of a group that shares a prompt."""
        first = group[0]
        if first.prefix and self.options.prefill == "refuse" and self.options.api == "chat":
            why = "chat servers write whole answers; set prefill=continue where the server can go on with one"
            for request in group:
                self.put(Completion(key=request.key, outcome=Outcome.REFUSED, reason=why))
            return
        while group:
            try:
                group = await self._call(group)
            except BackendError:
                raise
            except Exception as error:
                reason = self._clean(_reason(error))
                self._raise_if_hopeless(error, reason)
                for request in group:
                    self.put(Completion(key=request.key, outcome=Outcome.FAILED, reason=reason))
                return

    async def _hold(self, prompt: int, written: int) -> tuple[int, float]:
        """Set aside what a call may use; where it does not fit, wait for what calls in flight give back."""
        async with self.freed:
            while True:
                try:
                    return self.budget.hold(prompt, written)
                except BackendError:
                    if not self.budget.held:
                        raise
                    await self.freed.wait()

    async def _call(self, group: list[Request]) -> list[Request]:
        """Make one call; return the requests it brought no text for."""
        first = group[0]
        # No token is shorter than a byte, so that a prompt never takes more than is set aside for it.
        texts = [*(m.content for m in first.messages), first.prefix]
        prompt = sum(len(text.encode("utf-8", "surrogatepass")) + _FRAME for text in texts)
        written = first.sampling.max_new_tokens * len(group)
        held = await self._hold(prompt, written)
        used = (0, 0)
        start = time.monotonic()
        try:
            answer = await self._tried(group, prompt + written)
            usage = getattr(answer, "usage", None)
            used = (getattr(usage, "prompt_tokens", 0) or 0, getattr(usage, "completion_tokens", 0) or 0)
        finally:
            async with self.freed:
                cost = self.budget.settle(held, *used)
                self.freed.notify_all()
        # Servers that ignore n send one choice; the others are asked for again.
        served, left = group[: len(answer.choices)], group[len(answer.choices) :]
        call = Call(
            id=str(uuid.uuid4()),
            requests=len(served),
            prompt_tokens=used[0],
            completion_tokens=used[1],
            cost=cost,
            provider_id=str(getattr(answer, "id", "") or ""),
            seconds=time.monotonic() - start,
        )
        self.put(call)
        share = used[1] // max(len(served), 1)
        for request, choice in zip(served, answer.choices, strict=False):
            outcome, text, reason = self._read(choice)
            self.put(
                Completion(
                    key=request.key,
                    outcome=outcome,
                    text=text,
                    reason=self._clean(reason),
                    prompt_tokens=used[0] if request is served[0] else 0,
                    completion_tokens=share,
                    call=call.id,
                )
            )
        return left

    async def _tried(self, group: list[Request], tokens: int) -> Any:
        attempts = tenacity.AsyncRetrying(
            stop=tenacity.stop_after_attempt(self.options.attempts),
            wait=self._wait,
            retry=tenacity.retry_if_exception(_may_pass),
            reraise=True,
        )
        async for attempt in attempts:
            with attempt:
                if self.requests is not None:
                    await self.requests.acquire()
                if self.tokens is not None:
                    await self.tokens.acquire(min(tokens, self.options.tokens_per_minute))
                async with self.gate.pass_through():
                    try:
                        # The client's own time-out starts anew with every byte that comes.
                        async with asyncio.timeout(self.options.timeout):
                            answer = await self._once(group)
                    except openai.RateLimitError:
                        self.gate.narrow()
                        raise
                    self.gate.widen()
                return answer
        raise AssertionError("tenacity raises or returns")

    async def _once(self, group: list[Request]) -> Any:
        first, options = group[0], self.options
        body: dict[str, Any] = {
            "model": self.model,
            "temperature": first.sampling.temperature,
            "top_p": first.sampling.top_p,
            options.max_tokens_name: first.sampling.max_new_tokens,
        }
        if len(group) > 1:
            body["n"] = len(group)
        if options.seeds:
            body["seed"] = first.seed % 2**31
        if first.sampling.stop:
            body["stop"] = list(first.sampling.stop)
        extra = dict(options.extra)
        messages: list[Any] = [{"role": m.role, "content": m.content} for m in first.messages]
        try:
            if options.api == "chat":
                if first.prefix:
                    messages.append({"role": "assistant", "content": f"{first.prefix}\n"})
                    extra |= {"continue_final_message": True, "add_generation_prompt": False}
                answer: Any = await self.client.chat.completions.create(
                    messages=messages, extra_body=extra, **body
                )
            else:
                prompt = "\n\n".join(m["content"] for m in messages) + "\n"
                prompt += f"{first.prefix}\n" if first.prefix else ""
                answer = await self.client.completions.create(prompt=prompt, extra_body=extra, **body)
        except (json.JSONDecodeError, openai.APIResponseValidationError, UnicodeDecodeError) as error:
            raise Faulty(f"no JSON: {error}") from None
        choices = getattr(answer, "choices", None)
        if not isinstance(choices, list) or not choices:
            raise Faulty("an answer without choices")
        for choice in choices:
            told = (
                getattr(choice, "message", None) if options.api == "chat" else getattr(choice, "text", None)
            )
            if told is None:
                raise Faulty("a choice without a message")
        return answer

    def _read(self, choice: Any) -> tuple[Outcome, str, str]:
        ended = getattr(choice, "finish_reason", None) or "stop"
        message = getattr(choice, "message", None)
        text = (message.content if message is not None else choice.text) or ""
        if ended == "content_filter":
            return Outcome.REFUSED, "", "the server's content filter"
        refusal = getattr(message, "refusal", None)
        if refusal:
            return Outcome.REFUSED, "", f"the model refuses: {refusal}"
        thoughts = getattr(message, "reasoning_content", None) or getattr(message, "reasoning", None) or ""
        inline = _THOUGHT.match(text)
        if inline:
            thoughts, text = thoughts or inline.group(1), text[inline.end() :]
        elif text.lstrip().startswith("<think>"):
            return Outcome.FAILED, "", "cut off while it thought; raise max_new_tokens"
        if thoughts and self.options.reasoning == "keep":
            text = f"<think>{thoughts}</think>\n{text}"
        if ended == "length":
            return Outcome.CUT, text, ""
        if not text.strip():
            return Outcome.FAILED, "", "an empty answer"
        return Outcome.OK, text, ""

    def _raise_if_hopeless(self, error: BaseException, reason: str) -> None:
        """End the run where every further request would fail the same way."""
        if isinstance(error, openai.AuthenticationError | openai.PermissionDeniedError):
            where = f"set the environment variable {self.options.api_key_env}"
            raise BackendError(f"{self.base_url} refuses the key: {reason}; {where}") from None
        if isinstance(error, openai.NotFoundError):
            raise BackendError(f"{self.base_url} has no model {self.model!r}: {reason}") from None
        if isinstance(error, openai.RateLimitError) and "insufficient_quota" in str(error):
            raise BackendError(f"{self.base_url}: the account's quota is used up") from None
        if isinstance(error, openai.APIConnectionError) and not isinstance(error, openai.APITimeoutError):
            raise BackendError(
                f"{self.base_url}: no server answers ({reason}); start it or set base_url"
            ) from None

    def _wait(self, state: tenacity.RetryCallState) -> float:
        drawn = tenacity.wait_random_exponential(multiplier=0.5, max=self.options.longest_wait)(state)
        error = state.outcome.exception() if state.outcome is not None else None
        if isinstance(error, openai.APIStatusError):
            with contextlib.suppress(ValueError):
                told = float(error.response.headers.get("retry-after", ""))
                return min(max(told, 0.0) + drawn / 4, self.options.longest_wait)
        return float(drawn)

    def _clean(self, text: str) -> str:
        # The key goes first: cut before, its beginning could stay at the end.
        text = text.replace(self.key, "***") if self.key else text
        return " ".join(text.split())[:300]


def _groups(requests: Sequence[Request], options: OpenAI.Options) -> list[list[Request]]:
    """Return runs of requests with one prompt and sampling, at most ``samples_per_call`` each."""
    most = options.samples_per_call
    found: dict[Any, list[list[Request]]] = {}
    for request in requests:
        runs = found.setdefault((request.messages, request.prefix, request.sampling), [[]])
        if len(runs[-1]) >= (most if request.sampling.temperature > 0 else 1):
            runs.append([])
        runs[-1].append(request)
    return [run for runs in found.values() for run in runs]


def _may_pass(error: BaseException) -> bool:
    if isinstance(error, openai.RateLimitError):
        return "insufficient_quota" not in str(error)
    if isinstance(error, openai.APIStatusError):
        return error.status_code >= 500 or error.status_code in _AGAIN
    return isinstance(error, openai.APIConnectionError | Faulty | TimeoutError)


def _reason(error: BaseException) -> str:
    if isinstance(error, openai.APIStatusError):
        return f"status {error.status_code}: {error.message}"
    if isinstance(error, TimeoutError | openai.APITimeoutError):
        return "no whole answer in time"
    cause = error.__cause__
    told = f"{error}: {cause}" if cause is not None and str(cause) else str(error)
    return told or type(error).__name__
