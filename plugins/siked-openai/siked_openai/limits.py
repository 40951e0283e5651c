"""What keeps calls within bounds: how many at a time, when, and how much money and tokens in all."""

from __future__ import annotations

import asyncio
import uuid
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from siked.errors import BackendError
from siked.records import Reservation
from siked_openai.faults import duration

if TYPE_CHECKING:
    from siked_openai.backend import OpenAI
    from siked_openai.prices import Price


class Gate:
    """Lets a number of calls through at a time: half as many after a 429, one more after as many
    successes as fit (additive increase, multiplicative decrease). Calls that were under way at a
    halving tell nothing about the new width, so a burst of 429 halves once."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.width = float(most)
        self.inside = 0
        self._older = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def enter(self) -> None:
        """Wait for a place and take it; :meth:`leave` gives it back."""
        while self.inside >= max(1, int(self.width)):
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                self._wake()
                raise
        self.inside += 1

    def leave(self) -> None:
        """Give a place back."""
        self.inside -= 1
        self._older = max(0, self._older - 1)
        self._wake()

    def narrow(self) -> None:
        """The server asked for less."""
        if not self._older:
            self.width = max(1.0, self.width / 2)
            self._older = self.inside

    def widen(self) -> None:
        """A call went well."""
        self.width = min(float(self.most), self.width + 1 / self.width)

    def _wake(self) -> None:
        free = max(1, int(self.width)) - self.inside
        while self._waiting and free > 0:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                free -= 1


class Pace:
    """When the next call may be made: after what a 429 asked for, and by the limits in headers.

    ``x-ratelimit-remaining-*`` and ``x-ratelimit-reset-*`` tell how much is left and when all of it is
    there again. Answers come out of order, so that the least counts until the reset. Times are those of
    a monotonic clock, in seconds.
    """

    def __init__(self) -> None:
        self.resume = 0.0
        self._buckets: dict[str, _Bucket] = {}

    def pause(self, now: float, seconds: float) -> None:
        """Make no call for so long."""
        self.resume = max(self.resume, now + seconds)

    def delay(self, now: float, tokens: int) -> float:
        """Return the seconds until a call of about so many tokens may be made."""
        wait = self.resume - now
        for name, bucket in self._buckets.items():
            wait = max(wait, bucket.delay(now, 1.0 if name == "requests" else float(tokens)))
        return max(wait, 0.0)

    def sent(self, tokens: int) -> None:
        """A call is made: what is left becomes less before the server says so."""
        for name, bucket in self._buckets.items():
            bucket.left -= 1.0 if name == "requests" else float(tokens)

    def told(self, now: float, headers: Mapping[str, str]) -> None:
        """Read the limits in the headers of an answer."""
        for name in ("requests", "tokens"):
            told = headers.get(f"x-ratelimit-remaining-{name}")
            if told is None:
                continue
            left, reset = duration(told), duration(headers.get(f"x-ratelimit-reset-{name}", ""))
            if left is None or reset is None:
                continue
            before = self._buckets.get(name)
            if before is not None and now < before.whole:
                left = min(left, before.at(now))
            most = duration(headers.get(f"x-ratelimit-limit-{name}", "")) or 0.0
            # A bucket refills steadily: what is missing is there before all of it is.
            rate = (most - left) / reset if most > left and reset > 0 else 0.0
            self._buckets[name] = _Bucket(left=left, since=now, whole=now + reset, rate=rate)


@dataclass(slots=True)
class _Bucket:
    """What is left of one limit, refilled at ``rate`` a second until it is ``whole``."""

    left: float
    since: float
    whole: float
    rate: float

    def at(self, now: float) -> float:
        """Return what is left at a time before ``whole``."""
        return self.left + (now - self.since) * self.rate

    def delay(self, now: float, need: float) -> float:
        """Return the seconds until ``need`` is there."""
        missing = need - self.at(now)
        if now >= self.whole or missing <= 1e-9:
            return 0.0
        return min(self.whole - now, missing / self.rate if self.rate else self.whole - now)


class Budget:
    """Tokens and cost: what is used, and what calls in flight may still use.

    A call whose most would go beyond the limit is not made. What the run used before this process
    began counts too, see :meth:`siked.contracts.BudgetedBackend.account`.
    """

    def __init__(self, options: OpenAI.Options, price: Price) -> None:
        self.most_tokens = options.max_tokens
        self.most_cost = options.max_cost
        self.price = price
        self.tokens = 0
        self.cost = 0.0
        self.session = str(uuid.uuid4())
        self._held_tokens = 0
        self._held_cost = 0.0
        self._reserved = Reservation(session=self.session)

    @property
    def limited(self) -> bool:
        """Whether there is a limit."""
        return self.most_tokens is not None or self.most_cost is not None

    @property
    def held(self) -> bool:
        """Whether anything is set aside for calls in flight."""
        return self._held_tokens > 0

    def begin(self, tokens: int, cost: float) -> None:
        """Start a session with what is used so far."""
        self.tokens, self.cost = tokens, cost
        self._held_tokens, self._held_cost = 0, 0.0
        self.session = str(uuid.uuid4())
        self._reserved = Reservation(session=self.session)

    def hold(self, prompt: int, written: int) -> tuple[int, float]:
        """Set aside the most that a call may use; raises :class:`BackendError` where it does not fit."""
        tokens, cost = prompt + written, self.price.cost(prompt, 0, written)
        most_tokens, most_cost = self.most_tokens, self.most_cost
        if most_tokens is not None and self.tokens + self._held_tokens + tokens > most_tokens:
            raise BackendError(
                f"max_tokens {most_tokens}: {self.tokens} are used, and a call of up to {tokens} more does"
                " not fit; raise it to go on"
            )
        if most_cost is not None and self.cost + self._held_cost + cost > most_cost:
            raise BackendError(
                f"max_cost {most_cost:g}: {self.cost:.4f} is spent, and a call of up to {cost:.4f} more does"
                " not fit; raise it to go on"
            )
        self._held_tokens += tokens
        self._held_cost += cost
        return tokens, cost

    def settle(self, held: tuple[int, float], tokens: int, cost: float) -> None:
        """Take what a call used in place of what was held."""
        self._held_tokens -= held[0]
        self._held_cost -= held[1]
        self.tokens += tokens
        self.cost += cost

    def reservation(self) -> Reservation | None:
        """Return what is held where it is more than was told last; some is added, so that few are told."""
        told = self._reserved
        if not self.limited or (self._held_tokens <= told.tokens and self._held_cost <= told.cost):
            return None
        tokens, cost = self._held_tokens * 5 // 4, self._held_cost * 1.25
        # Beyond the limit nothing is held, so that nothing beyond it can be lost.
        tokens = min(tokens, self.most_tokens - self.tokens) if self.most_tokens is not None else tokens
        cost = min(cost, self.most_cost - self.cost) if self.most_cost is not None else cost
        self._reserved = Reservation(
            session=self.session,
            tokens=max(tokens, self._held_tokens, told.tokens),
            cost=max(cost, self._held_cost, told.cost),
        )
        return self._reserved

    def end(self) -> Reservation | None:
        """Return the reservation of nothing, where one was told before."""
        told, self._reserved = self._reserved, Reservation(session=self.session)
        return self._reserved if told.tokens else None
