"""Seconds that commands take on a finished run of a million rationales.

    python tests/bench/bench_million.py > docs/results/million-bench.md

A small run on the fakes is made as any other and its rows are multiplied in its journal, problems with
requests, texts, verdicts and training rows, until there are as many texts as asked for. Each command runs
as a user would type it, in rounds; medians count. Processor time tells more where the machine is shared.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from conftest import FAKES, install

SIKED = str(Path(sys.executable).with_name("siked"))
BUDGETS = {"resume": 5.0, "report": 10.0}
"""Seconds of a finished run."""
SETTINGS = """
student: {model: scripted}
teacher: {name: scripted, skill: 0.8}
backend: {name: scripted}
trainer: {name: instant, epochs: 1}
dataset: {name: additions, train: 40, dev: 8, test: 8}
sample: {k: 4}
iterations: 2
seed: 3
"""


def small(folder: Path, environment: dict[str, str]) -> Path:
    """Make a small finished run."""
    (folder / "run.yaml").write_text(SETTINGS)
    run = folder / "run"
    command = ["run", "--config", str(folder / "run.yaml"), "--out", str(run)]
    subprocess.run([SIKED, *command], env=environment, check=True, capture_output=True)
    return run


def multiply(run: Path, wanted: int) -> int:
    """Multiply the rows of a journal until it has ``wanted`` texts; return how many it has then."""
    db = sqlite3.connect(run / "run.db", isolation_level=None)
    db.execute("PRAGMA synchronous = OFF")
    ((texts,),) = db.execute("SELECT count(*) FROM rationales")
    copies = max(0, -(-wanted // texts) - 1)
    most = {table: db.execute(f"SELECT max(id) FROM {table}").fetchone()[0] for table in
            ("problems", "requests", "rationales", "verdicts")}  # fmt: skip
    ((rows,),) = db.execute("SELECT max(position) + 1 FROM mixture_rows")
    db.execute("BEGIN")
    db.execute("CREATE TEMP TABLE n AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
               f" WHERE i < {copies}) SELECT i FROM n")  # fmt: skip
    p, q, r, v = most.values()
    for statement in (
        f"INSERT INTO problems SELECT id + i * {p}, dataset, split, name || '-' || i, question, gold, family,"
        f" body_seen FROM n, problems WHERE id <= {p}",
        f"INSERT INTO requests SELECT id + i * {q}, track, iteration, step, problem + i * {p}, strategy,"
        f" sample, abs(random()), lower(hex(randomblob(32))) FROM n, requests WHERE id <= {q}",
        f"INSERT INTO rationales SELECT id + i * {r}, request + i * {q}, attempt, outcome, reason, strategy,"
        f" text, prompt_tokens, completion_tokens, logprob FROM n, rationales WHERE id <= {r}",
        f"INSERT INTO verdicts SELECT id + i * {v}, rationale + i * {r}, verifier, version, options, status,"
        f" answer, rule, flags, sandbox, program, detail FROM n, verdicts WHERE id <= {v}",
        f"INSERT INTO mixture_rows SELECT mixture, position + i * {rows}, rationale + i * {r}, weight,"
        f" tag_weight, reason FROM n, mixture_rows WHERE position < {rows}",
    ):
        db.execute(statement)
    db.execute("COMMIT")
    ((texts,),) = db.execute("SELECT count(*) FROM rationales")
    db.close()
    return int(texts)


def timed(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Return the wall and processor seconds of a command."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run([SIKED, *command], env=environment, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    wall = time.monotonic() - start
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Make the run, time the commands, write the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--texts", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--keep", type=Path, help="Folder to make the run in and leave it.")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = asked.keep or Path(scratch)
        folder.mkdir(exist_ok=True)
        site = folder / "site"
        environment = {**os.environ, "PYTHONPATH": str(site), "SIKED_STATE": str(folder / "state")}
        run = folder / "run"
        if not site.exists():
            install(site, "siked-fakes", FAKES)
            small(folder, environment)
            multiply(run, asked.texts)
        commands = {
            "resume": ["resume", str(run)],
            "report": ["report", str(run)],
            "show": ["show", str(run)],
            "why": ["why", str(run), "1:0"],
        }
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
        for _ in range(asked.rounds):
            for name, command in commands.items():
                found[name].append(timed(command, environment))
        size = (run / "run.db").stat().st_size / 2**20
    print(f"# Commands on a finished run of {asked.texts:,} rationales\n")
    print(
        f"Journal of {size:.0f} MB; Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
        f"{os.cpu_count()} processors shared with other work; median of {asked.rounds} rounds in seconds. "
        "`siked resume` ends with the tables and the report.\n"
    )
    print("| command | wall | processor | budget |\n| --- | ---: | ---: | ---: |")
    for name, rows in found.items():
        wall, cpu = (statistics.median(each) for each in zip(*rows, strict=True))
        print(f"| {name} | {wall:.1f} | {cpu:.1f} | {BUDGETS.get(name, '')} |")


if __name__ == "__main__":
    main()
