"""Seconds that pages of ``siked browse`` take on a run of 100,000 rationales.

    python tests/bench/bench_browse.py > docs/results/browse-bench.md

A small run on the fakes is made as any other and its rows are multiplied in its journal. Each page is asked
for over HTTP as a browser does it, in rounds; medians count.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.request import urlopen

from bench_million import FAKES, SIKED, install, multiply, small

PAGES = {
    "all, the first page": "",
    "all, from the middle": "?after={middle}",
    "all, the last page": "?before={last}",
    "one iteration, strategy and verdict": "?iteration=1&strategy=pot&status=wrong",
    "trained on, by the teacher": "?trained=1&writer=teacher",
    "a flag that none has": "?flag=none-has-it",
    "words in text that most have": "?text=answer",
    "words in text that none has": "?text=xyzzy",
    "one rationale": "rationale/{middle}",
}


def main() -> None:
    """Print the page of results."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rationales", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder) / "site"
        site.mkdir()
        install(site, "siked-fakes", FAKES)
        environment = {**os.environ, "PYTHONPATH": str(site), "SIKED_STATE": folder}
        run = small(Path(folder), environment)
        texts = multiply(run, given.rationales)
        start = time.monotonic()
        server = subprocess.Popen(
            [SIKED, "browse", str(run)], env=environment, stdout=subprocess.PIPE, text=True
        )
        try:
            assert server.stdout is not None
            address = server.stdout.readline().strip()
            opening = time.monotonic() - start
            seconds = {name: [] for name in PAGES}  # type: dict[str, list[float]]
            for _ in range(given.rounds):
                for name, page in PAGES.items():
                    url = address + page.format(middle=texts // 2, last=texts + 1)
                    began = time.monotonic()
                    with urlopen(url, timeout=60) as answer:
                        answer.read()
                    seconds[name].append(time.monotonic() - began)
        finally:
            server.terminate()
            server.wait()
    print(f"""# Looking through {texts:,} rationales

Pages of `siked browse` on a run of {texts:,} rationales, asked for over HTTP: the median and the slowest
of {given.rounds} rounds, on {os.cpu_count()} processors ({platform.machine()}).
Made by `python tests/bench/bench_browse.py`.

| page | median, ms | slowest, ms |
| --- | --- | --- |""")
    for name, taken in seconds.items():
        print(f"| {name} | {1000 * statistics.median(taken):.0f} | {1000 * max(taken):.0f} |")
    print(f"""
From the command to its address it took {opening:.1f} s: all rationales are then held in memory without
their words. The journal has no index for this, so writing it takes what it takes without a browser.""")


if __name__ == "__main__":
    main()
