"""Step 3e of the paper: greedy evaluation; the student picks its strategy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from siked import events
from siked.engine.calibration import score_tags
from siked.engine.generate import Ask, Source, generate, student_source
from siked.engine.state import State
from siked.engine.stats import score
from siked.engine.verify import verify
from siked.journal import Stage
from siked.journal.queries.scores import evaluations
from siked.journal.queries.verdicts import judged
from siked.records import Sampling, Score, Status

DEV = "dev"


def evaluate(state: State, track: str, iteration: int, *, tests: bool, forced: bool) -> None:
    """Score a student on dev by its free choice and, where asked, with each strategy forced and on
    the test sets."""
    with state.step(Stage(track, iteration, "evaluate")) as finished:
        if not finished:
            _free(state, track, iteration, DEV)
            if forced and state.config.evaluate.forced:
                _forced(state, track, iteration)
    if forced and state.config.evaluate.forced:
        score_tags(state, track, iteration)
    if tests:
        with state.step(Stage(track, iteration, "test")) as finished:
            if not finished:
                for name in state.journal.test_sets():
                    _free(state, track, iteration, name)
    state.emit(
        "siked_iteration_finished",
        events.IterationFinished(
            **state.named(track, iteration, "finished"),
            track=track,
            iteration=iteration,
            scores=scores(state, track, iteration),
        ),
    )


def scores(state: State, track: str, iteration: int) -> dict[str, Score]:
    """Return the free-choice score of a student on each set it was scored on; dev is ``dev``."""
    return {
        found.set: score(found.correct, found.n, found.unverified)
        for found in evaluations(state.journal, track, iteration)
        if found.mode == "free"
    }


def score_again(state: State, track: str, iteration: int, split: str) -> None:
    """Record the scores of a student on dev or the test sets by the verdicts that count now."""
    if split == "test":
        for name in state.journal.test_sets():
            _record_free(state, track, iteration, name)
        return
    _record_free(state, track, iteration, DEV)
    if state.journal.count_requests(Stage(track, iteration, f"forced:{DEV}"))[0]:
        _record_forced(state, track, iteration)


def _free(state: State, track: str, iteration: int, name: str) -> None:
    problems = (
        state.journal.load_problems("dev") if name == DEV else state.journal.load_problems("test", name)
    )

    def asks() -> Iterable[Ask]:
        return (Ask(row, problem, "", 0) for row, problem in problems)

    stage = Stage(track, iteration, f"free:{name}")
    generate(state, stage, greedy(state, track, iteration), asks)
    verify(state, [stage])
    _record_free(state, track, iteration, name)


def _record_free(state: State, track: str, iteration: int, name: str) -> None:
    rows = judged(state.journal, Stage(track, iteration, f"free:{name}"))
    chosen = Counter(row.strategy or "none" for row in rows)
    choice = {key: chosen[key] / max(len(rows), 1) for key in [*state.strategies, "none"]}
    record(state, Stage(track, iteration, "free"), name, [row.status for row in rows], choice)


def _forced(state: State, track: str, iteration: int) -> None:
    problems = state.journal.load_problems("dev")

    def asks() -> Iterable[Ask]:
        return (Ask(row, problem, name, 0) for row, problem in problems for name in state.strategies)

    stage = Stage(track, iteration, f"forced:{DEV}")
    generate(state, stage, greedy(state, track, iteration), asks)
    verify(state, [stage])
    _record_forced(state, track, iteration)


def _record_forced(state: State, track: str, iteration: int) -> None:
    rows = judged(state.journal, Stage(track, iteration, f"forced:{DEV}"))
    for name in state.strategies:
        mine = [row.status for row in rows if row.strategy == name]
        record(state, Stage(track, iteration, f"forced:{name}"), DEV, mine)
    solved = {row.problem: False for row in rows}
    solved |= {row.problem: True for row in rows if row.status == Status.CORRECT}
    some = [Status.CORRECT if right else Status.WRONG for right in solved.values()]
    record(state, Stage(track, iteration, "any"), DEV, some)


def greedy(state: State, track: str, iteration: int) -> Source:
    """Return the source of a student's most probable texts."""
    sampling = Sampling(max_new_tokens=state.config.evaluate.max_new_tokens)
    return student_source(state, track, iteration, sampling)


def record(
    state: State, mode: Stage, name: str, statuses: Sequence[str], choice: dict[str, float] | None = None
) -> None:
    """Record the score of texts with these statuses on one set, unless it stands there; the step of
    ``mode`` names how they were asked for."""
    status = Counter(str(value) for value in statuses)
    dataset = state.config.dataset.name if name == DEV else name
    split = "dev" if name == DEV else "test"
    counts = (len(statuses), status["correct"], status["unverified"])
    with state.journal.saving():
        state.journal.evaluation(mode, dataset, split, counts, choice or {})
