"""The batch interface: files of requests for half the price, found again after a cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

pytest.importorskip("openai")
pytest.importorskip("siked_openai")

from siked_openai.backend import OpenAI

from siked.errors import BackendError
from siked.records import Call, Completion, Item, Message, Model, Outcome, Request, Sampling
from siked.testing.fake_openai_server import FakeOpenAIServer, serving_fake_openai


def requests(count: int) -> list[Request]:
    return [
        Request(
            key=f"key{i}",
            messages=(Message("user", f"What is {i} + 4?"),),
            sampling=Sampling(max_new_tokens=32),
            seed=i,
        )
        for i in range(count)
    ]


def asked(
    server: FakeOpenAIServer, wanted: Sequence[Request], into: list[Item] | None = None, **options: Any
) -> list[Item]:
    """Return what a backend yields; ``into`` holds it also where an error ends it."""
    settings = {"base_url": server.url, "batch": True, "batch_poll": 0.05, "longest_away": 5}
    backend = OpenAI(OpenAI.Options(**{**settings, "price_completion": 10.0, **options}))
    backend.open(Model(name="m"))
    found: list[Item] = [] if into is None else into
    for item in backend.generate(wanted):
        found.append(item)
    return found


def completions(items: list[Item]) -> dict[str, Completion]:
    return {item.key: item for item in items if isinstance(item, Completion)}


def test_a_batch_answers_every_request_for_half_the_price() -> None:
    with serving_fake_openai() as server:
        server.batches.seconds = 0.3
        items = asked(server, requests(40))
        assert len(server.batches.batches) == 1
    found = completions(items)
    assert len(found) == 40
    assert found["key7"].text == "7 + 4 = 11\nFinal Answer: 11"
    calls = [item for item in items if isinstance(item, Call)]
    assert sum(call.cost for call in calls) == pytest.approx(40 * 12 * 10.0 / 1e6 / 2)


def test_what_was_cut_off_finds_its_batch_and_buys_nothing_twice() -> None:
    with serving_fake_openai() as server:
        asked(server, requests(10))
        wanted = [replace(request, done=number < 4) for number, request in enumerate(requests(10))]
        found = completions(asked(server, wanted))
        assert set(found) == {f"key{number}" for number in range(4, 10)}
        assert server.counts["requests"] == 10
        assert len(server.batches.batches) == 1
        asked(server, requests(11))
        assert len(server.batches.batches) == 2


def test_failed_requests_of_a_batch_end_and_are_asked_again_in_a_batch_of_their_own() -> None:
    faults = {3: "error:400:context_length_exceeded", 5: "error:400:content_filter", 6: "filter"}
    with serving_fake_openai(script=lambda body, attempt: faults.get(body["seed"], "")) as server:
        found = completions(asked(server, requests(10)))
        assert found["key3"].outcome is Outcome.FAILED
        assert found["key5"].outcome is found["key6"].outcome is Outcome.REFUSED
        faults.clear()
        wanted = [replace(request, done=request.key != "key3") for request in requests(10)]
        assert completions(asked(server, wanted))["key3"].outcome is Outcome.OK
        assert server.counts["requests"] == 11


@pytest.mark.parametrize(
    ("status", "said", "answered"),
    [("expired", "5 requests unanswered", 5), ("failed", "a line is no JSON", 0)],
)
def test_a_batch_that_does_not_end_well_leaves_the_rest_open(status: str, said: str, answered: int) -> None:
    items: list[Item] = []
    with serving_fake_openai() as server:
        server.batches.status = status
        with pytest.raises(BackendError, match=said):
            asked(server, requests(10), into=items)
        assert len(completions(items)) == answered
        server.batches.status = "completed"
        wanted = [replace(request, done=request.key in completions(items)) for request in requests(10)]
        assert len(completions(asked(server, wanted))) == 10 - answered
        assert server.counts["requests"] == 10


def test_a_batch_beyond_the_budget_is_not_sent() -> None:
    with serving_fake_openai() as server:
        with pytest.raises(BackendError, match="max_cost"):
            asked(server, requests(10), max_cost=0.001)
        assert not server.batches.files


def test_an_empty_account_stops_a_batch() -> None:
    with (
        serving_fake_openai(script=lambda body, attempt: "error:429:insufficient_quota") as server,
        pytest.raises(BackendError, match="quota is used up"),
    ):
        asked(server, requests(4))
