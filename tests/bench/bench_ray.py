"""What a Ray cluster costs: engines that sleep, 1 to 16 of them, on one node in processes of this machine.

    python tests/bench/bench_ray.py [--workers 1,4,16] [--requests 200] [--delay 0.05]

Efficiency is (requests x delay) / (workers x wall time). Overhead is the processor time of the process that
hands requests out, over the requests. An engine that sleeps takes no processor time, so 16 fit on two.
"""

from __future__ import annotations

import argparse
import resource
import time

from siked_ray.engines import Engines

from siked.records import Completion, Message, Model, Request


def requests(count: int) -> list[Request]:
    question = "What is 3 + 4?"
    return [
        Request(key=str(n), messages=(Message("user", question),), question=question, strategy="cot", seed=n)
        for n in range(count)
    ]


def measured(address: str, workers: int, count: int, delay: float) -> str:
    """Return a row of the table."""
    cluster = {"address": address, "cpus": 0.1}
    target = "siked.testing.fakes:ScriptedBackend"
    engines = Engines(
        Engines.Options(target=target, options={"delay": delay}, workers=workers, cluster=cluster)
    )
    engines.open(Model(name="m"))
    warm = requests(workers * 8)
    list(engines.dispatch([warm]))
    up = sum(place.up for place in engines._pool.places)
    asked = requests(count * workers)
    used = resource.getrusage(resource.RUSAGE_SELF)
    start = time.perf_counter()
    got = sum(isinstance(item, Completion) for item in engines.dispatch([asked]))
    wall = time.perf_counter() - start
    now = resource.getrusage(resource.RUSAGE_SELF)
    cpu = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
    assert got == len(asked)
    share = got * delay / (workers * wall)
    return (
        f"| {workers} | {up} | {got} | {wall:.1f} | {share:.3f} | {1000 * cpu / got:.2f} | "
        f"{now.ru_maxrss / 1024:.0f} |"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", default="1,4,16")
    parser.add_argument("--requests", type=int, default=200, help="of each worker")
    parser.add_argument("--delay", type=float, default=0.05)
    given = parser.parse_args()
    from ray.cluster_utils import Cluster

    head = {"num_cpus": 2, "object_store_memory": 100 * 2**20, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    print("| workers | up at the start | requests | wall s | efficiency | driver CPU ms a request | MiB |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for workers in map(int, given.workers.split(",")):
        print(measured(cluster.address, workers, given.requests, given.delay), flush=True)
    import ray

    ray.shutdown()
    cluster.shutdown()


if __name__ == "__main__":
    main()
