"""A student's text is sent while it is written, and writing ends when nobody waits for it."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from siked.builtin.backends.transformers import Transformers
from siked.contracts import StreamingBackend
from siked.engine.progress import Reporter
from siked.records import Completion, Message, Model, Request, Sampling
from siked.registry import load_registry
from siked.runs.serve_app import Limits, Service
from siked.runs.serving import Batcher, Wish
from siked.runs.solver import Solver, opened
from siked.runs.visible import Visible

pytestmark = pytest.mark.train
pytest.importorskip("torch")
TAGS = {"cot": "[cot]", "pot": "[pot]"}
QUESTIONS = [f"Ann has {n} pens and buys {n + 2} more. How many pens does she have?" for n in range(2, 14)]


def asked(question: str, **sampling: Any) -> Request:
    return Request(
        key=question, messages=(Message("user", question),), sampling=Sampling(max_new_tokens=24, **sampling)
    )


def generated(backend: Transformers, requests: list[Request]) -> dict[str, Completion]:
    return {c.key: c for c in backend.generate(requests) if isinstance(c, Completion)}


@pytest.fixture(scope="module")
def backend() -> Transformers:
    made = Transformers(Transformers.Options(device="cpu", batch_size=8, threads=1))
    made.open(Model(name="tiny", prompt_format="plain"))
    return made


@pytest.mark.parametrize("stop", [(), ("e",), ("an", "zzz")])
def test_what_is_told_is_the_text_token_by_token(backend: Transformers, stop: tuple[str, ...]) -> None:
    assert isinstance(backend, StreamingBackend)
    requests = [asked(q, stop=stop) for q in QUESTIONS]
    wanted = generated(backend, requests)
    told: dict[str, list[str]] = {}

    def take(key: str, at: int, text: str) -> None:
        parts = told.setdefault(key, [])
        assert at == len("".join(parts))
        parts.append(text)

    backend.watch(set(QUESTIONS[:6]), take, set())
    again = generated(backend, requests)
    assert {key: done.text for key, done in again.items()} == {key: c.text for key, c in wanted.items()}
    held = max((len(part) - 1 for part in stop), default=0)
    for question in QUESTIONS[:6]:
        text, parts = wanted[question].text, told.get(question, [])
        assert text.startswith("".join(parts))
        assert len("".join(parts)) >= len(text) - held
        if not stop:
            assert len(parts) > 5
    assert not told.keys() & set(QUESTIONS[6:])
    told.clear()
    generated(backend, requests)  # the watch was for one time
    assert not told


def test_a_text_that_nobody_waits_for_ends(backend: Transformers) -> None:
    dropped: set[str] = set()
    seen: list[str] = []

    def take(key: str, at: int, text: str) -> None:
        seen.append(text)
        if len(seen) == 3:
            dropped.add(key)

    wanted = generated(backend, [asked(q) for q in QUESTIONS])
    backend.watch({QUESTIONS[0]}, take, dropped)
    found = generated(backend, [asked(q) for q in QUESTIONS])
    assert len(seen) == 3
    assert found[QUESTIONS[0]].completion_tokens < wanted[QUESTIONS[0]].completion_tokens
    assert wanted[QUESTIONS[0]].text.startswith(found[QUESTIONS[0]].text)
    for question in QUESTIONS[1:]:
        assert found[question].text == wanted[question].text


@pytest.mark.parametrize(
    ("raw", "strategy", "shown"),
    [
        ("[cot]\nTwo and two. \nThe answer is 4.\n", "cot", "Two and two. \nThe answer is 4."),
        (" [pot]: x = 1", "pot", "x = 1"),
        ("[co", None, ""),
        ("[coat] is warm ", "", "[coat] is warm"),
        ("", None, ""),
        ("No tag", "", "No tag"),
    ],
)
def test_a_tag_is_not_shown_and_known_as_soon_as_it_is_whole(
    raw: str, strategy: str | None, shown: str
) -> None:
    visible, out = Visible(TAGS), ""
    for at, letter in enumerate(raw):
        out += visible.add(at, letter)
        out += visible.add(0, raw[: at + 1])  # told again after a worker has died
        assert shown.startswith(out)
    assert (visible.strategy, out) == (strategy, shown)
    assert out + visible.rest(shown or "[co") == (shown or "[co")
    forced = Visible(TAGS, "cot")
    assert forced.add(0, "[pot] x") == "[pot] x"


@contextlib.contextmanager
def served(opening: Any, limits: Limits) -> Iterator[tuple[Any, Batcher]]:
    uvicorn = pytest.importorskip("uvicorn")
    openai = pytest.importorskip("openai")
    batcher = Batcher(opening, 100)
    batcher.start()
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(Service("m", batcher, limits).app(), log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    until(lambda: server.started)
    url = f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
    try:
        yield openai.OpenAI(base_url=url, api_key="none", max_retries=0, timeout=120), batcher
    finally:
        server.should_exit = True
        thread.join(timeout=30)
        batcher.close()


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_clients_read_a_text_while_it_is_written(tmp_path: Path) -> None:
    with served(opened("tiny", None, load_registry(), Reporter()), Limits()) as (client, batcher):

        def whole(question: str, **more: Any) -> Any:
            turns = [{"role": "user", "content": question}]
            return client.chat.completions.create(model="m", messages=turns, max_tokens=40, **more)

        def parts(question: str) -> list[Any]:
            return list(whole(question, stream=True, stream_options={"include_usage": True}))

        with ThreadPoolExecutor(8) as pool:
            streams = list(pool.map(parts, QUESTIONS[:8]))
        for question, chunks in zip(QUESTIONS[:8], streams, strict=True):
            answer = whole(question)
            texts = [chunk.choices[0].delta.content or "" for chunk in chunks[:-1]]
            assert "".join(texts) == answer.choices[0].message.content
            assert sum(map(bool, texts)) > 5
            assert chunks[0].choices[0].delta.role == "assistant"
            ends = [chunk.choices[0].finish_reason for chunk in chunks[:-1]]
            assert ends == [None] * (len(ends) - 1) + [answer.choices[0].finish_reason]
            assert chunks[-2].siked == answer.siked
            assert chunks[-1].choices == []
            assert chunks[-1].usage == answer.usage
            assert len({chunk.id for chunk in chunks}) == 1
        assert batcher.counts.dropped == 0


def test_who_goes_away_frees_the_student(monkeypatch: pytest.MonkeyPatch) -> None:
    answer, drop, dropped = Solver.answer, Solver.drop, threading.Event()
    turns = [{"role": "user", "content": QUESTIONS[0]}]

    def endless(self: Solver, questions: Any, parts: Any = None) -> Any:
        if parts and not dropped.is_set():
            for part in parts.values():
                part(0, "[cot]\nTwo and two")
        if not questions[0].strategy:
            assert dropped.wait(60)
        return answer(self, questions, parts)

    def told(self: Solver, keys: Any) -> None:
        drop(self, keys)
        dropped.set()

    monkeypatch.setattr(Solver, "answer", endless)
    monkeypatch.setattr(Solver, "drop", told)
    with served(opened("tiny", None, load_registry(), Reporter()), Limits()) as (client, batcher):
        for stream in (True, False):
            dropped.clear()
            if stream:
                with client.chat.completions.create(model="m", messages=turns, stream=True) as chunks:
                    next(iter(chunks))
            else:
                with pytest.raises(Exception, match="timed out"):
                    client.with_options(timeout=2).chat.completions.create(model="m", messages=turns)
            until(dropped.is_set)
            forced = {"strategy": "pot"}
            said = client.chat.completions.create(model="m", messages=turns, extra_body=forced)
            assert said.usage.completion_tokens > 0
        assert batcher.counts.dropped == 2


def test_a_worker_stops_writing_what_is_dropped() -> None:
    batcher = Batcher(opened("tiny", None, load_registry(), Reporter()), 100)
    wishes = [Wish(max_tokens=400, temperature=2.0, seed=seed) for seed in range(24)]
    answers = [batcher.ask(QUESTIONS[0], wish) for wish in wishes]
    batcher.start()
    longest = max(range(24), key=lambda place: answers[place].result(120).tokens)
    whole = answers[longest].result()
    dropping: list[Any] = []

    def part(at: int, text: str) -> None:
        if at and dropping:
            batcher.drop(dropping[0])

    ready = batcher.ask(QUESTIONS[1])  # so that the next one is in no batch before it stands in the list
    dropping.append(batcher.put(QUESTIONS[0], wishes[longest], part))
    cut = dropping[0].answer.result(120)
    assert ready.result(120).tokens > 0
    assert cut.cut
    assert cut.tokens < whole.tokens
    assert whole.text.startswith(cut.text.rstrip("\ufffd"))
    batcher.close()


def test_what_fails_before_the_first_part_has_its_code_and_later_an_error_in_the_stream(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    openai = pytest.importorskip("openai")
    turns = [{"role": "user", "content": QUESTIONS[0]}]
    with served(opened("tiny", None, load_registry(), Reporter()), Limits()) as (client, batcher):

        def failing(self: Solver, questions: Any, parts: Any = None) -> Any:
            for part in (parts or {}).values():
                part(0, begun)
            raise TypeError("no more")

        monkeypatch.setattr(Solver, "answer", failing)
        begun = ""
        batcher.most = 0
        with pytest.raises(openai.RateLimitError):
            client.chat.completions.create(model="m", messages=turns, stream=True)
        batcher.most = 100
        begun = "[cot]\nTwo"
        with pytest.raises(openai.APIError, match="could not answer: no more"):
            for _ in client.chat.completions.create(model="m", messages=turns, stream=True):
                pass
