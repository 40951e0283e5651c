"""What goes wrong is told by codes; what cannot get better stops at once, what may waits."""

from __future__ import annotations

import email.utils
import itertools
import shutil
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("openai")
pytest.importorskip("siked_openai")

from siked_openai.backend import OpenAI
from siked_openai.faults import duration, told_wait
from siked_openai.limits import Pace

from siked.errors import BackendError
from siked.records import Call, Completion, Item, Message, Model, Outcome, Request, Sampling
from siked.testing.fake_openai_server import KEY, FakeOpenAIServer, serving_fake_openai

Script = Callable[[dict[str, Any], int], str]


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


def requests(count: int) -> list[Request]:
    sampling = Sampling(temperature=0.7, max_new_tokens=32)
    return [
        Request(key=str(i), messages=(Message("user", f"What is {i} + 4?"),), sampling=sampling, seed=i)
        for i in range(count)
    ]


def opened(url: str, model: str = "m", **options: Any) -> OpenAI:
    backend = OpenAI(OpenAI.Options(**{"base_url": url, "longest_wait": 0.2, **options}))
    backend.open(Model(name=model))
    return backend


def gather(backend: OpenAI, wanted: list[Request]) -> tuple[list[Item], str]:
    """Return what came before the end, and what ended it."""
    items: list[Item] = []
    try:
        for item in backend.generate(wanted):
            items.append(item)
    except BackendError as error:
        return items, str(error)
    return items, ""


def outcomes(items: list[Item]) -> dict[str, Outcome]:
    return {item.key: item.outcome for item in items if isinstance(item, Completion)}


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("error:429:insufficient_quota", "quota is used up"),
        ("error:402:", "the account is empty"),
        ("error:403:insufficient_balance", "the account is empty"),
        ("error:429:billing_hard_limit_reached", "spending limit"),
        ("error:400:billing_not_active", "billing is not active"),
        ("error:401:invalid_api_key", "refuses the key"),
        ("error:403:unsupported_country_region_territory", "not offered"),
        ("error:400:unsupported_parameter", "a parameter is not supported"),
    ],
)
def test_what_cannot_get_better_stops_at_once_and_leaves_the_rest_open(fault: str, said: str) -> None:
    with serving_fake_openai(script=lambda body, attempt: fault if body["seed"] >= 20 else "") as server:
        start = time.monotonic()
        items, told = gather(opened(server.url, concurrency=4, longest_wait=60), requests(500))
        assert time.monotonic() - start < 30
        assert said in told
        assert "\n" not in told
        found = outcomes(items)
        assert set(found.values()) == {Outcome.OK}
        assert len(found) == 20
        assert server.counts["requests"] <= 24


def test_calls_that_wait_give_up_when_another_finds_the_account_empty() -> None:
    def script(body: dict[str, Any], attempt: int) -> str:
        return "error:402:" if body["seed"] == 7 else "error:503:"

    with serving_fake_openai(script=script) as server:
        start = time.monotonic()
        items, told = gather(opened(server.url, longest_wait=60, concurrency=8), requests(8))
        assert time.monotonic() - start < 30
    assert "the account is empty" in told
    assert outcomes(items) == {}


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ("error:400:context_length_exceeded", Outcome.FAILED),
        ("error:422:", Outcome.FAILED),
        ("error:413:", Outcome.FAILED),
        ("error:400:content_filter", Outcome.REFUSED),
        ("error:403:content_policy_violation", Outcome.REFUSED),
        ("dropped", Outcome.FAILED),
        ("reset", Outcome.FAILED),
        ("half-head", Outcome.FAILED),
        ("error:500:", Outcome.FAILED),
        ("no-json", Outcome.FAILED),
    ],
)
def test_what_one_request_does_ends_that_request_alone(fault: str, outcome: Outcome) -> None:
    with serving_fake_openai(script=lambda body, attempt: fault if body.get("seed") == 3 else "") as server:
        items, told = gather(opened(server.url, attempts=3, longest_away=5), requests(12))
        assert told == ""
        found = outcomes(items)
        assert found.pop("3") is outcome
        assert set(found.values()) == {Outcome.OK}
        # Alone, as after a resume, it ends itself too: another call shows that the server serves.
        items, told = gather(opened(server.url, attempts=3, longest_away=5), requests(4)[3:])
        assert (told, outcomes(items)) == ("", {"3": outcome})


def test_a_server_that_answers_nobody_stops_the_run_and_ends_no_request() -> None:
    with serving_fake_openai(script=lambda body, attempt: "error:500:") as server:
        items, told = gather(opened(server.url, attempts=2, longest_away=1), requests(12))
    assert "nothing was answered" in told
    assert outcomes(items) == {}


def test_a_server_that_is_away_is_waited_out_and_told(caplog: pytest.LogCaptureFixture) -> None:
    with serving_fake_openai(rates={"slow": 1.0}) as server:

        def leave() -> None:
            for _ in range(2):
                with server.away():
                    time.sleep(1.5)
                time.sleep(1)

        leaving = threading.Thread(target=leave)
        items: list[Item] = []
        for item in opened(server.url, longest_away=60, attempts=4, concurrency=4).generate(requests(80)):
            items.append(item)
            if len(items) == 8:
                leaving.start()
        leaving.join()
    found = outcomes(items)
    assert len(found) == 80
    assert set(found.values()) == {Outcome.OK}
    assert "no server answers; waiting for it" in caplog.text
    assert "answers again" in caplog.text


def test_a_server_that_stays_away_stops_the_run() -> None:
    with serving_fake_openai() as server:
        url = server.url
    start = time.monotonic()
    items, told = gather(opened(url, longest_away=1), requests(50))
    assert 0.8 < time.monotonic() - start < 30
    assert "no server answers" in told
    assert outcomes(items) == {}


@pytest.fixture
def untrusted(tmp_path: Path) -> Iterator[FakeOpenAIServer]:
    if shutil.which("openssl") is None:
        pytest.skip("makes a certificate with openssl, which is not here")
    names = ["-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "cert.pem")]
    subject = ["-subj", "/CN=localhost", "-days", "1", "-nodes", "-newkey", "rsa:2048"]
    subprocess.run(["openssl", "req", "-x509", *subject, *names], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    server = FakeOpenAIServer()
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.start()
    yield server
    server.stop()


def test_an_unknown_certificate_stops_at_once(untrusted: FakeOpenAIServer) -> None:
    start = time.monotonic()
    _, told = gather(opened(untrusted.url.replace("http:", "https:")), requests(20))
    assert time.monotonic() - start < 30
    assert "certificate is not trusted" in told
    assert "SSL_CERT_FILE" in told


def test_tls_where_none_is_spoken_stops_at_once() -> None:
    with serving_fake_openai() as server:
        _, told = gather(opened(server.url.replace("http:", "https:")), requests(4))
    assert "speaks no TLS" in told


def test_a_url_without_v1_is_told_from_an_unknown_model() -> None:
    with serving_fake_openai() as server:
        _, told = gather(opened(server.url.removesuffix("/v1")), requests(4))
        assert told.endswith(f"set base_url to {server.url}")
        _, told = gather(opened(server.url, "unknown"), requests(4))
        assert "has no model 'unknown'" in told
        assert "it has: m" in told
        _, told = gather(opened(server.url + "/v2"), requests(4))
        assert "no such interface here" in told


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "2"}, 2.0),
        ({"retry-after": "0.25"}, 0.25),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:09 GMT", "date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 9.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:27:00 GMT", "date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 0.0),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "9" * 10_000}, None),
        ({}, None),
    ],
)
def test_retry_after_in_all_its_forms(headers: dict[str, str], seconds: float | None) -> None:
    found = told_wait(headers)
    # So many digits, cut, are a number still: longer than anyone would wait.
    assert found == seconds or (seconds is None and found is not None and found > 1e30)


def test_a_date_without_the_servers_clock_is_read_by_ours() -> None:
    found = told_wait({"retry-after": email.utils.formatdate(time.time() + 30, usegmt=True)})
    assert found is not None
    assert 27 < found < 31


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("6m0s", 360.0),
        ("120ms", 0.12),
        ("1h2m3.5s", 3723.5),
        ("2", 2.0),
        ("", None),
        ("x", None),
        ("1x", None),
    ],
)
def test_durations_of_limit_headers(text: str, seconds: float | None) -> None:
    assert duration(text) == seconds


def test_one_429_pauses_every_call() -> None:
    times: list[float] = []

    def script(body: dict[str, Any], attempt: int) -> str:
        times.append(time.monotonic())
        return "error:429:rate_limit_exceeded" if body["seed"] == 0 and attempt == 0 else ""

    with serving_fake_openai(script=script, headers={"retry-after-ms": "1500"}) as server:
        items, told = gather(opened(server.url, concurrency=4), requests(40))
    assert told == ""
    assert set(outcomes(items).values()) == {Outcome.OK}
    gaps = [after - before for before, after in itertools.pairwise(times)]
    assert max(gaps) > 1.3
    # Those that were under way end; then nothing is asked until the pause is over.
    assert gaps.index(max(gaps)) < 16


def test_limits_meant_for_hours_stop_the_run() -> None:
    with serving_fake_openai(
        script=lambda body, attempt: "error:429:", headers={"retry-after": "7200"}
    ) as server:
        items, told = gather(opened(server.url), requests(40))
    assert "asks to wait 7200 s" in told
    assert outcomes(items) == {}


def test_limits_in_headers_pace_calls() -> None:
    pace = Pace()
    assert pace.delay(0.0, 10) == 0
    told = {
        "x-ratelimit-limit-requests": "60",
        "x-ratelimit-remaining-requests": "2",
        "x-ratelimit-reset-requests": "58s",
    }
    pace.told(0.0, told)
    for _ in range(2):
        assert pace.delay(0.0, 10) == 0
        pace.sent(10)
    # 58 requests come back in 58 s: the next one in a second.
    assert pace.delay(0.0, 10) == pytest.approx(1.0)
    # An answer that was written earlier cannot give back what is used.
    pace.told(0.5, {**told, "x-ratelimit-remaining-requests": "5"})
    assert pace.delay(0.5, 10) > 0
    pace.told(0.5, {"x-ratelimit-remaining-tokens": "100", "x-ratelimit-reset-tokens": "6s"})
    assert pace.delay(70.0, 500) == 0
    pace.told(70.0, {"x-ratelimit-remaining-tokens": "100", "x-ratelimit-reset-tokens": "6s"})
    assert pace.delay(70.0, 50) == 0
    assert pace.delay(70.0, 500) == pytest.approx(6.0)


def test_limits_in_headers_are_kept_to() -> None:
    headers = {
        "x-ratelimit-limit-requests": "1000",
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "100s",
    }
    with serving_fake_openai(headers=headers) as server:
        start = time.monotonic()
        items, _ = gather(opened(server.url, concurrency=1), requests(8))
        # One in a tenth of a second comes back.
        assert time.monotonic() - start > 0.6
    assert len([item for item in items if isinstance(item, Call)]) == 8
