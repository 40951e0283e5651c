"""Several texts to one problem at test time: majorities and pass@k, each beside its price."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from siked.answers import majority
from siked.engine.evaluate import greedy, record
from siked.engine.generate import Ask, Source, generate, student_source
from siked.engine.state import MAIN, State
from siked.engine.verify import verify
from siked.journal import Stage
from siked.journal.queries.scores import evaluations
from siked.journal.queries.verdicts import Judged, judged
from siked.records import Problem, Sampling, Status


def votes(state: State, iteration: int) -> None:
    """Ask a student in each of its S strategies, and S times in the one that is best on dev.

    Recorded for each test set, by mode: ``forced:NAME``; ``any`` and ``majority`` of the strategies;
    ``pass:NAME`` and ``majority:NAME`` of the samples of the best one. Ties of votes go to the
    strategy that is better on dev.
    """
    with state.step(Stage(MAIN, iteration, "votes")) as finished:
        if finished:
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
            once = Stage(MAIN, iteration, f"forced:{name}")
            _ask(state, once, greedy(state, MAIN, iteration), problems, order, 1)
            often = student_source(state, MAIN, iteration, sampling)
            samples = Stage(MAIN, iteration, f"sampled:{name}")
            _ask(state, samples, often, problems, [best], len(order))
        _record(state, iteration, order)


def vote_again(state: State, iteration: int) -> None:
    """Record what :func:`votes` does by the verdicts that count now."""
    _record(state, iteration, by_dev(state, iteration))


def _record(state: State, iteration: int, order: Sequence[str]) -> None:
    for name in state.journal.test_sets():
        once = judged(state.journal, Stage(MAIN, iteration, f"forced:{name}"))
        samples = judged(state.journal, Stage(MAIN, iteration, f"sampled:{name}"))
        for strategy in order:
            mine = [row.status for row in once if row.strategy == strategy]
            record(state, Stage(MAIN, iteration, f"forced:{strategy}"), name, mine)
        # What was sampled is told by its texts: another verifier may find another strategy best.
        for mode, rows in (("", once), (f":{samples[0].strategy}" if samples else "", samples)):
            grouped = _by_problem(rows, order)
            record(state, Stage(MAIN, iteration, f"majority{mode}"), name, [_elected(t) for t in grouped])
            some = Stage(MAIN, iteration, f"pass{mode}" if mode else "any")
            record(state, some, name, [_best_of(texts) for texts in grouped])


def best_strategy(state: State, track: str, iteration: int) -> None:
    """Score a student on the tests with the strategy forced that is best on dev, as mode ``best:NAME``."""
    with state.step(Stage(track, iteration, "best-strategy")) as finished:
        if finished:
            return
        best = by_dev(state, iteration, track)[:1]
        for name in state.journal.test_sets():
            problems = state.journal.load_problems("test", name)
            stage = Stage(track, iteration, f"best:{name}")
            _ask(state, stage, greedy(state, track, iteration), problems, best, 1)
        best_again(state, track, iteration)


def best_again(state: State, track: str, iteration: int) -> None:
    """Record what :func:`best_strategy` does by the verdicts that count now."""
    for name in state.journal.test_sets():
        rows = judged(state.journal, Stage(track, iteration, f"best:{name}"))
        if rows:
            mode = Stage(track, iteration, f"best:{rows[0].strategy}")
            record(state, mode, name, [row.status for row in rows])


def by_dev(state: State, iteration: int, track: str = MAIN) -> list[str]:
    """Return the strategies, the best on dev first; as configured where they were not forced there."""
    scores = {
        found.mode.removeprefix("forced:"): found.correct / max(found.n, 1)
        for found in evaluations(state.journal, track, iteration)
        if found.split == "dev" and found.mode.startswith("forced:")
    }
    return sorted(state.strategies, key=lambda name: -scores.get(name, 0.0))


def _ask(
    state: State,
    stage: Stage,
    source: Source,
    problems: Sequence[tuple[int, Problem]],
    strategies: Sequence[str],
    k: int,
) -> None:
    def asks() -> Iterable[Ask]:
        return (
            Ask(row, problem, name, sample)
            for row, problem in problems
            for name in strategies
            for sample in range(k)
        )

    generate(state, stage, source, asks)
    verify(state, [stage])


def _by_problem(rows: Sequence[Judged], order: Sequence[str]) -> list[list[Judged]]:
    grouped: dict[int, list[Judged]] = {}
    for row in sorted(rows, key=lambda row: (row.problem, order.index(row.strategy), row.sample)):
        grouped.setdefault(row.problem, []).append(row)
    return list(grouped.values())


def _elected(texts: Sequence[Judged]) -> str:
    place = majority([row.answer for row in texts])
    return str(Status.WRONG if place is None else texts[place].status)


def _best_of(texts: Sequence[Judged]) -> str:
    return str(Status.CORRECT if any(row.status == "correct" for row in texts) else Status.WRONG)
