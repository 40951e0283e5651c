"""Scoring a student or any model from Python; what ``siked.evaluate`` is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

from siked.engine.progress import Reporter
from siked.errors import UsageError
from siked.records import Problem, Score
from siked.registry import Registry
from siked.runs.folder import RunFolder
from siked.runs.plugin_files import registry_with
from siked.runs.rows import Rows
from siked.runs.solver import Solution, load_tests, opened, tally


class Solved(TypedDict):
    """A problem with what a student made of it."""

    problem: str
    question: str
    gold: str | None
    strategy: str
    """As chosen; empty without a tag."""
    text: str
    answer: str | None
    status: str
    rule: str
    tokens: int


@dataclass(frozen=True, kw_only=True, repr=False)
class Evaluation:
    """What a student was scored on, and its answers."""

    dataset: str
    score: Score
    choice: Mapping[str, float]
    """Share of each strategy, and of ``none``, in its choices."""
    solutions: tuple[Solution, ...]

    def rows(self) -> Rows[Solved]:
        """Return a row for each problem."""
        return Rows("solutions", tuple(Solved.__annotations__), lambda: map(_row, self.solutions))

    def to_frame(self) -> Any:
        """Return a ``pandas.DataFrame`` with a row for each problem."""
        return self.rows().to_frame()

    def __repr__(self) -> str:
        low, high = self.score.ci95
        return (
            f"<Evaluation {self.dataset}: {self.score.correct} of {self.score.n} right ="
            f" {100 * self.score.value:.1f} % [{100 * low:.1f}, {100 * high:.1f}]>"
        )


def _row(solution: Solution) -> Solved:
    return Solved(
        problem=solution.problem.id,
        question=solution.problem.question,
        gold=solution.problem.gold,
        strategy=solution.strategy,
        text=solution.text,
        answer=solution.verdict.answer,
        status=str(solution.verdict.status),
        rule=solution.verdict.rule,
        tokens=solution.tokens,
    )


def evaluate(
    target: RunFolder | str | Path,
    dataset: str | Sequence[Problem],
    *,
    iteration: int | None = None,
    strategy: str = "",
    limit: int | None = None,
    options: Mapping[str, Any] | None = None,
    registry: Registry | None = None,
    reporter: Reporter | None = None,
    plugins: Sequence[str | Path] = (),
    trust: bool = False,
) -> Evaluation:
    """Score a student or any model: greedy, by its free choice of strategy or a given one.

    ``target`` is a run (its best student, or that of ``iteration``) or a model. ``dataset`` is the name of
    a data set, whose test split is scored and which takes ``options``, or problems of your own. ``limit`` is
    how many problems at most.

    Raises :class:`UsageError` where there is nothing to score, and, unless ``trust`` is set, where settings
    of a run from elsewhere name what the user of this machine has never named.
    """
    name = str(target.folder) if isinstance(target, RunFolder) else str(target)
    registry = registry or registry_with(plugins, name, trust)
    with opened(name, iteration, registry, reporter or Reporter(), trust) as solver:
        if isinstance(dataset, str):
            problems = load_tests(registry, dataset, dict(options or {}), limit)
        else:
            problems = list(dataset)[:limit]
        if not problems:
            raise UsageError("there are no problems to score")
        solutions = tuple(solver.solve(problems, strategy))
    found, shares = tally(list(solutions))
    said = dataset if isinstance(dataset, str) else f"{len(problems)} problems"
    return Evaluation(dataset=said, score=found, choice=shares, solutions=solutions)
