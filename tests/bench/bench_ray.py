"""What a Ray cluster costs: 1 to 16 engines that keep time, on one node in processes of this machine.

    python tests/bench/bench_ray.py [--workers 1,4,16] [--requests 200] [--delay 0.05]
    python tests/bench/bench_ray.py --flat 1000000 [--workers 4]

An engine is a clock: its n-th text is there n delays after it was asked, as a device would write it whatever
the processor does meanwhile, so 16 of them fit on two processors. Efficiency is (requests x delay) /
(workers x wall time), from the first list handed out to the last text, all workers being up. Overhead is the
processor time of the process that hands requests out, over the requests. ``--flat`` hands out as many
requests as asked for to engines that answer at once, in lists of 2,048 as a run does, and prints memory.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from siked_ray.engines import Engines

from siked.records import Call, Completion, Message, Model, ModelInfo, Outcome, Request

LIST, LISTS = 2048, 16
TEXT = "Ann has 3 apples and buys 4 bags of 12. 4 times 12 is 48, and 48 + 3 = 51. " * 5 + "Final Answer: 51"


class Timed:
    """Writes one text after the other, each ``delay`` seconds after the one before."""

    name: ClassVar[str] = "timed"

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Options:
        """Seconds of a text."""

        delay: float = 0.05

    def __init__(self, options: Options) -> None:
        self.options = options

    def open(self, model: Model) -> ModelInfo:
        """Say that it is there."""
        return ModelInfo(fingerprint="timed", template="plain", context=1024, device="cpu")

    def generate(self, requests: Sequence[Request]) -> Iterator[Completion | Call]:
        """Yield a text for each request when its time has come."""
        start = time.monotonic()
        for place, request in enumerate(requests, start=1):
            time.sleep(max(0.0, start + place * self.options.delay - time.monotonic()))
            yield Completion(
                key=request.key, outcome=Outcome.OK, text=TEXT, prompt_tokens=60, completion_tokens=110
            )


def requests(count: int, first: int = 0) -> list[Request]:
    question = "What is 3 + 4?"
    messages = (Message("user", question),)
    return [
        Request(key=f"{n:064x}", messages=messages, question=question, strategy="cot", seed=n)
        for n in range(first, first + count)
    ]


def engines(address: str, workers: int, delay: float) -> Engines:
    """Return that many engines, all of them up."""
    made = Engines(
        Engines.Options(
            target="bench_ray:Timed",
            options={"delay": delay},
            workers=workers,
            cluster={"address": address, "cpus": 0.05},
        )
    )
    made.open(Model(name="m"))
    deadline = time.monotonic() + 300
    while not all(place.up for place in made._pool.places) and time.monotonic() < deadline:
        for place in made._pool.places:
            place.ready(lambda: True)
    return made


def processor() -> float:
    """Return the seconds of processor time of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def memory() -> float:
    """Return the MiB that this process has in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def measured(address: str, workers: int, count: int, delay: float) -> str:
    """Return a row of the table."""
    made = engines(address, workers, delay)
    up = sum(place.up for place in made._pool.places)
    asked = requests(count * workers)
    used, start = processor(), time.perf_counter()
    got = sum(isinstance(item, Completion) for item in made.dispatch([asked]))
    wall = time.perf_counter() - start
    cpu = processor() - used
    assert got == len(asked)
    for place in made._pool.places:
        place.end()
    share = got * delay / (workers * wall)
    load = os.getloadavg()[0]
    numbers = f"{got} | {wall:.2f} | {share:.3f} | {1000 * cpu / got:.2f} | {load:.0f}"
    return f"| {workers} | {'yes' if up == workers else up} | {numbers} |"


def flat(address: str, workers: int, count: int) -> Iterator[str]:
    """Yield the rows of the memory table."""
    made = engines(address, workers, 0.0)
    used, start, got = processor(), time.perf_counter(), 0
    for first in range(0, count, LIST * LISTS):
        size = min(LIST * LISTS, count - first)
        lists = [requests(min(LIST, size - at), first + at) for at in range(0, size, LIST)]
        got += sum(isinstance(item, Completion) for item in made.dispatch(lists))
        if (first // (LIST * LISTS)) % max(1, count // (LIST * LISTS) // 10) == 0 or got == count:
            wall, cpu = time.perf_counter() - start, processor() - used
            yield f"| {got:,} | {memory():.0f} | {got / wall:,.0f} | {1000 * cpu / got:.2f} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", default="1,4,16")
    parser.add_argument("--requests", type=int, default=200, help="of each worker")
    parser.add_argument("--delay", type=float, default=0.05)
    parser.add_argument("--flat", type=int, default=0)
    given = parser.parse_args()
    # where the workers find the engine
    os.environ["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    from ray.cluster_utils import Cluster

    head = {"num_cpus": 2, "object_store_memory": 100 * 2**20, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    workers = [int(number) for number in given.workers.split(",")]
    if given.flat:
        print("| requests | MiB | requests a second | driver CPU ms a request |")
        print("| ---: | ---: | ---: | ---: |")
        for row in flat(cluster.address, workers[0], given.flat):
            print(row, flush=True)
    else:
        print("| workers | all up | requests | wall s | efficiency | driver CPU ms a request | load |")
        print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
        for number in workers:
            print(measured(cluster.address, number, given.requests, given.delay), flush=True)
    import ray

    ray.shutdown()
    cluster.shutdown()


if __name__ == "__main__":
    main()
