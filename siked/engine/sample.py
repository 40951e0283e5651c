"""Steps 3a and 3b of the paper: the student samples itself, and a verifier filters."""

from __future__ import annotations

from collections.abc import Iterable

from siked.engine.generate import Ask, generate, student_source
from siked.engine.state import MAIN, State
from siked.engine.verify import verify
from siked.journal import Stage
from siked.records import Sampling


def sample(state: State, iteration: int) -> None:
    """Force each strategy by its tag and sample student t-1 K times a (problem, strategy)."""
    with state.step(Stage(MAIN, iteration, "sample")) as finished:
        if finished:
            return
        config = state.config.sample
        sampling = Sampling(
            temperature=config.temperature, top_p=config.top_p, max_new_tokens=config.max_new_tokens
        )

        def asks() -> Iterable[Ask]:
            return (
                Ask(row, problem, name, k)
                for row, problem in state.journal.load_problems("train")
                for name in state.strategies
                for k in range(config.k)
            )

        source = student_source(state, MAIN, iteration - 1, sampling)
        generate(state, Stage(MAIN, iteration, "sample"), source, asks)
    with state.step(Stage(MAIN, iteration, "verify")) as finished:
        if not finished:
            verify(state, [Stage(MAIN, iteration, "sample")])
