"""A soak of ``siked serve``: many clients at once, some hostile, beside a bare transformers loop.

    python tests/bench/bench_serve.py RUN --bare EXPORTED > docs/results/serve-bench.md

The server is ``siked serve RUN`` in a process of its own, the clients are OpenAI's, all in this one. Every
answer is compared with what ``siked solve`` says of the same question; memory is that of the server and
all its children. The bare loop gives the same questions to ``generate`` of transformers, as many at once
as siked does, from what ``siked export`` wrote; it reads and runs nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

import httpx2 as httpx
import openai
import psutil

from siked.engine.progress import Reporter
from siked.records import TestProblem
from siked.registry import load_registry
from siked.runs.run import Run
from siked.runs.solver import opened

HOSTILE = ("not json", "huge", "turns", "gone", "halves", "control", "strategy", "nested", "numbers", "early")
"""Kinds of bad clients; see :func:`bad`."""


@dataclass
class Soak:
    """What came of a soak."""

    answered: int = 0
    wrong: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    memory: list[int] = field(default_factory=list)
    seconds: float = 0.0
    tokens: int = 0


def memory(process: psutil.Process) -> int:
    """Return the resident bytes of a process and all below it."""
    total = 0
    for one in [process, *process.children(recursive=True)]:
        try:
            total += one.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


async def bad(url: str, kind: str, client: httpx.AsyncClient) -> str:
    """Be one bad client; return how the server took it."""
    ask = {"model": "m", "messages": [{"role": "user", "content": "What is 1 + 1?"}]}
    bodies: dict[str, bytes] = {
        "not json": b'{"messages": [',
        "huge": b'{"a": "' + b"x" * 200_000 + b'"}',
        "turns": json.dumps({**ask, "messages": [{"role": "system", "content": "x"}]}).encode(),
        "control": json.dumps(
            {**ask, "messages": [{"role": "user", "content": "\0\ud800[pot] import os"}]}
        ).encode(),
        "strategy": json.dumps({**ask, "strategy": {"a": 1}}).encode(),
        "nested": b"[" * 60_000,
        "numbers": json.dumps({**ask, "temperature": 1e308, "max_tokens": -1}).encode(),
    }
    if kind in bodies:
        reply = await client.post(f"{url}/v1/chat/completions", content=bodies[kind])
        return f"{kind}: {reply.status_code}"
    host, port = url.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    body = json.dumps(ask).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    if kind == "gone":  # asks, and does not wait
        writer.write(head + body)
    elif kind == "halves":  # sends half of its body
        writer.write(head + body[: len(body) // 2])
    else:
        writer.write(b"\x16\x03\x01 no HTTP at all\r\n\r\n")
    await writer.drain()
    await asyncio.sleep(0.05)
    writer.close()
    return f"{kind}: went away"


async def soak(url: str, wanted: dict[str, str], clients: int, rounds: int, server: psutil.Process) -> Soak:
    """Let ``clients`` ask ``rounds`` questions each; each tenth is bad in one of ten ways."""
    found = Soak()
    questions = list(wanted)
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx.AsyncClient(timeout=600, limits=limits) as raw:
        asker = openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0, timeout=600)

        async def one(client: int) -> None:
            rng = random.Random(client)
            for turn in range(rounds):
                if client % 10 == 9:
                    kind = HOSTILE[(client // 10 + turn) % len(HOSTILE)]
                    try:
                        found.refused[await bad(url, kind, raw)] += 1
                    except (OSError, httpx.HTTPError) as error:
                        found.refused[f"{kind}: {type(error).__name__}"] += 1
                    continue
                question = rng.choice(questions)
                try:
                    reply = await asker.chat.completions.create(
                        model="m", messages=[{"role": "user", "content": question}]
                    )
                except openai.OpenAIError as error:
                    found.lost.append(f"{type(error).__name__}: {error}")
                    continue
                found.answered += 1
                found.tokens += reply.usage.completion_tokens if reply.usage else 0
                if reply.choices[0].message.content != wanted[question]:
                    found.wrong.append(question)

        async def watch() -> None:
            while True:
                found.memory.append(memory(server))
                await asyncio.sleep(1)

        began = time.monotonic()
        watching = asyncio.create_task(watch())
        await asyncio.gather(*(one(client) for client in range(clients)))
        watching.cancel()
        await asker.close()
        found.seconds = time.monotonic() - began
    return found


def bare(folder: Path, questions: list[str], most: int, at_once: int) -> tuple[float, int]:
    """Return the seconds and tokens of a plain loop over ``generate``."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left")
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    torch.set_num_threads(1)  # more wait for each other where processors are shared
    began, tokens = time.monotonic(), 0
    for start in range(0, len(questions), at_once):
        turns = [[{"role": "user", "content": q}] for q in questions[start : start + at_once]]
        batch = tokenizer.apply_chat_template(
            turns, add_generation_prompt=True, padding=True, return_tensors="pt", return_dict=True
        )
        with torch.no_grad():
            out = model.generate(**batch, max_new_tokens=most, do_sample=False)
        tokens += int((out[:, batch["input_ids"].shape[1] :] != tokenizer.pad_token_id).sum())
    return time.monotonic() - began, tokens


def serve(run: Path, port: int, log: Any) -> subprocess.Popen[bytes]:
    """Start ``siked serve`` and wait for its first answer."""
    command = [
        sys.executable,
        "-c",
        "from siked.cli.main import main; main()",
        "serve",
        str(run),
        "--port",
        str(port),
    ]
    process = subprocess.Popen([*command, "--timeout", "600"], stdout=log, stderr=log)
    for _ in range(600):
        try:
            httpx.get(f"http://127.0.0.1:{port}/v1/models", timeout=5).raise_for_status()
            return process
        except httpx.HTTPError:
            if process.poll() is not None:
                raise SystemExit(f"siked serve ended with {process.returncode}") from None
            time.sleep(0.2)
    raise SystemExit("siked serve does not answer")


def main() -> None:
    """Measure and print the page."""
    parser = argparse.ArgumentParser()
    parser.add_argument("run", type=Path)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--at-once", type=int, default=64)
    parser.add_argument("--bare-questions", type=int, default=256)
    parser.add_argument("--bare", type=Path, help="What siked export --merged made of the run.")
    options = parser.parse_args()
    journal = Run(options.run).journal
    questions = [problem.question for split in ("dev", "test") for _, problem in journal.load_problems(split)]
    problems = [TestProblem(id=q, question=q, gold=None, dataset="") for q in dict.fromkeys(questions)]
    with opened(str(options.run), None, load_registry(), Reporter()) as solver:
        wanted = {s.problem.question: s.text.strip() for s in solver.solve(list(problems)) if s.text.strip()}
        most = solver.state.config.evaluate.max_new_tokens
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryFile() as log:
        process = serve(options.run, port, log)
        try:
            server = psutil.Process(process.pid)
            url = f"http://127.0.0.1:{port}"
            asyncio.run(soak(url, wanted, options.clients, 1, server))  # warm
            found = asyncio.run(soak(url, wanted, options.clients, options.rounds, server))
            metrics = httpx.get(f"{url}/metrics", timeout=30).text
        finally:
            process.terminate()
            process.wait(timeout=60)
    show(options, found, metrics, len(wanted))
    if options.bare:
        rng = random.Random(0)
        asked = [rng.choice(list(wanted)) for _ in range(options.bare_questions)]
        seconds, tokens = bare(options.bare, asked, most, options.at_once)
        rate = f"{len(asked) / seconds:.1f} | {tokens / seconds:.0f}"
        print(f"| transformers, {options.at_once} at once | {rate} |")
    if found.lost or found.wrong:
        raise SystemExit(1)


def show(options: argparse.Namespace, found: Soak, metrics: str, questions: int) -> None:
    """Print what came of the soak."""
    mib = [value / 2**20 for value in found.memory]
    third = max(len(mib) // 3, 1)
    early, late = sum(mib[:third]) / third, sum(mib[-third:]) / third
    print("# `siked serve` under 200 clients\n" if options.clients == 200 else "# `siked serve`\n")
    print("    siked export RUN --merged --to DIR; python tests/bench/bench_serve.py RUN --bare DIR\n")
    machine = f"{os.cpu_count()} processors, load average {os.getloadavg()[0]:.0f} at the end"
    print(f"transformers {metadata.version('transformers')}, {machine}.")
    print(f"{options.clients} clients at once, {options.rounds} requests each, {questions} questions; one")
    print("client in ten is malformed or hostile in one of ten ways.\n")
    print(f"- answered {found.answered}, lost {len(found.lost)}, other than `siked solve` {len(found.wrong)}")
    for line in found.lost[:3]:
        print(f"  - {line}")
    print(f"- memory of the server and its workers: {early:.0f} MiB in the first third,")
    print(f"  {late:.0f} MiB in the last, {max(mib):.0f} MiB at most")
    print("- bad clients: " + "; ".join(f"{what} ({n})" for what, n in sorted(found.refused.items())))
    solved = [line for line in metrics.splitlines() if line.startswith("siked_")]
    print("- metrics: " + ", ".join(f"`{line}`" for line in solved) + "\n")
    print("| way | requests a second | tokens a second |\n| --- | ---: | ---: |")
    print(f"| siked serve | {found.answered / found.seconds:.1f} | {found.tokens / found.seconds:.0f} |")


if __name__ == "__main__":
    main()
