"""Step 1 of the paper: the teacher shows every strategy on every training problem."""

from __future__ import annotations

from collections.abc import Iterable

from siked.engine.generate import Ask, Source, generate
from siked.engine.state import MAIN, State
from siked.engine.verify import verify
from siked.journal import Stage
from siked.records import Model, Sampling


def teach(state: State) -> None:
    """Sample the teacher of each strategy and verify what it says; what is correct is D_LLM."""
    with state.step(Stage(MAIN, 0, "teach")) as finished:
        if finished and not state.retry_failed:
            return
        problems = state.journal.load_problems("train")
        for name in state.strategies:
            teacher = state.config.teacher_of(name)
            source = Source(
                spec=state.teacher_spec(teacher),
                backend=teacher.name,
                model=Model(name=teacher.model),
                sampling=Sampling(
                    temperature=teacher.temperature,
                    top_p=teacher.top_p,
                    max_new_tokens=teacher.max_new_tokens,
                ),
                seed=teacher.seed,
                teacher=True,
            )

            def asks(name: str = name, samples: int = teacher.samples) -> Iterable[Ask]:
                return (Ask(row, p, name, k) for row, p in problems for k in range(samples))

            generate(state, Stage(MAIN, 0, f"teach:{name}"), source, asks)
        for name in state.strategies:
            spec = state.teacher_spec(state.config.teacher_of(name))
            if spec.identity != state.student_spec.identity:
                state.pool.drop(spec)
        # All strategies together: a labeller without golds looks at what they agree on.
        verify(state, [Stage(MAIN, 0, f"teach:{name}") for name in state.strategies])
