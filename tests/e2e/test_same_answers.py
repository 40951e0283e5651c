"""One student answers alike however it is asked: siked solve, siked serve, transformers alone."""

from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import siked
from siked.engine.progress import Reporter
from siked.records import TestProblem
from siked.registry import load_registry
from siked.runs.serve_app import Limits, Service
from siked.runs.serving import Batcher
from siked.runs.solver import opened

pytestmark = [pytest.mark.slow, pytest.mark.train]


def by_transformers(folder: Path, questions: list[str], most: int) -> list[str]:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    torch.set_num_threads(1)
    texts = []
    for question in questions:
        ids = tokenizer.apply_chat_template(
            [{"role": "user", "content": question}],
            add_generation_prompt=True,
            return_tensors="pt",
            return_dict=True,
        )
        with torch.no_grad():
            out = model.generate(**ids, max_new_tokens=most, do_sample=False)
        texts.append(tokenizer.decode(out[0, ids["input_ids"].shape[1] :], skip_special_tokens=True))
    return texts


def by_client(run: Path, questions: list[str]) -> list[Any]:
    openai = pytest.importorskip("openai")
    uvicorn = pytest.importorskip("uvicorn")
    batcher = Batcher(opened(str(run), None, load_registry(), Reporter()), 1000)
    batcher.start()
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(Service("m", batcher, Limits()).app(), log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    url = f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
    client = openai.OpenAI(base_url=url, api_key="none", max_retries=0)

    def ask(question: str) -> Any:
        return client.chat.completions.create(model="m", messages=[{"role": "user", "content": question}])

    try:
        with ThreadPoolExecutor(16) as pool:
            return list(pool.map(ask, questions))
    finally:
        server.should_exit = True
        thread.join(timeout=30)
        batcher.close()


def test_a_hundred_answers_are_the_same_everywhere(run: siked.Run, exported: Path) -> None:
    questions = [problem.question for _, problem in run.journal.load_problems("test")][:100]
    assert len(set(questions)) == 100
    problems: list[Any] = [TestProblem(id=q, question=q, gold=None, dataset="") for q in questions]
    with opened(str(run.folder), None, load_registry(), Reporter()) as solver:
        solved = list(solver.solve(problems))
        most = solver.state.config.evaluate.max_new_tokens
        tags = {name: strategy.tag for name, strategy in solver.state.strategies.items()}
    served = by_client(run.folder, questions)
    alone = by_transformers(exported, questions, most)
    for solution, reply, text in zip(solved, served, alone, strict=True):
        assert reply.choices[0].message.content == solution.text.strip()
        assert reply.siked["strategy"] == (solution.strategy or None)
        assert reply.siked["answer"] == solution.verdict.answer
        tag = tags.get(solution.strategy, "")
        assert text.lstrip().startswith(tag)
        assert text.strip().removeprefix(tag).lstrip(":").strip() == solution.text.strip()
    assert sum(reply.usage.completion_tokens for reply in served) == sum(s.tokens for s in solved)
