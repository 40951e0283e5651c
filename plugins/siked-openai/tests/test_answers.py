"""What comes back, in every dress that servers give it."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

pytest.importorskip("openai")
pytest.importorskip("siked_openai")

from siked_openai import reading
from siked_openai.backend import OpenAI
from siked_openai.faults import Fault

from siked.records import Completion, Message, Model, Outcome, Request, Sampling
from siked.testing.fake_openai_server import serving_fake_openai

TOLD = {"prompt_tokens": 5, "completion_tokens": 7}
ANSWER = "3 + 4 = 7\nFinal Answer: 7"


def chat(content: Any, **fields: Any) -> dict[str, Any]:
    ended = fields.pop("finish_reason", "stop")
    return {"finish_reason": ended, "message": {"content": content, **fields}}


@pytest.mark.parametrize(
    ("choice", "stripped", "kept"),
    [
        (chat("<think>3 and 4</think>\n7"), "7", "<think>3 and 4</think>\n7"),
        (chat("3 and 4</think>\n7"), "7", "<think>3 and 4</think>\n7"),
        (chat("7", reasoning_content="3 and 4"), "7", "<think>3 and 4</think>\n7"),
        (chat("7", reasoning="3 and 4"), "7", "<think>3 and 4</think>\n7"),
        (chat([{"type": "text", "text": "7 "}, {"type": "text", "text": "apples"}]), "7 apples", "7 apples"),
        (
            chat([{"type": "thinking", "thinking": [{"type": "text", "text": "3 and 4"}]}, "7"]),
            "7",
            "<think>3 and 4</think>\n7",
        ),
        ({"finish_reason": None, "text": "7"}, "7", "7"),
    ],
)
def test_thoughts_are_kept_apart_and_parts_joined(choice: dict[str, Any], stripped: str, kept: str) -> None:
    assert reading.read(choice, "strip") == reading.Read(Outcome.OK, stripped)
    assert reading.read(choice, "keep") == reading.Read(Outcome.OK, kept)


@pytest.mark.parametrize(
    ("choice", "outcome", "said"),
    [
        (chat("<think>3 and", finish_reason="length"), Outcome.FAILED, "while it thought"),
        (chat(None, finish_reason="length", reasoning="3 and"), Outcome.FAILED, "while it thought"),
        (chat("3 + 4", finish_reason="length"), Outcome.CUT, ""),
        (chat(None, refusal="No."), Outcome.REFUSED, "No."),
        (chat([{"type": "refusal", "refusal": "No."}]), Outcome.REFUSED, "No."),
        (chat("", finish_reason="content_filter"), Outcome.REFUSED, "content filter"),
        (chat([]), Outcome.FAILED, "empty answer"),
    ],
)
def test_what_is_no_whole_answer_says_why(choice: dict[str, Any], outcome: Outcome, said: str) -> None:
    found = reading.read(choice, "strip")
    assert found.outcome is outcome
    assert said in found.reason


@pytest.mark.parametrize("size", [20_000, 1_000_000])
@pytest.mark.parametrize(
    "piece", ["<think>", "</think>", "<think></think>", " ", "\n", "<", "</", "a</think> "]
)
def test_reading_is_linear_in_the_text(piece: str, size: int) -> None:
    text = piece * (size // len(piece))
    start = time.process_time()
    reading.read(chat(text), "keep")
    reading.parse(json.dumps({"choices": [chat(text)]}).encode(), "chat")
    assert time.process_time() - start < 1


@pytest.mark.parametrize(
    ("usage", "read"),
    [
        ({"prompt_tokens": 5, "completion_tokens": 7}, (5, 0, 7)),
        (
            {"prompt_tokens": 5, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": 9}},
            (5, 5, 7),
        ),
        ({"prompt_tokens": 5, "completion_tokens": 7, "prompt_tokens_details": None}, (5, 0, 7)),
        (None, None),
        ({}, None),
        ([1], None),
        ({"prompt_tokens": "5", "completion_tokens": 7}, None),
        ({"prompt_tokens": -5, "completion_tokens": 7}, None),
        ({"prompt_tokens": float("nan"), "completion_tokens": 7}, None),
        ({"prompt_tokens": 0, "completion_tokens": 0}, None),
    ],
)
def test_odd_accounting_counts_as_none(usage: Any, read: Any) -> None:
    assert reading.usage({"usage": usage}) == read


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b"{}", b'{"choices": [[]]}', b"null", b'{"choices": {"a": 1}}']
)
def test_bodies_that_are_no_answer_are_faults(body: bytes) -> None:
    with pytest.raises(Fault):
        reading.parse(body, "chat")


@pytest.mark.parametrize("api", ["chat", "completions"])
def test_every_dress_of_an_answer_brings_its_text(api: str) -> None:
    dresses = ["surrogate", "close-think", "think", "no-usage", "odd-usage"] + ["parts"] * (api == "chat")
    with serving_fake_openai(script=lambda body, attempt: dresses[body["seed"]]) as server:
        backend = OpenAI(OpenAI.Options(base_url=server.url, api=api, logprobs=True))
        backend.open(Model(name="m"))
        requests = [
            Request(
                key=dress,
                messages=(Message("user", "What is 3 + 4?"),),
                sampling=Sampling(max_new_tokens=32, temperature=0.5 + number),
                seed=number,
            )
            for number, dress in enumerate(dresses)
        ]
        found = {c.key: c for c in backend.generate(requests) if isinstance(c, Completion)}
    assert {c.outcome for c in found.values()} == {Outcome.OK}
    assert found["surrogate"].text == f"\ufffd {ANSWER}"
    assert {found[dress].text for dress in dresses[1:]} == {ANSWER}
    assert {(c.logprob, c.completion_tokens) for c in found.values()} == {(-6.0, 12)}
