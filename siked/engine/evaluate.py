"""Step 3e of the paper: greedy evaluation; the student picks its strategy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from siked import hookspecs
from siked.engine.calibration import score_tags
from siked.engine.generate import Ask, Source, generate, student_source
from siked.engine.state import State
from siked.engine.stats import score
from siked.engine.verify import verify
from siked.records import Sampling, Score

DEV = "dev"


def evaluate(state: State, track: str, iteration: int, *, tests: bool, forced: bool) -> None:
    """Score a student on dev by its free choice and, where asked, with each strategy forced and on
    the test sets."""
    with state.step(track, iteration, "evaluate") as finished:
        if not finished():
            _free(state, track, iteration, DEV)
            if forced and state.config.evaluate.forced:
                _forced(state, track, iteration)
    if forced and state.config.evaluate.forced:
        score_tags(state, iteration)
    if tests:
        with state.step(track, iteration, "test") as finished:
            if not finished():
                for name in state.journal.test_sets():
                    _free(state, track, iteration, name)
    state.emit(
        "siked_iteration_finished",
        hookspecs.IterationFinished(
            id=f"{state.folder.name}:{track}:{iteration}",
            track=track,
            iteration=iteration,
            scores=scores(state, track, iteration),
        ),
    )


def scores(state: State, track: str, iteration: int) -> dict[str, Score]:
    """Return the free-choice score of a student on each set it was scored on; dev is ``dev``."""
    return {
        "dev" if row["split"] == "dev" else row["dataset"]: score(row["correct"], row["n"], row["unverified"])
        for row in state.journal.rows(
            "SELECT * FROM evaluations WHERE track = ? AND iteration = ? AND mode = 'free' ORDER BY id",
            track,
            iteration,
        )
    }


def _free(state: State, track: str, iteration: int, name: str) -> None:
    step = f"free:{name}"
    problems = (
        state.journal.load_problems("dev") if name == DEV else state.journal.load_problems("test", name)
    )

    def asks() -> Iterable[Ask]:
        return (Ask(row, problem, "", 0) for row, problem in problems)

    generate(state, track, iteration, step, greedy(state, track, iteration), asks)
    verify(state, track, iteration, [step])
    rows = results(state, track, iteration, step)
    chosen = Counter(row["strategy"] or "none" for row in rows)
    choice = {key: chosen[key] / max(len(rows), 1) for key in [*state.strategies, "none"]}
    record(state, track, iteration, name, "free", rows, choice)


def _forced(state: State, track: str, iteration: int) -> None:
    problems = state.journal.load_problems("dev")

    def asks() -> Iterable[Ask]:
        return (Ask(row, problem, name, 0) for row, problem in problems for name in state.strategies)

    generate(state, track, iteration, f"forced:{DEV}", greedy(state, track, iteration), asks)
    verify(state, track, iteration, [f"forced:{DEV}"])
    rows = results(state, track, iteration, f"forced:{DEV}")
    for name in state.strategies:
        mine = [row for row in rows if row["strategy"] == name]
        record(state, track, iteration, DEV, f"forced:{name}", mine, {})
    solved = {row["problem"] for row in rows if row["status"] == "correct"}
    some = [{"status": "correct" if row in solved else "wrong"} for row, _ in problems]
    record(state, track, iteration, DEV, "any", some, {})


def greedy(state: State, track: str, iteration: int) -> Source:
    """Return the source of a student's most probable texts."""
    sampling = Sampling(max_new_tokens=state.config.evaluate.max_new_tokens)
    return student_source(state, track, iteration, sampling)


def results(state: State, track: str, iteration: int, step: str) -> list[dict[str, Any]]:
    """Return problem, strategy, sample, status and answer of every text of a step."""
    return state.journal.rows(
        "SELECT q.problem, r.strategy, q.sample, v.status, v.answer"
        " FROM requests q JOIN rationales r ON r.request = q.id"
        " AND r.attempt = (SELECT max(attempt) FROM rationales WHERE request = q.id)"
        " JOIN verdicts v ON v.rationale = r.id AND v.verifier = ? AND v.version = ? AND v.options = ?"
        " WHERE q.track = ? AND q.iteration = ? AND q.step = ?",
        *state.judge,
        track,
        iteration,
        step,
    )


def record(
    state: State,
    track: str,
    iteration: int,
    name: str,
    mode: str,
    rows: list[dict[str, Any]],
    choice: dict[str, float],
) -> None:
    """Record the score of ``rows`` (each with its status) on one set, unless it stands there."""
    status = Counter(str(row["status"]) for row in rows)
    dataset = state.config.dataset.name if name == DEV else name
    split = "dev" if name == DEV else "test"
    known = state.journal.rows(
        "SELECT 1 FROM evaluations WHERE track = ? AND iteration = ? AND dataset = ? AND split = ?"
        " AND mode = ?",
        track,
        iteration,
        dataset,
        split,
        mode,
    )
    if known:
        return  # a run killed between two sets comes by again
    with state.journal.saving():
        counts = (len(rows), status["correct"], status["unverified"])
        state.journal.evaluation(track, iteration, dataset, split, mode, counts, choice)
