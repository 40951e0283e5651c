"""Budgets count what is not reported and what was cut off; prices come from a table of the user's."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("openai")
pytest.importorskip("siked_openai")

from siked_openai.backend import OpenAI
from siked_openai.prices import Price, from_table

from siked.contracts import BudgetedBackend
from siked.errors import BackendError, ConfigError
from siked.records import Call, Item, Message, Model, Request, Reservation, Sampling
from siked.testing.fake_openai_server import serving_fake_openai

SAMPLING = Sampling(max_new_tokens=32)
MOST = len("What is 10 + 4?") + 16 + 16 + 32
"""Tokens set aside for one of :func:`requests`: a token a byte, a frame a message, a frame for no prefix."""


def requests(count: int) -> list[Request]:
    return [
        Request(key=str(i), messages=(Message("user", f"What is {i + 10} + 4?"),), sampling=SAMPLING, seed=i)
        for i in range(count)
    ]


def opened(url: str, **options: Any) -> OpenAI:
    backend = OpenAI(OpenAI.Options(base_url=url, longest_wait=0.1, **options))
    backend.open(Model(name="m"))
    assert isinstance(backend, BudgetedBackend)
    return backend


def spent(backend: OpenAI, wanted: list[Request]) -> tuple[int, list[Item]]:
    """Return the tokens that calls report, and all items; a budget may end them."""
    items: list[Item] = []
    with contextlib.suppress(BackendError):
        for item in backend.generate(wanted):
            items.append(item)
    calls = [item for item in items if isinstance(item, Call)]
    return sum(call.prompt_tokens + call.completion_tokens for call in calls), items


@pytest.mark.parametrize("fault", ["no-usage", "odd-usage"])
def test_without_usage_the_reserved_estimate_counts(fault: str) -> None:
    with serving_fake_openai(rates={fault: 1.0}) as server:
        tokens, _ = spent(opened(server.url, max_tokens=5 * MOST + 1, concurrency=1), requests(20))
        assert server.counts["requests"] == 5
        assert tokens == 5 * MOST


@pytest.mark.parametrize("fault", ["truncated", "dropped", "no-choices"])
def test_answers_that_were_lost_on_the_way_count_at_their_most(fault: str) -> None:
    with serving_fake_openai(script=lambda body, attempt: fault if attempt == 0 else "") as server:
        tokens, items = spent(opened(server.url, concurrency=1), requests(4))
    lost = [item for item in items if isinstance(item, Call) and not item.requests]
    assert [call.prompt_tokens + call.completion_tokens for call in lost] == [MOST] * 4
    assert tokens > 4 * MOST


def test_errors_that_nobody_pays_for_are_not_counted() -> None:
    with serving_fake_openai(script=lambda body, attempt: "error:503:" if attempt == 0 else "") as server:
        _, items = spent(opened(server.url), requests(4))
    assert len([item for item in items if isinstance(item, Call)]) == 4


def test_what_the_run_used_before_counts_anew_in_each_session() -> None:
    with serving_fake_openai() as server:
        backend = opened(server.url, max_tokens=1000, concurrency=1)
        backend.account(1000 - MOST, 0.0)
        spent(backend, requests(1))
        assert server.counts["requests"] == 1
        backend.account(1000 - MOST + 1, 0.0)
        spent(backend, requests(1))
        assert server.counts["requests"] == 1


def test_calls_under_way_are_reserved_before_they_are_made_and_released_at_the_end() -> None:
    with serving_fake_openai(rates={"slow": 1.0}) as server:
        backend = opened(server.url, max_tokens=10 * MOST, concurrency=4)
        reserved = 0
        for item in backend.generate(requests(4)):
            if isinstance(item, Reservation):
                reserved = item.tokens
                assert item.tokens <= 10 * MOST
            else:
                assert reserved >= MOST
        assert reserved == 0
        unlimited = list(opened(server.url).generate(requests(2)))
    assert not [item for item in unlimited if isinstance(item, Reservation)]


def test_prices_come_from_a_table_and_options_come_first(tmp_path: Path) -> None:
    table = tmp_path / "prices.yaml"
    table.write_text(
        "m: {prompt: 2, completion: 8, cached: 1}\nfamily-*: {prompt: 1, completion: 1}\n"
        "family-large-*: {prompt: 3, completion: 3}\n"
    )
    assert from_table(str(table), "m").cost(1_000_000, 500_000, 1_000_000) == 9.5
    assert from_table(str(table), "family-large-2") == Price(3.0, 3.0)
    with pytest.raises(ConfigError, match=r"no price for 'other'.*family-\*"):
        from_table(str(table), "other")
    with serving_fake_openai() as server:
        for options, price in (({"prices": str(table)}, (2, 8)), ({"price_prompt": 5.0}, (5, 0))):
            _, items = spent(opened(server.url, **{"prices": str(table), **options}), requests(1))
            (call,) = [item for item in items if isinstance(item, Call)]
            expected = call.prompt_tokens * price[0] + call.completion_tokens * price[1]
            assert call.cost == pytest.approx(expected / 1e6)


@pytest.mark.parametrize(
    "text",
    [
        "[1]",
        "m: 3",
        "m: {prompt: -1, completion: 1}",
        "m: {prompt: 1}",
        "m: {",
        "m: {prompt: x, completion: 1}",
    ],
)
def test_a_table_that_does_not_fit_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "prices.yaml").write_text(text)
    with pytest.raises(ConfigError, match="prices"):
        from_table(str(tmp_path / "prices.yaml"), "m")
