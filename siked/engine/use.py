"""Using a student outside a run: solve one question, or score a data set."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from siked import config as configuration
from siked.config import ComponentConfig, RunConfig, load_config
from siked.engine.generate import chosen, student_prompt
from siked.engine.progress import Reporter
from siked.engine.run import Run, stored_config
from siked.engine.state import MAIN, State
from siked.engine.stats import score
from siked.engine.verify import judge_many
from siked.errors import UsageError
from siked.journal import Journal
from siked.records import (
    Call,
    Completion,
    Model,
    Problem,
    ProgramOutcome,
    Request,
    Sampling,
    Score,
    TestProblem,
    Verdict,
)
from siked.registry import Registry

CHUNK = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """What a student made of a problem."""

    problem: Problem
    strategy: str
    """As the student chose; empty without a tag."""
    text: str
    verdict: Verdict
    program: ProgramOutcome | None


@contextmanager
def opened(target: str, iteration: int | None, registry: Registry, reporter: Reporter) -> Iterator[Any]:
    """Yield a function that solves problems with a run's student, or with any model.

    ``target`` is a run folder (its best iteration, or ``iteration``) or a model.
    """
    folder = Path(target)
    if (folder / "run.db").exists():
        run = Run(folder)
        config = stored_config(run.journal)
        model = run_student(run, config, iteration)
    else:
        config = load_config(flags={"student": {"model": target}})
        model = config.student.as_model()
    with tempfile.TemporaryDirectory(prefix="siked-") as scratch:
        state = State(
            folder=Path(scratch),
            config=config,
            registry=registry,
            journal=Journal.create(Path(scratch) / "run.db"),
            reporter=reporter,
        )
        try:
            yield lambda problems, strategy="": _solve(state, model, problems, strategy)
        finally:
            state.close()


def run_student(run: Run, config: RunConfig, iteration: int | None) -> Model:
    """Return a run's student: the given iteration, else the best one, else the last one trained."""
    trained = run.journal.rows(
        "SELECT iteration, weights FROM students WHERE track = ? ORDER BY iteration", MAIN
    )
    if not trained:
        raise UsageError(f"{run.folder}: no student is trained yet; type: siked resume {run.folder}")
    if iteration is None:
        done = (run.folder / "summary.json").exists()
        iteration = run.summary["best_iteration"] if done else trained[-1]["iteration"]
    for row in trained:
        if row["iteration"] == iteration:
            base = config.student
            weights = str((run.folder / row["weights"]).resolve())
            return Model(
                name=base.model, revision=base.revision, weights=weights, prompt_format=base.prompt_format
            )
    there = ", ".join(str(row["iteration"]) for row in trained)
    raise UsageError(f"{run.folder}: no student {iteration}; there are: {there}")


def load_tests(registry: Registry, name: str, options: dict[str, Any], limit: int | None) -> list[Problem]:
    """Return the test problems of a data set."""
    dataset = configuration.make(registry, "dataset", ComponentConfig(name=name, **options))
    problems: list[Problem] = [p for p in dataset.load("test") if isinstance(p, TestProblem)]
    if not problems:
        raise UsageError(f"data set {name!r} has no test split")
    return problems[:limit]


def tally(solutions: list[Solution]) -> tuple[Score, dict[str, float]]:
    """Return the score of solutions and the shares of strategies chosen."""
    status = Counter(str(s.verdict.status) for s in solutions)
    chosen_by = Counter(s.strategy or "none" for s in solutions)
    n = len(solutions)
    shares = {name: count / n for name, count in sorted(chosen_by.items())} if n else {}
    return score(status["correct"], n, status["unverified"]), shares


def _solve(state: State, model: Model, problems: list[Problem], strategy: str) -> Iterator[Solution]:
    tag = state.strategies[strategy].tag if strategy else ""
    sampling = Sampling(max_new_tokens=state.config.evaluate.max_new_tokens)
    state.reporter.begin("solve", len(problems))
    for start in range(0, len(problems), CHUNK):
        chunk = problems[start : start + CHUNK]
        requests = [
            Request(
                key=str(start + i),
                messages=student_prompt(problem.question),
                prefix=tag,
                sampling=sampling,
                problem_id=problem.id,
                question=problem.question,
                strategy=strategy,
            )
            for i, problem in enumerate(chunk)
        ]
        texts: dict[str, Completion] = {}

        def pending(
            requests: list[Request] = requests, texts: dict[str, Completion] = texts
        ) -> list[Request]:
            return [r for r in requests if r.key not in texts]

        for item in state.pool.generate(state.student_spec, model, pending):
            if not isinstance(item, Call):
                texts[item.key] = item
        read = [
            (strategy, texts[r.key].text) if strategy else chosen(state, texts[r.key].text) for r in requests
        ]
        judged = judge_many(state, [(p, name, text) for p, (name, text) in zip(chunk, read, strict=True)])
        for problem, (name, text), (verdict, outcome) in zip(chunk, read, judged, strict=True):
            yield Solution(problem=problem, strategy=name, text=text, verdict=verdict, program=outcome)
        state.reporter.advance(start + len(chunk))
    state.reporter.end()
