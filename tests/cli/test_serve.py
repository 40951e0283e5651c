"""A student is served to OpenAI's own client."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import siked
from siked.engine.progress import Reporter
from siked.errors import UsageError
from siked.records import TestProblem
from siked.registry import load_registry
from siked.runs.serve_app import Limits, Service
from siked.runs.serving import Batcher
from siked.runs.solver import Solver, opened

openai = pytest.importorskip("openai")
uvicorn = pytest.importorskip("uvicorn")
pytest.importorskip("starlette")

QUESTIONS = [f"What is {i} + {i + 1}?" for i in range(40)]


@contextlib.contextmanager
def served(run: Path, limits: Limits, waiting: int = 1000) -> Iterator[tuple[str, Batcher]]:
    batcher = Batcher(opened(str(run), None, load_registry(), Reporter()), waiting)
    batcher.start()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    app = Service("student", batcher, limits).app()
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{port}", batcher
    finally:
        server.should_exit = True
        thread.join(timeout=30)
        batcher.close()


@pytest.fixture
def finished(settings: dict[str, Any], tmp_path: Path) -> Path:
    return siked.run({**settings, "iterations": 0, "controls": []}, tmp_path / "run").folder


def get(url: str) -> str:
    from urllib.request import urlopen

    with urlopen(url, timeout=30) as reply:
        return str(reply.read().decode())


def test_clients_at_once_get_what_solve_gives_and_the_bad_ones_an_error(finished: Path) -> None:
    problems = [TestProblem(id=q, question=q, gold=None, dataset="") for q in QUESTIONS]
    with opened(str(finished), None, load_registry(), Reporter()) as solver:
        wanted = {s.problem.question: s for s in solver.solve(list(problems))}
    with served(finished, Limits(token="secret", question=100)) as (url, batcher):
        client = openai.OpenAI(base_url=f"{url}/v1", api_key="secret", max_retries=0)

        def ask(place: int) -> Any:
            if place % 10 == 9:
                bad: list[dict[str, Any]] = [
                    {"messages": []},
                    {"messages": [{"role": "user", "content": "x" * 101}]},
                    {"messages": [{"role": "user", "content": "q"}], "temperature": 3},
                    {"messages": [{"role": "user", "content": "q"}], "extra_body": {"strategy": "nope"}},
                ]
                with pytest.raises(openai.BadRequestError):
                    client.chat.completions.create(model="student", **bad[place // 10])
                return None
            message = {"role": "user", "content": QUESTIONS[place]}
            return client.chat.completions.create(model="student", messages=[message])

        with ThreadPoolExecutor(40) as pool:
            answers = list(pool.map(ask, range(40)))
        for question, answer in zip(QUESTIONS, answers, strict=True):
            if answer is None:
                continue
            solution = wanted[question]
            assert answer.choices[0].message.content == solution.text.strip()
            assert answer.siked["strategy"] == (solution.strategy or None)
            assert answer.siked["answer"] == solution.verdict.answer
            assert (answer.siked["program"] is None) == (solution.program is None)
        assert batcher.counts.solved == 36
        assert batcher.counts.batches < 36  # what waited together was solved together
        metrics = get(f"{url}/metrics")
        assert 'siked_requests_total{code="200"} 36' in metrics
        assert 'siked_requests_total{code="400"} 4' in metrics


def test_streams_completions_tokens_and_sizes(finished: Path) -> None:
    with served(finished, Limits(token="secret", body=5000)) as (url, _):
        client = openai.OpenAI(base_url=f"{url}/v1", api_key="secret", max_retries=0)
        ask = {"model": "student", "messages": [{"role": "user", "content": QUESTIONS[3]}]}
        streamed = {"model": "student", "prompt": QUESTIONS[3]}
        whole = client.chat.completions.create(**ask).choices[0].message.content
        chunks = list(client.chat.completions.create(**ask, stream=True))
        assert "".join(c.choices[0].delta.content or "" for c in chunks) == whole
        assert [c.choices[0].finish_reason for c in chunks] == [None] * (len(chunks) - 1) + ["stop"]
        assert chunks[-1].siked["answer"]
        texts = [c.choices[0].text for c in client.completions.create(**streamed, stream=True)]
        assert "".join(texts) == whole
        assert client.completions.create(model="student", prompt=QUESTIONS[3]).choices[0].text == whole
        forced = client.chat.completions.create(**ask, extra_body={"strategy": "pot"})
        assert forced.siked["strategy"] == "pot"
        assert forced.siked["program"] is not None
        assert [model.id for model in client.models.list()] == ["student"]
        with pytest.raises(openai.AuthenticationError):
            openai.OpenAI(base_url=f"{url}/v1", api_key="no", max_retries=0).chat.completions.create(**ask)
        with pytest.raises(openai.APIStatusError) as large:
            client.completions.create(model="student", prompt="x" * 6000)
        assert large.value.status_code == 413


def test_settings_of_a_request_are_followed(finished: Path) -> None:
    with served(finished, Limits()) as (url, batcher):
        client = openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0)
        ask = {"model": "student", "messages": [{"role": "user", "content": QUESTIONS[3]}]}

        def said(**more: Any) -> str:
            return str(client.chat.completions.create(**ask, **more).choices[0].message.content)

        assert said(temperature=1, seed=1) == said(temperature=1, seed=1)
        assert len({said(temperature=1) for _ in range(12)}) > 1
        usage = client.chat.completions.create(**ask).usage
        assert usage is not None
        assert (usage.prompt_tokens, usage.total_tokens) == (8, 8 + usage.completion_tokens)
        told = list(
            client.chat.completions.create(**ask, stream=True, stream_options={"include_usage": True})
        )
        assert told[-1].usage == usage
        for bad in (
            {"temperature": -1}, {"top_p": 0}, {"max_tokens": 0}, {"stop": [""]}, {"stop": ["a"] * 5},
            {"n": 2}, {"seed": "one"}, {"temperature": True}, {"stop": [3]}, {"strategy": ["cot"]},
        ):  # fmt: skip
            with pytest.raises(openai.BadRequestError):
                client.chat.completions.create(**ask, extra_body=bad)
    assert batcher.counts.failed == 0


def test_a_question_that_cannot_be_answered_costs_no_other_its_answer(
    finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, sizes = Solver.answer, []

    def poisoned(self: Solver, questions: Any, parts: Any) -> Any:
        sizes.append(len(questions))
        if any("poison" in question.problem.question for question in questions):
            raise TypeError("no text")
        return answer(self, questions, parts)

    monkeypatch.setattr(Solver, "answer", poisoned)
    batcher = Batcher(opened(str(finished), None, load_registry(), Reporter()), 100)
    asked = [*QUESTIONS[:9], "poison 1 + 1", *QUESTIONS[9:20]]
    answers = [batcher.ask(question) for question in asked]  # all wait until it starts
    batcher.start()
    for question, found in zip(asked, answers, strict=True):
        if question.startswith("poison"):
            with pytest.raises(TypeError, match="no text"):
                found.result(30)
        else:
            assert found.result(30).problem.question == question
    assert sizes[0] == 21
    assert (batcher.counts.solved, batcher.counts.failed) == (20, 1)
    batcher.close()


def test_half_of_a_surrogate_pair_is_refused(finished: Path) -> None:
    from starlette.testclient import TestClient

    batcher = Batcher(opened(str(finished), None, load_registry(), Reporter()), 10)
    batcher.start()
    client = TestClient(Service("student", batcher, Limits()).app())
    for body in (
        '{"messages": [{"role": "user", "content": "\\ud800 1 + 1"}]}',
        '{"messages": [{"role": "user", "content": "1 + 1"}], "stop": "\\udfff"}',
    ):
        assert client.post("/v1/chat/completions", content=body).status_code == 400
    batcher.close()


def test_too_many_and_too_slow_are_told(finished: Path) -> None:
    batcher = Batcher(opened(str(finished), None, load_registry(), Reporter()), 0)
    batcher.start()
    service = Service("student", batcher, Limits())
    from starlette.testclient import TestClient

    client = TestClient(service.app())
    body = {"messages": [{"role": "user", "content": "What is 1 + 1?"}]}
    assert client.post("/v1/chat/completions", json=body).status_code == 429
    batcher.most = 10
    service.limits = Limits(seconds=1e-6)
    assert client.post("/v1/chat/completions", json=body).status_code == 504
    service.limits = Limits()
    assert client.post("/v1/chat/completions", content=b"{").status_code == 400
    assert json.loads(client.post("/v1/chat/completions", json=body).text)["siked"]["tokens"] > 0
    batcher.close()


def test_a_student_that_is_not_there_is_told_before_serving() -> None:
    with pytest.raises(UsageError, match="no model named 'nowhere'"):
        Batcher(opened("nowhere", None, load_registry(), Reporter()), 1).start()


def test_other_hosts_need_a_token() -> None:
    from click.testing import CliRunner

    from siked.cli.main import cli

    done = CliRunner().invoke(cli, ["serve", "nowhere", "--host", "0.0.0.0"])
    assert "name a token" in str(done.exception)
