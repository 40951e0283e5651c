"""Controls: what the same training would have bought without the student's own rationales."""

from __future__ import annotations

from siked.engine.evaluate import evaluate
from siked.engine.mix import build
from siked.engine.seeds import derive
from siked.engine.state import MAIN, State
from siked.engine.train import run_trainer
from siked.records import Model, TrainSettings

EQUAL_STEPS = "equal-steps"


def equal_steps(state: State, last: int) -> None:
    """Train Combined as long as the run was trained in all, on D_LLM alone.

    It shares iteration 0 with the run. Then each iteration trains on D_LLM for as many optimiser
    steps as the run's iteration took, from the same kind of start and with the same restart of the
    learning rate, so that the rationales are the only difference.
    """
    for t in range(1, last + 1):
        with state.step(EQUAL_STEPS, t, "mix") as finished:
            if not finished():
                # The run's own choice of which teacher rationales to keep, with no student's beside them.
                build(state, EQUAL_STEPS, t, state.schedule, use_student=False)
        with state.step(EQUAL_STEPS, t, "train") as finished:
            if not finished():
                ((steps,),) = state.journal.db.execute(
                    "SELECT steps FROM students WHERE track = ? AND iteration = ?", (MAIN, t)
                ).fetchall()
                seed = derive(state.config.seed, "train", EQUAL_STEPS, t) % 2**31
                parent = _parent(state, t)
                run_trainer(state, EQUAL_STEPS, t, parent, TrainSettings(max_steps=steps, seed=seed))
    if last > 0:
        evaluate(state, EQUAL_STEPS, last, tests=True, forced=False)


def _parent(state: State, iteration: int) -> Model:
    if state.config.trainer.start == "base":
        return state.student(MAIN, -1)
    return state.student(MAIN, 0) if iteration == 1 else state.student(EQUAL_STEPS, iteration - 1)
