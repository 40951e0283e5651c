"""Several texts to one problem at test time: majorities and pass@k, each beside its price."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from siked.answers import majority
from siked.engine.evaluate import greedy, record, results
from siked.engine.generate import Ask, Source, generate, student_source
from siked.engine.state import MAIN, State
from siked.engine.verify import verify
from siked.records import Problem, Sampling, Status


def votes(state: State, iteration: int) -> None:
    """Ask a student in each of its S strategies, and S times in the one that is best on dev.

    Recorded for each test set, by mode: ``forced:NAME``; ``any`` and ``majority`` of the strategies;
    ``pass:NAME`` and ``majority:NAME`` of the samples of the best one. Ties of votes go to the
    strategy that is better on dev.
    """
    with state.step(MAIN, iteration, "votes") as finished:
        if finished():
            return
        order = by_dev(state, iteration)
        best = order[0]
        sampling = Sampling(
            temperature=state.config.sample.temperature,
            top_p=state.config.sample.top_p,
            max_new_tokens=state.config.evaluate.max_new_tokens,
        )
        for name in state.journal.test_sets():
            problems = state.journal.load_problems("test", name)
            once = _ask(
                state, iteration, f"forced:{name}", greedy(state, MAIN, iteration), problems, order, 1
            )
            often = student_source(state, MAIN, iteration, sampling)
            samples = _ask(state, iteration, f"sampled:{name}", often, problems, [best], len(order))
            for strategy in order:
                mine = [row for row in once if row["strategy"] == strategy]
                record(state, MAIN, iteration, name, f"forced:{strategy}", mine, {})
            for mode, rows in (("", once), (f":{best}", samples)):
                grouped = _by_problem(rows, order)
                voted = [{"status": _elected(texts)} for texts in grouped]
                record(state, MAIN, iteration, name, f"majority{mode}", voted, {})
                some = [{"status": _best_of(texts)} for texts in grouped]
                record(state, MAIN, iteration, name, f"pass{mode}" if mode else "any", some, {})


def by_dev(state: State, iteration: int) -> list[str]:
    """Return the strategies, the best on dev first; as configured where they were not forced there."""
    scores = {
        row["mode"].removeprefix("forced:"): row["correct"] / max(row["n"], 1)
        for row in state.journal.rows(
            "SELECT * FROM evaluations WHERE track = ? AND iteration = ? AND split = 'dev'"
            " AND mode LIKE 'forced:%'",
            MAIN,
            iteration,
        )
    }
    return sorted(state.strategies, key=lambda name: -scores.get(name, 0.0))


def _ask(
    state: State,
    iteration: int,
    step: str,
    source: Source,
    problems: Sequence[tuple[int, Problem]],
    strategies: Sequence[str],
    k: int,
) -> list[dict[str, Any]]:
    def asks() -> Iterable[Ask]:
        return (
            Ask(row, problem, name, sample)
            for row, problem in problems
            for name in strategies
            for sample in range(k)
        )

    generate(state, MAIN, iteration, step, source, asks)
    verify(state, MAIN, iteration, [step])
    return results(state, MAIN, iteration, step)


def _by_problem(rows: Sequence[dict[str, Any]], order: Sequence[str]) -> list[list[dict[str, Any]]]:
    grouped: dict[int, list[dict[str, Any]]] = {}
    for row in sorted(rows, key=lambda row: (row["problem"], order.index(row["strategy"]), row["sample"])):
        grouped.setdefault(row["problem"], []).append(row)
    return list(grouped.values())


def _elected(texts: Sequence[dict[str, Any]]) -> str:
    place = majority([row["answer"] for row in texts])
    return str(Status.WRONG if place is None else texts[place]["status"])


def _best_of(texts: Sequence[dict[str, Any]]) -> str:
    return str(Status.CORRECT if any(row["status"] == "correct" for row in texts) else Status.WRONG)
