"""Controls: what else could explain a gain. Each is trained or scored beside the run.

``equal-steps``
    Combined trained on D_LLM alone, for as many steps as the run and with the same restarts.
``off-policy``
    The base trained on the run's last mixture, for as many epochs as the run's last iteration (the
    paper's off-policy control on the identical mixture).
``off-policy-steps``
    The same for as many steps as the run was trained in all.
``adaptive``
    The last iteration again from the same samples, mixed as in the paper: the student's rationale of each
    (problem, strategy) pair that it solved, the teacher's of the others. A run that is mixed so itself has
    no such control.
``permuted``
    The last iteration again on the same rationales, with the tags of its problems permuted over all of
    them: equal shares of tags, and nothing about which strategy suits which problem.
``votes``
    The last student asked in every strategy, and the best one (by dev) as often: always the best
    strategy, majorities and pass@k at equal cost.
``best-strategy``
    The last student, and that of ``equal-steps`` where there is one, with its best strategy on dev
    forced on the test sets: what a choice that is always the same reaches.
"""

from __future__ import annotations

from siked.config import ComponentConfig, RunConfig
from siked.engine.evaluate import evaluate
from siked.engine.mix import build
from siked.engine.permuted import build_permuted
from siked.engine.seeds import derive
from siked.engine.state import MAIN, State
from siked.engine.train import epochs_of, run_trainer
from siked.engine.votes import best_strategy, votes
from siked.journal import Stage
from siked.journal.queries import mixtures
from siked.records import Model, TrainSettings

EQUAL_STEPS = "equal-steps"
OFF_POLICY = "off-policy"
OFF_POLICY_STEPS = "off-policy-steps"
ADAPTIVE = "adaptive"
PERMUTED = "permuted"
VOTES = "votes"
BEST_STRATEGY = "best-strategy"

TRAINED = (EQUAL_STEPS, OFF_POLICY, OFF_POLICY_STEPS, ADAPTIVE, PERMUTED)
"""Controls that train a student, on a track of the same name."""


def trained_controls(config: RunConfig) -> list[str]:
    """Return the controls that train a student beside a run of this configuration, in order."""
    itself = config.schedule == ComponentConfig(name=ADAPTIVE)
    return [name for name in config.controls if name in TRAINED and not (itself and name == ADAPTIVE)]


def controls(state: State, last: int) -> None:
    """Do the controls that were asked for, beside a run whose last iteration is ``last``."""
    for name in trained_controls(state.config) if last > 0 else ():
        if name == EQUAL_STEPS:
            _equal_steps(state, last)
        elif name == ADAPTIVE:
            _adaptive(state, last)
        elif name == PERMUTED:
            _permuted(state, last)
        else:
            _off_policy(state, last, name)
        evaluate(state, name, last, tests=True, forced=True)
    if VOTES in state.config.controls:
        votes(state, last)
    if BEST_STRATEGY in state.config.controls:
        best_strategy(state, MAIN, last)
        if EQUAL_STEPS in state.config.controls and last > 0:
            best_strategy(state, EQUAL_STEPS, last)


def _equal_steps(state: State, last: int) -> None:
    """It shares iteration 0 with the run. Then each iteration trains on D_LLM for as many optimiser
    steps as the run's iteration took, from the same kind of start and with the same restart of the
    learning rate, so that the rationales are the only difference."""
    for t in range(1, last + 1):
        with state.step(Stage(EQUAL_STEPS, t, "mix")) as finished:
            if not finished:
                # The run's own choice of which teacher rationales to keep, with no student's beside them.
                build(state, EQUAL_STEPS, t, state.schedule, use_student=False)
        if state.config.trainer.start == "base":
            parent = state.student(MAIN, -1)
        else:
            parent = state.student(MAIN, 0) if t == 1 else state.student(EQUAL_STEPS, t - 1)
        _train(state, EQUAL_STEPS, t, parent, steps=_steps(state, t))


def _off_policy(state: State, last: int, track: str) -> None:
    with state.step(Stage(track, last, "mix")) as finished:
        if not finished:
            with state.journal.saving():
                state.journal.mixture_again(track, last, MAIN)
    in_all = sum(_steps(state, t) for t in range(last + 1))
    _train(state, track, last, state.student(MAIN, -1), steps=in_all if track == OFF_POLICY_STEPS else None)


def _adaptive(state: State, last: int) -> None:
    with state.step(Stage(ADAPTIVE, last, "mix")) as finished:
        if not finished:
            papers = state.component("schedule", ComponentConfig(name=ADAPTIVE))
            build(state, ADAPTIVE, last, papers, use_student=True)
    _train(state, ADAPTIVE, last, _before(state, last), steps=None)


def _permuted(state: State, last: int) -> None:
    with state.step(Stage(PERMUTED, last, "mix")) as finished:
        if not finished:
            build_permuted(state, PERMUTED, last)
    _train(state, PERMUTED, last, _before(state, last), steps=_steps(state, last))


def _before(state: State, last: int) -> Model:
    """What the run's last iteration was trained from."""
    return state.student(MAIN, -1 if state.config.trainer.start == "base" else last - 1)


def _train(state: State, track: str, iteration: int, parent: Model, *, steps: int | None) -> None:
    with state.step(Stage(track, iteration, "train")) as finished:
        if not finished:
            seed = derive(state.config.seed, "train", track, iteration) % 2**31
            epochs = epochs_of(state, iteration)
            settings = TrainSettings(epochs=epochs, max_steps=steps, seed=seed)
            run_trainer(state, track, iteration, parent, settings)


def _steps(state: State, iteration: int) -> int:
    trained = mixtures.student(state.journal, MAIN, iteration)
    assert trained is not None
    return trained.steps
