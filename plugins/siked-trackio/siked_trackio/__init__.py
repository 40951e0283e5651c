"""Observers that follow a run with Trackio; :mod:`siked_trackio.following` does it."""

from __future__ import annotations

from siked import hookimpl
from siked.events import (
    CostChanged,
    IterationFinished,
    MixtureBuilt,
    RationalesVerified,
    RunFailed,
    RunFinished,
    RunStarted,
    TrainingProgress,
)


@hookimpl
def siked_run_started(event: RunStarted) -> None:
    """Start or go on with a run of Trackio."""
    from siked_trackio import following

    following.start(event)


@hookimpl
def siked_training_progress(event: TrainingProgress) -> None:
    """Log loss and learning rate, where the trainer tells them."""
    from siked_trackio import following

    if event.loss is not None or event.learning_rate is not None:
        values = {"loss": event.loss, "learning_rate": event.learning_rate, "iteration": event.iteration}
        following.log(event.run_id, event.track, values)


@hookimpl
def siked_rationales_verified(event: RationalesVerified) -> None:
    """Log which share of the student's samples is correct, by strategy."""
    from siked_trackio import following

    if event.step == "sample":
        shares = {
            f"correct/{strategy}": counts.get("correct", 0) / max(sum(counts.values()), 1)
            for strategy, counts in event.counts.items()
            if strategy
        }
        following.log(event.run_id, event.track, {**shares, "iteration": event.iteration})


@hookimpl
def siked_mixture_built(event: MixtureBuilt) -> None:
    """Log what a student is trained on."""
    from siked_trackio import following

    mixture = event.mixture
    shares = {f"share/{strategy}": share for strategy, share in mixture.shares.items()}
    numbers = {"rows": mixture.rows, "alpha": mixture.alpha, "kl": mixture.kl, "iteration": event.iteration}
    following.log(event.run_id, event.track, {**numbers, **shares})


@hookimpl
def siked_cost_changed(event: CostChanged) -> None:
    """Keep what was used and cost, to log it with the next scores: calls are too many."""
    from siked_trackio import following

    used = {"calls": event.calls, "tokens": event.tokens, "cost": event.cost}
    following.keep(event.run_id, used)


@hookimpl
def siked_iteration_finished(event: IterationFinished) -> None:
    """Log the scores of a student."""
    from siked_trackio import following

    scores = {f"accuracy/{name}": score.value for name, score in event.scores.items()}
    following.log(event.run_id, event.track, {**scores, "iteration": event.iteration})


@hookimpl
def siked_run_finished(event: RunFinished) -> None:
    """Log the best iteration and end the run of Trackio."""
    from siked_trackio import following

    best = event.summary.get("best_iteration")
    following.finish(event.run_id, {} if best is None else {"best_iteration": best})


@hookimpl
def siked_run_failed(event: RunFailed) -> None:
    """End the run of Trackio; a resume goes on with it."""
    from siked_trackio import following

    following.finish(event.run_id, {"failed": 1})
