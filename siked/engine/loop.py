"""The algorithm of the paper (SIKeD, section 3), one line a step."""

from __future__ import annotations

from siked.engine.baselines import controls
from siked.engine.evaluate import evaluate
from siked.engine.mix import mix
from siked.engine.prepare import preflight, prepare
from siked.engine.sample import sample
from siked.engine.state import MAIN, State
from siked.engine.stop import decide
from siked.engine.summary import summarise
from siked.engine.teach import teach
from siked.engine.train import train
from siked.records import Continue, Decision


def run_loop(state: State) -> None:
    """Do what is missing of a run, from the first problem to the summary.

    Every step looks into the journal first, so the same call starts a run and resumes one.
    """
    prepare(state)
    preflight(state)
    teach(state)  # D_LLM: correct rationales of the teacher, for every strategy
    decision: Decision = Continue()
    t = 0
    for t in range(state.config.iterations + 1):
        if t > 0:
            sample(state, t)  # D_self: the student's own correct rationales, for every strategy
        mix(state, t)  # P_train = alpha P_LLM + (1 - alpha) P_self; at t = 0 D_LLM alone
        train(state, t)
        evaluate(state, MAIN, t, tests=_tested(state, t), forced=True)
        decision = decide(state, t)
        if not isinstance(decision, Continue):
            break
    if not _tested(state, t):
        evaluate(state, MAIN, t, tests=True, forced=True)
    controls(state, t)
    summarise(state, t, decision)


def _tested(state: State, iteration: int) -> bool:
    return iteration == 0 or state.config.evaluate.when == "every"
