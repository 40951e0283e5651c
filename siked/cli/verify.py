"""``siked verify``."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import IO, TYPE_CHECKING, Any

import click

from siked.border import made
from siked.cli import completing
from siked.cli.plugin_option import plugin_option, registry_of
from siked.records import Program
from siked.text.jsonlines import Rows

if TYPE_CHECKING:
    from siked.contracts import Verifier
    from siked.records import ProgramOutcome, TestProblem, Verdict
    from siked.registry import Registry

NO_STRATEGY = ("", "any")
"""Values of ``strategy`` that say no more than that the text holds an answer."""


@click.command(no_args_is_help=True)
@click.argument("file", type=click.File("rb"))
@click.option(
    "--verifier",
    default="numeric",
    shell_complete=completing.component("verifier"),
    show_default=True,
    help="Which verifier judges.",
)
@click.option(
    "--sandbox",
    default="auto",
    shell_complete=completing.component("sandbox"),
    show_default=True,
    help="What runs the programs of pot texts.",
)
@click.option("--skip-bad", is_flag=True, help="Count lines that cannot be read and go on.")
@plugin_option
def command(file: IO[bytes], verifier: str, sandbox: str, skip_bad: bool, plugins: tuple[str, ...]) -> None:
    """Judge answers against golds: JSON lines in, JSON lines out, in order, one for one.

    FILE (- is standard input) holds a line {"id", "text", "gold"} an answer, and may say its
    "strategy" (a pot text is run in the sandbox) and "question" (for choices); out comes {"id",
    "correct", "answer", "rule"}. "correct" is null only without a gold or where it is unverified.

    \b
      echo '{"id": 1, "text": "The answer is 1,080.", "gold": "1080"}' | siked verify -
    """
    registry = registry_of(plugins)
    judge = _Judge(registry, made(registry, "verifier", verifier), sandbox)
    strategies = (*NO_STRATEGY, *registry.names("strategy"))
    source = Rows(file, partial(_row, strategies), skip_bad)
    out = sys.stdout
    try:
        for rows in source.batches():
            with contextlib.redirect_stdout(sys.stderr):  # what a plugin prints is none of the rows
                text = "".join(json.dumps(row) + "\n" for row in judge.judged(rows))
            out.write(text)
            out.flush()
    finally:
        judge.close()
        if source.bad:
            click.echo(f"siked verify: {source.bad} bad lines skipped", err=True)


@dataclass(frozen=True, slots=True)
class _Row:
    """One line that could be read."""

    id: Any
    text: str
    gold: str | None
    strategy: str
    question: str


def _row(strategies: Sequence[str], row: Any) -> _Row:
    if not isinstance(row, dict) or "id" not in row or not isinstance(row.get("text"), str):
        raise ValueError('expected {"id": ..., "text": "...", "gold": "..."}')
    strategy = _string(row, "strategy")
    if strategy.rpartition("/")[2] not in strategies:
        installed = ", ".join(strategies[len(NO_STRATEGY) :])
        raise ValueError(f"no strategy named {strategy!r}; installed: {installed}")
    gold = row.get("gold")
    if isinstance(gold, int | float) and not isinstance(gold, bool):
        gold = repr(gold)
    if gold is not None and not isinstance(gold, str):
        raise ValueError("gold is a string, a number or null")
    return _Row(row["id"], row["text"], gold, strategy, _string(row, "question"))


def _string(row: dict[str, Any], name: str) -> str:
    value = row.get(name)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"{name} is a string")
    return value or ""


@dataclass
class _Judge:
    """Reads each text by its strategy, runs what is a program, and asks the verifier."""

    registry: Registry
    verifier: Verifier
    sandbox: str
    runner: Any = None
    strategies: dict[str, Any] = field(default_factory=dict)

    def judged(self, rows: list[_Row]) -> Iterator[dict[str, Any]]:
        """Yield what is written for each row."""
        from siked.judging import judge
        from siked.records import JudgeItem

        items = [JudgeItem(place, _problem(row), self._read(row)) for place, row in enumerate(rows)]
        for row, found in zip(rows, judge(items, self.verifier, self._run), strict=True):
            yield _written(row, found.verdict)

    def _read(self, row: _Row) -> Any:
        """An answer or a program. What is not of its strategy is read as prose: here the answer is
        judged, not the form."""
        from siked.records import Answer, Malformed

        if row.strategy in NO_STRATEGY:
            return Answer(row.text)
        reading = self._strategy(row).read(row.text)
        return Answer(row.text) if isinstance(reading, Malformed) else reading

    def _strategy(self, row: _Row) -> Any:
        if row.strategy not in self.strategies:
            self.strategies[row.strategy] = made(self.registry, "strategy", row.strategy)
        return self.strategies[row.strategy]

    def _run(self, programs: Iterable[Program]) -> Iterator[ProgramOutcome]:
        if self.runner is None:
            self.runner = made(self.registry, "sandbox", self.sandbox)
        outcomes: Iterator[ProgramOutcome] = self.runner.run(programs)
        return outcomes

    def close(self) -> None:
        """End what was started."""
        for part in (self.runner, self.verifier):
            if hasattr(part, "close"):
                part.close()


def _problem(row: _Row) -> TestProblem:
    from siked.records import TestProblem

    return TestProblem(id=str(row.id), question=row.question, gold=row.gold, dataset="")


def _written(row: _Row, verdict: Verdict) -> dict[str, Any]:
    from siked.records import Status

    known = row.gold is not None or verdict.status is not Status.UNVERIFIED
    correct = None if not known or verdict.status is Status.UNVERIFIED else verdict.status is Status.CORRECT
    return {"id": row.id, "correct": correct, "answer": verdict.answer, "rule": str(verdict.rule)}
