"""Backend ``openai``: chat or completions of any server that speaks OpenAI's API."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import queue
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, ClassVar

from annotated_types import Ge, Gt

from siked.errors import ConfigError, MissingExtra
from siked.records import Item, Model, ModelInfo, Request
from siked_openai.access import check_key_name, check_url, read_key

APIS = ("chat", "completions")
REASONING = ("strip", "keep")
PREFILL = ("refuse", "continue")
_END = object()


class OpenAI:
    """Asks a server over HTTP, many requests at a time.

    What can pass (429, 5xx, time-outs, broken connections and answers) is tried again with growing,
    random waits, or as long as the server says; what cannot (a refused key, an empty account, an unknown
    model or certificate) ends the run at once, and what is wrong with one request ends that request.
    """

    name: ClassVar[str] = "openai"

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Options:
        """Where the server is and how it is asked."""

        base_url: str = field(
            default="", metadata={"help": "URL up to /v1; empty is OPENAI_BASE_URL, else OpenAI's own."}
        )
        api_key_env: str = field(
            default="OPENAI_API_KEY",
            metadata={"decides": False, "help": "Name of the environment variable with the key."},
        )
        api: str = field(default="chat", metadata={"help": "chat or completions."})
        concurrency: Annotated[int, Ge(1)] = field(
            default=32,
            metadata={
                "decides": False,
                "help": "Calls at a time at most; fewer after a 429, then more again.",
            },
        )
        samples_per_call: Annotated[int, Ge(1)] = field(
            default=8, metadata={"decides": False, "help": "Samples of one prompt asked for in one call (n)."}
        )
        requests_per_minute: Annotated[float, Ge(0)] = field(
            default=0, metadata={"decides": False, "help": "Calls a minute; 0 is no limit."}
        )
        tokens_per_minute: Annotated[float, Ge(0)] = field(
            default=0,
            metadata={
                "decides": False,
                "help": "Tokens a minute, as estimated before a call; 0 is no limit.",
            },
        )
        timeout: Annotated[float, Gt(0)] = field(
            default=300.0, metadata={"decides": False, "help": "Seconds that a call may take."}
        )
        attempts: Annotated[int, Ge(1)] = field(
            default=8, metadata={"decides": False, "help": "How often a call is tried."}
        )
        longest_wait: Annotated[float, Ge(0)] = field(
            default=60.0,
            metadata={
                "decides": False,
                "help": "Seconds between two tries, unless the server says.",
            },
        )
        longest_away: Annotated[float, Ge(0)] = field(
            default=120.0,
            metadata={"decides": False, "help": "Seconds a server may be away before the run stops."},
        )
        reasoning: str = field(
            default="strip", metadata={"help": "What becomes of a reasoning model's thoughts: strip or keep."}
        )
        prefill: str = field(
            default="refuse",
            metadata={
                "help": "A forced start of the answer: refuse, or continue (vLLM's continue_final_message)."
            },
        )
        seeds: bool = field(default=True, metadata={"help": "Send seeds; some servers refuse them."})
        max_tokens_name: str = field(
            default="max_tokens", metadata={"help": "max_tokens, or max_completion_tokens where asked for."}
        )
        logprobs: bool = field(
            default=False,
            metadata={"decides": False, "help": "Ask for log-probabilities and keep their sum."},
        )
        price_prompt: Annotated[float, Ge(0)] = field(
            default=0.0, metadata={"decides": False, "help": "Price of a million prompt tokens."}
        )
        price_completion: Annotated[float, Ge(0)] = field(
            default=0.0, metadata={"decides": False, "help": "Price of a million tokens written."}
        )
        prices: str = field(
            default="",
            metadata={"decides": False, "help": "YAML file of prices by model; the two above count first."},
        )
        max_cost: float | None = field(
            default=None,
            metadata={"decides": False, "help": "Stop before more than this is spent; needs prices."},
        )
        max_tokens: int | None = field(
            default=None, metadata={"decides": False, "help": "Stop before more tokens than this are used."}
        )
        batch: bool = field(
            default=False,
            metadata={
                "decides": False,
                "help": "Send files of requests to the batch interface: cheaper, within a day.",
            },
        )
        batch_price: Annotated[float, Ge(0)] = field(
            default=0.5, metadata={"decides": False, "help": "What a batch costs, as a share of the prices."}
        )
        batch_poll: Annotated[float, Gt(0)] = field(
            default=30.0, metadata={"decides": False, "help": "Seconds between two looks at a batch."}
        )
        extra: dict[str, Any] = field(
            default_factory=dict, metadata={"help": "Further keys of the request's body, as they are."}
        )

        def __post_init__(self) -> None:
            for name, value, known in (
                ("api", self.api, APIS),
                ("reasoning", self.reasoning, REASONING),
                ("prefill", self.prefill, PREFILL),
            ):
                if value not in known:
                    raise ConfigError(f"{name} is {value!r}; it can be {', '.join(known)}")
            for name in ("concurrency", "samples_per_call", "attempts"):
                if getattr(self, name) < 1:
                    raise ConfigError(f"{name} must be at least 1")
            if self.max_cost is not None and not (self.price_prompt or self.price_completion or self.prices):
                raise ConfigError("max_cost needs price_prompt and price_completion, or prices")
            check_key_name(self.api_key_env)
            if self.base_url:
                check_url(self.base_url)
            for name in ("max_cost", "max_tokens"):
                if getattr(self, name) is not None and getattr(self, name) <= 0:
                    raise ConfigError(f"{name} is {getattr(self, name)}: nothing could be asked; raise it")

    def __init__(self, options: Options) -> None:
        self.options = options
        self._model = ""
        self._key = ""
        self._budget: Any = None

    def open(self, model: Model) -> ModelInfo:
        """Say whom requests go to; nothing is sent before the first one.

        Raises :class:`ConfigError` without a model's name.
        """
        if not model.name:
            raise ConfigError("backend 'openai' needs a model's name, such as --teacher openai:MODEL")
        if model.weights is not None:
            raise ConfigError("backend 'openai' cannot give weights to a server; take transformers or vllm")
        check_url(self.base_url, "base_url" if self.options.base_url else "OPENAI_BASE_URL")
        try:
            from siked_openai.limits import Budget
            from siked_openai.prices import Price, from_table
        except ImportError as error:
            raise MissingExtra("the backend 'openai'", "openai") from error
        self._key = read_key(self.options.api_key_env)
        price = Price(self.options.price_prompt, self.options.price_completion)
        if self.options.prices and price == Price():
            price = from_table(self.options.prices, model.name)
        if self.options.batch:
            price = replace(price, factor=self.options.batch_price)
        self._model = model.name
        self._budget = Budget(self.options, price)
        told = {
            "api": self.options.api,
            "reasoning": self.options.reasoning,
            "prefill": self.options.prefill,
            "extra": self.options.extra,
        }
        template = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]
        return ModelInfo(fingerprint=f"{self.base_url}|{model.name}", template=template)

    def account(self, tokens: int, cost: float) -> None:
        """Take what the run has used so far."""
        self._budget.begin(tokens, cost)

    @property
    def base_url(self) -> str:
        """The server's URL up to ``/v1``."""
        given = self.options.base_url or os.environ.get("OPENAI_BASE_URL", "")
        return given.strip() or "https://api.openai.com/v1"

    def generate(self, requests: Sequence[Request]) -> Iterator[Item]:
        """Yield completions as their calls end, each call before its completions."""
        wanted = [request for request in requests if not request.done]
        if not wanted:
            return
        try:
            from siked_openai.asking import ask_all
            from siked_openai.batches import ask_batch
        except ImportError as error:
            raise MissingExtra("the backend 'openai'", "openai") from error
        # A batch is named by the whole plan, what is done included.
        ask, asked = (ask_batch, requests) if self.options.batch else (ask_all, wanted)
        found: queue.SimpleQueue[Any] = queue.SimpleQueue()

        def work() -> None:
            try:
                asyncio.run(
                    ask(
                        self.options,
                        self.base_url,
                        self._model,
                        self._key,
                        asked,
                        self._budget,
                        found.put,
                    )
                )
                found.put(_END)
            except BaseException as error:
                found.put(error)

        threading.Thread(target=work, daemon=True, name="siked-openai").start()
        while (item := found.get()) is not _END:
            if isinstance(item, BaseException):
                raise item
            yield item
