"""What keeps calls within bounds: how many at a time, and how much money and tokens in all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from siked.errors import BackendError

if TYPE_CHECKING:
    from siked_openai.backend import OpenAI


class Gate:
    """Lets a number of calls through at a time: half as many after a 429, one more after as many
    successes as fit (additive increase, multiplicative decrease). Calls that were under way at a
    halving tell nothing about the new width, so a burst of 429 halves once."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.width = float(most)
        self.inside = 0
        self._older = 0
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def pass_through(self) -> AsyncIterator[None]:
        """Wait for a place and hold it."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.inside < max(1, int(self.width)))
            self.inside += 1
        try:
            yield
        finally:
            async with self._changed:
                self.inside -= 1
                self._older = max(0, self._older - 1)
                self._changed.notify_all()

    def narrow(self) -> None:
        """The server asked for less."""
        if not self._older:
            self.width = max(1.0, self.width / 2)
            self._older = self.inside

    def widen(self) -> None:
        """A call went well."""
        self.width = min(float(self.most), self.width + 1 / self.width)


class Budget:
    """Tokens and cost of one worker: what is used, and what calls in flight may still use.

    A call whose most would go beyond the limit is not made. What the run used before this process
    began counts too.
    """

    def __init__(self, options: OpenAI.Options) -> None:
        self.options = options
        self.tokens = 0
        self.cost = 0.0
        self._held_tokens = 0
        self._held_cost = 0.0

    @property
    def held(self) -> bool:
        """Whether anything is set aside for calls in flight."""
        return self._held_tokens > 0

    def price(self, prompt: int, written: int) -> float:
        """Return the cost of so many tokens."""
        return (prompt * self.options.price_prompt + written * self.options.price_completion) / 1e6

    def hold(self, prompt: int, written: int) -> tuple[int, float]:
        """Set aside the most that a call may use; raises :class:`BackendError` where it does not fit."""
        tokens, cost = prompt + written, self.price(prompt, written)
        most_tokens, most_cost = self.options.max_tokens, self.options.max_cost
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

    def settle(self, held: tuple[int, float], prompt: int, written: int) -> float:
        """Take what a call used in place of what was held; return its cost."""
        self._held_tokens -= held[0]
        self._held_cost -= held[1]
        cost = self.price(prompt, written)
        self.tokens += prompt + written
        self.cost += cost
        return cost
