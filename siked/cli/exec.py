"""``siked exec``."""

from __future__ import annotations

import contextlib
import json
import sys
from collections import deque
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Any, TextIO

import click

from siked.border import made
from siked.cli import completing
from siked.cli.plugin_option import plugin_option, registry_of
from siked.text.jsonlines import Rows

if TYPE_CHECKING:
    from siked.records import Program, ProgramOutcome


@click.command(no_args_is_help=True)
@click.argument("file", type=click.File("rb"))
@click.option(
    "--sandbox",
    default="auto",
    shell_complete=completing.component("sandbox"),
    show_default=True,
    help="auto, monty, confined or a plugin's.",
)
@click.option(
    "--timeout", type=click.FloatRange(min=0, min_open=True), help="CPU seconds a program may take; 2."
)
@click.option("--memory", type=click.IntRange(min=16), help="MiB of memory a program may take; 512.")
@click.option("--workers", type=click.IntRange(min=1), help="Programs at a time; one for each processor.")
@click.option("--skip-bad", is_flag=True, help="Count lines that cannot be read and go on.")
@click.option("--allow-weak-sandbox", is_flag=True, help="Run with fewer locks than the minimum.")
@plugin_option
def command(
    file: IO[bytes],
    sandbox: str,
    timeout: float | None,
    memory: int | None,
    workers: int | None,
    skip_bad: bool,
    allow_weak_sandbox: bool,
    plugins: tuple[str, ...],
) -> None:
    """Run programs nobody trusts: JSON lines in, JSON lines out, in order, one for one.

    FILE (- is standard input) holds a line {"id", "program"} a program, which may be a whole
    completion with fences and prose; out comes {"id", "status", "answer", "sandbox", "seconds",
    "detail"}. Status: ok, error, timeout, memory, denied, no_answer.

    \b
      echo '{"id": 1, "program": "answer = 6 * 7"}' | siked exec -
    """
    options = {"cpu": timeout, "memory": memory, "workers": workers, "allow_weak": allow_weak_sandbox or None}
    given = {name: value for name, value in options.items() if value is not None}
    runner = made(registry_of(plugins), "sandbox", sandbox, given)
    source = Rows(file, _row, skip_bad)
    ids: deque[Any] = deque()
    try:
        out = sys.stdout
        with contextlib.redirect_stdout(sys.stderr):  # what a plugin prints is none of the rows
            for outcome in runner.run(_fed(_programs(source, ids))):
                if not ids:
                    runner.complain("run", "yielded more outcomes than programs; it is one each, in order")
                _write(out, {"id": ids.popleft(), **_fields(outcome)})
            if ids:
                runner.complain(
                    "run", f"yielded no outcome for {len(ids)} programs; it is one each, in order"
                )
    finally:
        runner.close()
        if source.bad:
            click.echo(f"siked exec: {source.bad} bad lines skipped", err=True)


def _fed(programs: Iterator[Program]) -> Any:
    from siked.execution.lanes import Feed

    return Feed(programs)


def _write(out: TextIO, row: dict[str, Any]) -> None:
    out.write(json.dumps(row) + "\n")
    out.flush()


def _fields(outcome: ProgramOutcome) -> dict[str, Any]:
    return {
        "status": str(outcome.status),
        "answer": outcome.answer,
        "sandbox": outcome.sandbox,
        "seconds": round(outcome.seconds, 6),
        "detail": outcome.detail,
    }


def _programs(source: Rows[tuple[Any, str]], ids: deque[Any]) -> Iterator[Program]:
    """Yield the programs; ``ids`` gets the id of each, whose outcome is still to come."""
    from siked.records import Program

    for rows in source.batches():
        for row_id, program in rows:
            ids.append(row_id)
            yield Program(program)


def _row(row: Any) -> tuple[Any, str]:
    if not isinstance(row, dict) or "id" not in row or not isinstance(row.get("program"), str):
        raise ValueError('expected {"id": ..., "program": "..."}')
    return row["id"], row["program"]
