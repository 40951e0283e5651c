"""Rows a second into the journal, its size and its pieces.

python tests/bench/bench_journal.py [--rows 1000000]
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

from siked.journal import Journal, Stage, VerifierKey
from siked.records import Completion, Outcome, Status, TrainProblem, Verdict
from siked.runs.archive import Archive

TEXT = "Ann has 3 apples and buys 4 bags of 12. 4 times 12 is 48, and 48 + 3 = 51. " * 5 + "Final Answer: 51"
SAMPLES = 30


def main() -> None:
    """Print what was measured, a line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    count = parser.parse_args().rows
    folder = Path(tempfile.mkdtemp(prefix="siked-bench-"))
    journal = Journal.create(folder / "run.db")
    stage = Stage("main", 1, "sample")
    problems = -(-count // SAMPLES)
    with journal.saving():
        journal.problems(
            (TrainProblem(id=str(n), question=f"How many are {n}?", gold="51", dataset="d"), False)
            for n in range(problems)
        )
        start = time.perf_counter()
        journal.requests((stage, 1 + n // SAMPLES, "cot", n % SAMPLES, n, f"{n:064x}") for n in range(count))
    told("requests planned", count, start)
    start = time.perf_counter()
    done = Completion(key="", outcome=Outcome.OK, text=TEXT, prompt_tokens=60, completion_tokens=110)
    for first in range(1, count + 1, 64):
        with journal.saving():
            for request in range(first, min(first + 64, count + 1)):
                journal.completion(request, done, "cot")
    told("texts, 64 a transaction", count, start)
    start = time.perf_counter()
    key = VerifierKey("numeric", "1", "{}")
    verdict = Verdict(status=Status.CORRECT, answer="51", rule="marker")
    for first in range(1, count + 1, 4096):
        with journal.saving():
            for rationale in range(first, min(first + 4096, count + 1)):
                journal.verdict(rationale, key, verdict, sandbox="", program="", detail="")
    told("verdicts, 4096 a transaction", count, start)
    journal.close()
    size = (folder / "run.db").stat().st_size
    print(f"size: {size / 2**20:.0f} MiB, {size / count:.0f} bytes a rationale of {len(TEXT)} characters")
    start = time.perf_counter()
    sent = Archive(f"file://{folder}-archive").push(folder)
    told(f"archived as Parquet, {sent / 2**20:.0f} MiB", count, start)
    start = time.perf_counter()
    reader = Journal.open(folder / "run.db")
    asked, ended = reader.count_requests(stage)
    missing = next(reader.chunks(stage, 2048), None)
    print(f"resume point: {asked - ended} missing, {missing} to ask, in {time.perf_counter() - start:.2f} s")
    print(f"memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


def told(what: str, count: int, start: float) -> None:
    """Print a rate."""
    seconds = time.perf_counter() - start
    print(f"{what}: {count} in {seconds:.1f} s, {count / seconds:.0f} a second", flush=True)


if __name__ == "__main__":
    main()
