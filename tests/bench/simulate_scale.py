"""How long N rationales take on G GPUs, and what gives out first.

    python tests/bench/simulate_scale.py [--tokens-per-second 9193] [--overhead-ms 0.15] ...

Every cost but the engine's rate and its price, which others have published, was measured here; see
docs/explanation/scale.md. One process
plans requests, hands them out, and writes texts and verdicts, one after the other, so its times add up;
engines and sandboxes work meanwhile. Windows of requests are simulated, with texts of random length:
a window is over when its last text is.
"""

from __future__ import annotations

import argparse
import functools
import heapq
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass

CHUNK = 2048
LISTS = 16
WAVES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What one of each costs; rates are a second."""

    tokens_per_second: float
    """Of one GPU with ``together`` texts at once."""
    together: int
    """Texts that an engine writes at once without slowing down."""
    tokens: float
    """Of a text, on average."""
    plan: float
    """Requests planned."""
    overhead_ms: float
    """Of handing one request out and taking its text."""
    texts: float
    """Texts written into the journal."""
    verdicts: float
    """Verdicts written into the journal."""
    judged: float
    """Texts judged by one core, programs run."""
    cores: int
    """Cores beside each GPU that judge."""
    bytes: float
    """Of a rationale in the journal."""
    price: float
    """Of a GPU for an hour."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Seconds of each part, of all, and what gave out first."""

    parts: dict[str, float]
    total: float
    first: str


def simulate(rationales: float, gpus: int, costs: Costs, lists: int | None = None) -> Outcome:
    """Return what a step of ``rationales`` takes; ``lists`` overrides how many are handed out together."""
    window = CHUNK * (min(gpus, LISTS) if lists is None else lists)
    engines = rationales / window * window_seconds(window, gpus, costs)
    ideal = rationales * costs.tokens / (gpus * costs.tokens_per_second)
    parts = {
        "engines": ideal,
        "windows": engines - ideal,
        "driver": rationales * costs.overhead_ms / 1000,
        "journal": rationales * (1 / costs.plan + 1 / costs.texts + 1 / costs.verdicts),
        "judges": rationales / (gpus * costs.cores * costs.judged),
    }
    # texts are written while others are sampled; planning and verdicts come before and after
    waits = rationales * (1 / costs.plan + 1 / costs.verdicts)
    sampling = max(engines, parts["driver"] + rationales / costs.texts)
    total = waits + sampling + parts["judges"]
    return Outcome(parts, total, max(parts, key=lambda name: parts[name]))


@functools.cache
def window_seconds(window: int, gpus: int, costs: Costs, seed: int = 0) -> float:
    """Return how long a window takes: units go to whichever GPU is free."""
    rng = random.Random(seed)
    unit = max(1, -(-window // (WAVES * gpus)))
    free = [0.0] * gpus
    # a small unit does not fill an engine, and a text is written at the rate of its place in it
    each = costs.tokens_per_second / costs.together
    for size in _units(window, unit):
        lengths = [rng.lognormvariate(math.log(costs.tokens) - 0.125, 0.5) for _ in range(size)]
        rate = min(costs.tokens_per_second, each * size)
        took = max(sum(lengths) / rate, max(lengths) / each)
        heapq.heapreplace(free, free[0] + took)
    return max(free)


def _units(window: int, unit: int) -> Iterator[int]:
    for start in range(0, window, unit):
        yield min(unit, window - start)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    defaults = {
        "tokens-per-second": 9_193.0,
        "together": 64,
        "tokens": 150.0,
        "plan": 100_000.0,
        "overhead-ms": 0.15,
        "texts": 12_000.0,
        "verdicts": 22_000.0,
        "judged": 1_800.0,
        "cores": 8,
        "bytes": 771.0,
        "price": 3.0,
    }
    for name, value in defaults.items():
        parser.add_argument(f"--{name}", type=type(value), default=value)
    costs = Costs(**{name.replace("-", "_"): value for name, value in vars(parser.parse_args()).items()})
    print("| rationales | GPUs | hours | GPU hours' price | journal GiB | most of it | a list for each GPU |")
    print("| ---: | ---: | ---: | ---: | ---: | --- | --- |")
    for count in (10**6, 10**8, 10**9):
        for gpus in (1, 16, 128, 1000):
            now = simulate(count, gpus, costs)
            wide = simulate(count, gpus, costs, lists=max(1, gpus))
            hours = now.total / 3600
            size = count * costs.bytes / 2**30
            cells = (
                f"10^{round(math.log10(count))}",
                f"{gpus}",
                f"{hours:,.1f}",
                f"{hours * gpus * costs.price:,.0f}",
                f"{size:,.1f}",
                now.first,
                f"{wide.total / 3600:,.1f} h, {wide.first}",
            )
            print(f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
