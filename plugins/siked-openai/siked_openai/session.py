"""What all calls of one session share: the client, limits, whether the server is there, and the end of it."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import json
import logging
import uuid
from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any

import openai
from aiolimiter import AsyncLimiter

from siked.errors import BackendError
from siked.records import Call, Item
from siked_openai import bodies
from siked_openai.access import Mask
from siked_openai.faults import PAID, Fault, Kind, classify
from siked_openai.limits import Budget, Gate, Pace

if TYPE_CHECKING:
    from siked_openai.backend import OpenAI

LOG = logging.getLogger("siked.backend.openai")
GRACE = 5.0
"""Seconds that calls under way get where nothing they bring can be paid for."""
# The client's releases stand on httpx or on httpx2.
_RESPONSE: Any = importlib.import_module(openai.DefaultAsyncHttpxClient.__mro__[1].__module__).Response
_PROBE = 5.0
"""Seconds that a server has to say that it is there."""


class Stopped(Exception):
    """The session ends; what was not asked stays open."""


class Session:
    """One client and what its calls share. Times are the loop's, in seconds."""

    def __init__(self, options: OpenAI.Options, base_url: str, model: str, key: str, budget: Budget) -> None:
        self.options = options
        self.base_url = base_url
        self.model = model
        self.mask = Mask(key)
        self.budget = budget
        self.client = openai.AsyncOpenAI(
            base_url=base_url, api_key=key or "none", max_retries=0, timeout=options.timeout
        )
        self.put: Callable[[Item], None] = lambda item: None
        self.gate = Gate(options.concurrency)
        self.pace = Pace()
        self.freed = asyncio.Condition()
        self.stopping = asyncio.Event()
        self.stopped: BackendError | None = None
        self.grace = GRACE
        self.served = float("-inf")
        """When a call was last answered as it should be, be it with what is wrong with it."""
        self._reached = float("-inf")
        self._away = asyncio.Lock()
        self._blaming = asyncio.Lock()
        self._unreported = False
        self._rates = [
            AsyncLimiter(rate) if rate else None
            for rate in (options.requests_per_minute, options.tokens_per_minute)
        ]

    @staticmethod
    def now() -> float:
        """Return the loop's time."""
        return asyncio.get_running_loop().time()

    def stop(self, message: str, grace: float = GRACE) -> Stopped:
        """End the session: calls that wait give up at once, those under way have ``grace`` seconds."""
        if self.stopped is None:
            self.stopped = BackendError(self.mask(message, 600))
            self.grace = grace
            self.stopping.set()
        return Stopped()

    async def nap(self, seconds: float) -> None:
        """Wait, but not beyond the end of the session."""
        if self.stopped is None and seconds > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), seconds)
        if self.stopped is not None:
            raise Stopped

    async def all(self, work: list[Coroutine[Any, Any, None]]) -> None:
        """Run to the end of all work or of the session; raises :class:`BackendError` for the latter."""
        async with self.client:
            tasks = [asyncio.ensure_future(one) for one in work]
            end = asyncio.ensure_future(self.stopping.wait())
            left: set[asyncio.Future[Any]] = {*tasks}
            try:
                while left and self.stopped is None:
                    done, _ = await asyncio.wait({*left, end}, return_when=asyncio.FIRST_COMPLETED)
                    left -= done
                    for task in done - {end}:
                        task.result()
                if left:
                    _, left = await asyncio.wait(left, timeout=self.grace)
            finally:
                for task in (*left, end):
                    task.cancel()
                await asyncio.gather(*tasks, end, return_exceptions=True)
        if self.stopped is not None:
            raise self.stopped

    async def admit(self, tokens: int) -> None:
        """Wait until a call may be made and take a place; ``gate.leave`` gives it back.

        ``tokens`` is what the call may use at most, for the user's own limit.
        """
        most = self.options.tokens_per_minute
        for limiter, amount in zip(self._rates, (1, min(tokens, most)), strict=True):
            if limiter is not None:
                await limiter.acquire(amount)
        await self.gate.enter()
        try:
            # Providers count a prompt at about four bytes a token, and all that may be written.
            about = tokens // 4
            while (delay := self.pace.delay(self.now(), about)) > 0:
                await self.nap(delay)
            if self.stopped is not None:
                raise Stopped
            self.pace.sent(about)
        except BaseException:
            self.gate.leave()
            raise

    async def hold(self, prompt: int, written: int) -> tuple[int, float]:
        """Set aside what a call may use; where it does not fit, wait for what calls in flight give back."""
        if not self.budget.limited:
            return self.budget.hold(prompt, written)
        async with self.freed:
            while True:
                try:
                    held = self.budget.hold(prompt, written)
                except BackendError as error:
                    if not self.budget.held or self.stopped is not None:
                        raise self.stop(str(error), self.options.timeout) from None
                    await self.freed.wait()
                else:
                    if (told := self.budget.reservation()) is not None:
                        self.put(told)
                    return held

    def check_budget(self, prompt: int, written: int) -> tuple[int, float]:
        """Set aside what a batch may use; ends the session where it does not fit."""
        try:
            return self.budget.hold(prompt, written)
        except BackendError as error:
            raise self.stop(str(error)) from None

    async def settle(self, held: tuple[int, float], tokens: int, cost: float) -> None:
        """Count what a call used in place of what was set aside."""
        self.budget.settle(held, tokens, cost)
        if self.budget.limited:
            async with self.freed:
                self.freed.notify_all()

    def lost(self, prompt: int, written: int, seconds: float) -> None:
        """Record a call that may have been paid for and brought nothing, at its most."""
        cost = self.budget.price.cost(prompt, 0, written)
        self.budget.settle((0, 0.0), prompt + written, cost)
        self.put(
            Call(
                id=str(uuid.uuid4()),
                requests=0,
                prompt_tokens=prompt,
                completion_tokens=written,
                cost=cost,
                seconds=seconds,
            )
        )

    def unreported(self) -> None:
        """Say, once, that the server tells no usage."""
        if not self._unreported:
            self._unreported = True
            LOG.warning("%s reports no usage; each call counts the most it could use", self.base_url)

    async def post(self, body: Mapping[str, Any]) -> tuple[bytes, Mapping[str, str]]:
        """Make one call and return the bytes and headers of its answer."""
        path = "/chat/completions" if self.options.api == "chat" else "/completions"
        # The client's own time-out starts anew with every byte that comes.
        async with asyncio.timeout(self.options.timeout):
            # Neither is checked against the client's types, which takes a third of its time: what is sent
            # is made here, and servers bend what they answer.
            answer = await self.client.post(path, body=body, cast_to=_RESPONSE)
        return answer.content, answer.headers

    async def wait_until_back(self, since: float, fault: Fault) -> None:
        """Wait for a server that could not be reached at ``since``; ends the session where it stays away."""
        async with self._away:
            if self._reached >= since or self.stopped is not None:
                return
            most, began = self.options.longest_away, self.now()
            LOG.warning("%s: no server answers; waiting for it, up to %.0f s", self.base_url, most)
            pause = 0.2
            while not await self._probe():
                if self.now() - began > most:
                    reason = f"no server answers ({fault.reason}); start it or set base_url"
                    raise self.stop(f"{self.base_url}: {reason}", self.options.timeout)
                await self.nap(pause)
                pause = min(pause * 1.5, 2.0)
            self._reached = self.now()
            LOG.warning("%s answers again after %.0f s", self.base_url, self.now() - began)

    async def blame(self, since: float, fault: Fault) -> None:
        """Return where the server serves others, so that what failed since ``since`` is the request's own
        doing; end the session where it does not."""
        async with self._blaming:
            while self.served < since:
                if self.stopped is not None:
                    raise Stopped
                if await self._serves():
                    self.served = self.now()
                elif self.now() - since > self.options.longest_away:
                    told = f"{self.base_url}: nothing was answered for {self.now() - since:.0f} s"
                    raise self.stop(f"{told} ({fault.reason}); see what ails it", self.options.timeout)
                else:
                    await self.nap(2.0)

    async def hopeless(self, fault: Fault) -> Stopped:
        """End the session over what cannot get better, with a line that says what to do."""
        url, env = self.base_url, self.options.api_key_env
        if fault.code == "model_not_found" or fault.status in (404, 405):
            message = await self._diagnosis(fault)
        elif fault.code in (*PAID, "402"):
            message = f"{url}: {fault.reason}; what was not asked stays open"
        elif fault.status in (401, 403):
            message = f"{url} refuses the key: {fault.reason}; set the environment variable {env}"
        elif fault.code == "tls":
            message = f"{url}: {fault.reason}; for a certificate of your own set SSL_CERT_FILE"
        else:
            message = f"{url}: {fault.reason}"
        return self.stop(message, self.options.timeout if fault.code in (*PAID, "402") else GRACE)

    async def _diagnosis(self, fault: Fault) -> str:
        """Tell an unknown model from a URL that leads past the interface."""
        nothing = f"{self.base_url}: there is no such interface here ({fault.reason})"
        status, models = await self._models(self.base_url)
        if status == 404 and fault.code != "model_not_found":
            other = f"{self.base_url.rstrip('/')}/v1"
            if (await self._models(other))[0] in (200, 401, 403):
                return f"{nothing}; set base_url to {other}"
            return f"{nothing}; base_url is the part before /chat/completions and mostly ends in /v1"
        if status == 200 and self.model in models:
            return f"{self.base_url}: has the model but not api: {self.options.api} ({fault.reason})"
        named = f"; it has: {', '.join(models[:20])}" if models else ""
        return f"{self.base_url} has no model {self.model!r}: {fault.reason}{named}"

    async def _models(self, base_url: str) -> tuple[int, list[str]]:
        client = self.client.with_options(base_url=base_url, timeout=_PROBE)
        try:
            raw = await client.models.with_raw_response.list()
            found = json.loads(raw.content)["data"]
            return 200, sorted(str(model["id"]) for model in found)
        except openai.APIStatusError as error:
            return error.status_code, []
        except (openai.OpenAIError, ValueError, KeyError, TypeError):
            return 0, []

    async def _probe(self) -> bool:
        """Whether anything answers at the server's address, whatever it says."""
        try:
            await self.client.with_options(timeout=_PROBE).models.with_raw_response.list()
        except openai.APIStatusError:
            return True
        except openai.OpenAIError:
            return False
        return True

    async def _serves(self) -> bool:
        """Whether the server serves a call that cannot be at fault."""
        body = bodies.canary(self.options, self.model)
        prompt, written = 64, 16
        held = await self.hold(prompt, written)
        start = self.now()
        try:
            await self.post(body)
        except Exception as error:
            fault = classify(error)
            if fault.kind is Kind.STOP:
                raise await self.hopeless(fault) from None
            return fault.kind in (Kind.REQUEST, Kind.REFUSED)
        else:
            self.lost(prompt, written, self.now() - start)
            return True
        finally:
            await self.settle(held, 0, 0.0)
