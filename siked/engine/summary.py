"""What a run found, in numbers: summary.json."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, cast

from siked import __version__, events
from siked.config import RunConfig
from siked.engine.baselines import VOTES, trained_controls
from siked.engine.calibration import choice_quality
from siked.engine.comparisons import best_strategies, comparisons, score_dict
from siked.engine.label_noise import label_error
from siked.engine.state import MAIN, State
from siked.engine.stats import score
from siked.engine.stop import best_iteration, dev_history
from siked.errors import UsageError
from siked.files import write_atomically
from siked.journal import Reader, Stage
from siked.journal.queries import mixtures, scores, verdicts
from siked.records import Continue, Decision, RollBack, Stop
from siked.summaries import ControlSummary, IterationSummary, Summary, TrainingNumbers


def summarise(state: State, last: int, decision: Decision) -> Summary:
    """Write summary.json and tell the observers."""
    history = dev_history(state, last)
    best = decision.to if isinstance(decision, RollBack) else best_iteration(history)
    summary: Summary = {
        "format": 1,
        "run": state.folder.name,
        "version": __version__,
        "seed": state.config.seed,
        "strategies": list(state.strategies),
        "student": state.config.student.model,
        "teacher": _teachers(state.config),
        "dataset": state.config.dataset.name,
        "iterations": [_iteration(state.journal, MAIN, t) for t in range(last + 1)],
        "controls": [
            cast(ControlSummary, {"name": name, **_iteration(state.journal, name, last)})
            for name in (trained_controls(state.config) if last > 0 else ())
        ],
        "overlap": state.journal.known("overlap", []),
        "labels": label_error(state, last),
        "votes": _votes(state.journal, state.config, last) if VOTES in state.config.controls else {},
        "best_strategy": best_strategies(state.journal, last),
        "comparisons": comparisons(state.journal, last),
        "best_iteration": best,
        "stopped_because": _reason(decision, last),
    }
    write_atomically(state.folder / "summary.json", json.dumps(summary, indent=2, ensure_ascii=False) + "\n")
    state.emit(
        "siked_run_finished",
        events.RunFinished(**state.named("finished", last), run=str(state.folder), summary=summary),
    )
    return summary


def so_far(journal: Reader, config: RunConfig, name: str) -> Summary:
    """Return what an unfinished run has found: its trained students, as they would stand in summary.json.

    ``iterations`` is empty before the first student, ``best_iteration`` the first before any is scored on
    dev. How far labels can be trusted is measured at the end only.
    """
    trained = [one.iteration for one in mixtures.students(journal, MAIN)]
    last = max(trained, default=0)
    dev = scores.free_dev(journal, last)
    best = max(dev, key=lambda one: (one.correct / one.n if one.n else 0.0, -one.iteration), default=None)
    controls = [
        (name, t)
        for name in trained_controls(config)
        for t in [one.iteration for one in mixtures.students(journal, name)][-1:]
    ]
    return {
        "format": 1,
        "run": name,
        "version": __version__,
        "seed": config.seed,
        "strategies": [one.name for one in config.strategies],
        "student": config.student.model,
        "teacher": _teachers(config),
        "dataset": config.dataset.name,
        "iterations": [_iteration(journal, MAIN, t) for t in trained],
        "controls": [
            cast(ControlSummary, {"name": name, **_iteration(journal, name, t)}) for name, t in controls
        ],
        "overlap": journal.known("overlap", []),
        "labels": [],
        "votes": _votes(journal, config, last) if VOTES in config.controls else {},
        "best_strategy": best_strategies(journal, last),
        "comparisons": comparisons(journal, last),
        "best_iteration": best.iteration if best else 0,
        "stopped_because": "not finished",
    }


def _iteration(journal: Reader, track: str, iteration: int) -> IterationSummary:
    found = scores.evaluations(journal, track, iteration)
    on_dev = {row.mode: row for row in found if row.split == "dev"}
    forced = {m[7:]: row.correct / row.n for m, row in on_dev.items() if m.startswith("forced:")}
    anyone, dev = on_dev.get("any"), on_dev.get("free")
    values = {
        "iteration": iteration,
        **(mixtures.mixture(journal, track, iteration) or {}),
        "choice": dev.choice if dev else {},
        "accuracy": _accuracy(journal, found),
        "forced": forced,
        "any_strategy": anyone.correct / anyone.n if anyone else None,
        "choice_quality": choice_quality(journal, track, iteration),
        "training": _training(journal, track, iteration),
        "seconds": {done.step: round(done.seconds, 2) for done in scores.timings(journal, track, iteration)},
    }
    return cast(IterationSummary, values)


def _votes(journal: Reader, config: RunConfig, last: int) -> dict[str, Any]:
    """Return, by test set, what several texts to a problem are worth: mode, texts a problem, score."""
    found: dict[str, Any] = {}
    texts = len(config.strategies)
    for row in scores.evaluations(journal, MAIN, last):
        if row.split == "test" and not row.mode.startswith("best:"):
            single = row.mode == "free" or row.mode.startswith("forced:")
            values = score_dict(score(row.correct, row.n, row.unverified))
            found.setdefault(row.dataset, []).append(
                {"mode": row.mode, "texts": 1 if single else texts, **values}
            )
    return found


def _training(journal: Reader, track: str, iteration: int) -> TrainingNumbers:
    trained = mixtures.student(journal, track, iteration)
    if trained is None:
        raise UsageError(f"{journal.path}: student {iteration} of {track} is not there; the run is damaged")
    return {
        "steps": trained.steps,
        "tokens": trained.tokens,
        "loss": trained.loss,
        "dropped": trained.dropped,
    }


def _accuracy(journal: Reader, rows: Sequence[scores.Evaluation]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for row in rows:
        if row.mode == "free":
            found[row.set] = score_dict(score(row.correct, row.n, row.unverified))
            found[row.set] |= _by_story(journal, Stage(row.track, row.iteration, f"free:{row.set}"))
    return found


def _by_story(journal: Reader, stage: Stage) -> dict[str, Any]:
    """Split the score on a set into stories that occur in training, numbers aside, and others."""
    parts = verdicts.by_story(journal, stage)
    if len(parts) < 2:
        return {}
    return {
        "seen_body" if seen else "unseen_body": score_dict(score(part.correct, part.n, part.unverified))
        for seen, part in parts.items()
    }


def _teachers(config: RunConfig) -> Any:
    named = {one.name: config.teacher_of(one.name) for one in config.strategies}
    texts = {name: f"{t.name}:{t.model}" if t.model else t.name for name, t in named.items()}
    return next(iter(texts.values())) if len(set(texts.values())) == 1 else texts


def _reason(decision: Decision, last: int) -> str:
    if isinstance(decision, Continue):
        return f"all {last} iterations done"
    assert isinstance(decision, Stop | RollBack)
    return decision.reason
