"""Requests a second: siked's teacher calls beside the bare asynchronous client, against an instant server.

    python tests/bench/bench_requests.py > docs/results/requests-bench.md

The server is a process of its own that sends a fixed answer as fast as it can. Ways alternate over
rounds; medians count, and the ratios of the medians. "worker" is siked's worker process with its frames
over the pipe, "journal" adds the planning and the journal of a run. Processor time is that of the process
that asks, which limits the rate where processors are free; other work on the machine tells less in it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from multiprocessing.connection import Connection
from pathlib import Path

from siked.config import load_config
from siked.engine.generate import Ask, Source, generate
from siked.engine.progress import Reporter
from siked.engine.state import MAIN, State
from siked.journal import Journal, Stage
from siked.records import Completion, Message, Model, Request, Sampling, TrainProblem
from siked.registry import load_registry
from siked.workers import Spec, WorkerPool

AT_ONCE = 64
BUDGET = 0.9
"""Share of the bare client's requests a second."""
PROMPT = "Think step by step. " * 40
SAMPLING = Sampling(temperature=0.7, max_new_tokens=256)
_ANSWER = json.dumps(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 0,
        "model": "m",
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "message": {"role": "assistant", "content": "It is easy. " * 40 + "Final Answer: 7"},
            }
        ],
        "usage": {"prompt_tokens": 200, "completion_tokens": 160, "total_tokens": 360},
    }
).encode()
_RESPONSE = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(_ANSWER)
    + _ANSWER
)


class Instant(asyncio.Protocol):
    """Reads whole requests by their length and sends the same answer to each."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.held = b""

    def data_received(self, data: bytes) -> None:
        self.held += data
        while (end := self.held.find(b"\r\n\r\n")) >= 0:
            head = self.held[:end].lower()
            at = head.find(b"content-length:")
            size = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self.held) < end + 4 + size:
                return
            self.held = self.held[end + 4 + size :]
            self.transport.write(_RESPONSE)


def serve(ready: Connection) -> None:
    """Serve until the process is ended."""

    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(Instant, "127.0.0.1", 0)
        ready.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


@dataclass(frozen=True, slots=True)
class Measured:
    """Requests a second, and processor seconds a request of the process that asks."""

    rate: float
    cost: float


def processor_seconds(pid: int) -> float:
    """Return what a process has used so far, in steps of a hundredth."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def bare(url: str, count: int) -> Measured:
    """The client alone in this process: tasks that take the next request when theirs is answered."""
    import openai

    async def run() -> Measured:
        numbers = iter(range(count))
        texts: list[str] = []
        async with openai.AsyncOpenAI(base_url=url, api_key="none", max_retries=0) as client:

            async def work() -> None:
                for number in numbers:
                    answer = await client.chat.completions.create(
                        model="m",
                        messages=[{"role": "user", "content": f"{PROMPT}What is {number} + 4?"}],
                        temperature=SAMPLING.temperature,
                        max_tokens=SAMPLING.max_new_tokens,
                        seed=number,
                    )
                    texts.append(answer.choices[0].message.content or "")

            start, used = time.perf_counter(), processor_seconds(os.getpid())
            await asyncio.gather(*(work() for _ in range(AT_ONCE)))
            seconds, used = time.perf_counter() - start, processor_seconds(os.getpid()) - used
        assert len(texts) == count
        return Measured(count / seconds, used / count)

    return asyncio.run(run())


def spec(url: str) -> Spec:
    """The worker that asks the server."""
    options = {"base_url": url, "concurrency": AT_ONCE, "samples_per_call": 1}
    return Spec(role="teacher", target="siked_openai.backend:OpenAI", options=options)


def worker(url: str, count: int) -> Measured:
    """A worker and its frames; nothing is journalled. Its start is not counted."""
    requests = [
        Request(
            key=str(number),
            messages=(Message("user", f"{PROMPT}What is {number} + 4?"),),
            sampling=SAMPLING,
            seed=number,
        )
        for number in range(count)
    ]
    done = 0
    with tempfile.TemporaryDirectory(prefix="siked-bench-") as folder:
        pool = WorkerPool(Path(folder), lambda text: None)
        try:
            pool.open(spec(url), Model(name="m"))
            list(pool.generate(spec(url), Model(name="m"), lambda: [requests[:1]]))
            pid = pool.get(spec(url)).process.pid
            start, used = time.perf_counter(), processor_seconds(pid)
            for item in pool.generate(spec(url), Model(name="m"), lambda: [requests]):
                done += isinstance(item, Completion)
            seconds, used = time.perf_counter() - start, processor_seconds(pid) - used
        finally:
            pool.close()
    assert done == count
    return Measured(count / seconds, used / count)


def journal(url: str, count: int) -> Measured:
    """All of it, as a run's teacher step: planned, asked, journalled. The worker's start is not counted."""
    registry = load_registry()
    teacher = {"name": "openai", "model": "m", "base_url": url, "concurrency": AT_ONCE}
    config = load_config(flags={"student": {"model": "none"}, "teacher": teacher})
    problems = [
        TrainProblem(id=str(i), question=f"{PROMPT}What is {i} + 4?", gold=None, dataset="bench")
        for i in range(count)
    ]
    with tempfile.TemporaryDirectory(prefix="siked-bench-") as folder:
        state = State(
            folder=Path(folder),
            config=config,
            registry=registry,
            journal=Journal.create(Path(folder) / "run.db"),
            reporter=Reporter(),
        )
        source = Source(spec=spec(url), backend="openai", model=Model(name="m"), sampling=SAMPLING, seed=0)
        try:
            with state.journal.saving():
                state.journal.problems((problem, False) for problem in problems)
            rows = state.journal.load_problems("train")
            state.pool.open(source.spec, source.model)
            pid = state.pool.get(source.spec).process.pid
            stage = Stage(MAIN, 0, "sample")
            start, used = time.perf_counter(), processor_seconds(pid)
            generate(state, stage, source, lambda: [Ask(row, p, "", 0) for row, p in rows])
            seconds, used = time.perf_counter() - start, processor_seconds(pid) - used
            assert state.journal.count_requests(stage) == (count, count)
        finally:
            state.close()
    return Measured(count / seconds, used / count)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--requests", type=int, default=4000)
    options.add_argument("--check", action="store_true", help="exit with 1 where the budget is missed")
    asked = options.parse_args()
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(theirs,), daemon=True)
    server.start()
    url = f"http://127.0.0.1:{ours.recv()}/v1"
    ways: dict[str, Callable[[str, int], Measured]] = {
        "bare `AsyncOpenAI`": bare,
        "siked, worker": worker,
        "siked, worker and journal": journal,
    }
    found: dict[str, list[Measured]] = {name: [] for name in ways}
    for number in range(asked.rounds):
        # The order turns, so that none always runs on a machine that another has warmed.
        for place in range(len(ways)):
            name = list(ways)[(place + number) % len(ways)]
            found[name].append(ways[name](url, asked.requests))
            print(f"{name}: {found[name][-1]}", file=sys.stderr)
    server.kill()
    rates = {name: statistics.median(one.rate for one in rounds) for name, rounds in found.items()}
    costs = {name: statistics.median(one.cost for one in rounds) for name, rounds in found.items()}
    first = "bare `AsyncOpenAI`"
    print("# Requests a second at 64 in flight\n")
    print("    python tests/bench/bench_requests.py > docs/results/requests-bench.md\n")
    print(
        f"openai {metadata.version('openai')}, Python {platform.python_version()}, {os.cpu_count()} shared"
        f" processors; {asked.rounds} rounds of {asked.requests} requests, an instant server in a process of"
        f" its own. Budget: at least {BUDGET} of the bare client's rate with all that a run does.\n"
    )
    print(
        "| way | requests a second: median | least | most | bare client = 1 | processor ms a request: median"
        " | bare client = 1 |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    )
    for name, rounds in found.items():
        every = [one.rate for one in rounds]
        print(
            f"| {name} | {rates[name]:.0f} | {min(every):.0f} | {max(every):.0f}"
            f" | {rates[name] / rates[first]:.2f} | {1000 * costs[name]:.2f}"
            f" | {costs[name] / costs[first]:.2f} |"
        )
    kept = rates["siked, worker and journal"] >= BUDGET * rates[first]
    return 0 if kept or not asked.check else 1


if __name__ == "__main__":
    sys.exit(main())
