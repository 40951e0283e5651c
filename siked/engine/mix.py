"""Step 3c of the paper: P_train(t) = alpha P_LLM + (1 - alpha) P_self, as a plan of rows.

The length of a row is what it adds to the loss, in tokens of the student. The student's own texts
were counted when it wrote them. A teacher has another tokenizer or tells no tokens at all, so the
characters of its texts are taken times the tokens a character that the student's texts of the same
strategy have in this iteration; at iteration 0, where there are none, the teacher's count (or its
characters) has to do.
"""

from __future__ import annotations

import hashlib
import math
import random
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from siked import events
from siked.contracts import Schedule
from siked.engine.seeds import derive
from siked.engine.state import MAIN, State
from siked.errors import RunError
from siked.journal import Stage
from siked.journal.queries import scores, texts, verdicts
from siked.journal.read import Kept
from siked.mixtures import describe
from siked.records import Candidate, History, Rejected, Selected, Target
from siked.text.minhash import sketch


def mix(state: State, iteration: int) -> None:
    """Build the mixture of an iteration with the run's schedule and record every row of it."""
    with state.step(Stage(MAIN, iteration, "mix")) as finished:
        if finished:
            return
        build(state, MAIN, iteration, state.schedule, use_student=iteration > 0)


def build(state: State, track: str, iteration: int, schedule: Schedule, *, use_student: bool) -> None:
    """Build and record one mixture; without the student's rationales it is D_LLM alone."""
    dropped: Counter[str] = Counter()
    rates = texts.tokens_per_character(state.journal, iteration) if use_student else {}
    teacher = [
        candidate
        for name in state.strategies
        for candidate in _candidates(state, 0, f"teach:{name}", "teacher", rates, dropped)
    ]
    student = list(_candidates(state, iteration, "sample", "student", {}, dropped)) if use_student else []
    # a mixture without the student's rationales is one of iteration 0, whenever it is made
    history = history_of(state, iteration if use_student else 0)
    rng = random.Random(derive(state.config.seed, "mix", iteration))
    rows: list[Selected] = []
    aims: list[Target] = []
    undecided = {c.rationale for c in [*teacher, *student]}
    for item in schedule.mix(_sorted(teacher), _sorted(student), history, rng):
        match item:
            case Selected():
                rows.append(item)
            case Rejected():
                dropped[item.reason] += 1
            case Target():
                aims.append(item)
                continue
        undecided.discard(item.candidate.rationale)
    if not rows:
        raise RunError(_empty(state, iteration))
    dropped["not-chosen"] += len(undecided)
    record(state, track, iteration, schedule.name, rows, aims, dropped, history)


def history_of(state: State, iteration: int) -> History:
    """Return what a schedule may know at an iteration."""
    values: dict[str, Any] = {}
    if iteration > 0:
        sampled = Stage(MAIN, iteration, "sample")
        solved = verdicts.pass_counts(state.journal, sampled, flagged=not state.config.drop_flagged)
        values = {**_choice(state, iteration - 1), "solved": solved}
    return History(
        iteration=iteration,
        iterations=state.config.iterations,
        strategies=tuple(state.strategies),
        **values,
    )


def record(
    state: State,
    track: str,
    iteration: int,
    schedule: str,
    rows: list[Selected],
    aims: Iterable[Target],
    dropped: Mapping[str, int],
    history: History,
) -> None:
    """Record a mixture, its rows shuffled with the run's seed."""
    random.Random(derive(state.config.seed, "order", iteration)).shuffle(rows)
    mixture = describe(
        rows,
        aims,
        dropped,
        history,
        track=track,
        iteration=iteration,
        schedule=schedule,
    )
    options = state.config.schedule.options if track == MAIN else {}
    with state.journal.saving():
        state.journal.mixture(
            mixture,
            options,
            ((row.candidate.rationale, row.weight, row.tag_weight, row.reason) for row in rows),
        )
    state.emit(
        "siked_mixture_built",
        events.MixtureBuilt(
            **state.named(track, iteration, "mixture"), track=track, iteration=iteration, mixture=mixture
        ),
    )


def _choice(state: State, iteration: int) -> dict[str, Any]:
    """Return ``choice`` and ``dev`` of a history."""
    dev = len(state.journal.load_problems("dev"))
    probable = scores.tag_probabilities(state.journal, MAIN, iteration)
    if not probable:
        return {"choice": scores.choice_on_dev(state.journal, MAIN, iteration), "dev": dev}
    choice = dict.fromkeys(state.strategies, 0.0)
    for own in probable.values():
        for name, probability in own.items():
            choice[name] += probability / sum(own.values()) / len(probable)
    return {"choice": choice, "dev": dev}


def _candidates(
    state: State,
    iteration: int,
    step: str,
    source: Literal["teacher", "student"],
    rates: Mapping[str, float],
    dropped: Counter[str],
) -> Iterable[Candidate]:
    for kept in state.journal.kept(Stage(MAIN, iteration, step)):
        if kept.flags and state.config.drop_flagged:
            dropped["flagged"] += 1
            continue
        rate = rates.get(kept.strategy)
        yield Candidate(
            rationale=kept.id,
            problem_id=kept.problem,
            strategy=kept.strategy,
            source=source,
            sample=kept.sample,
            length=math.ceil(rate * len(kept.text)) if rate else kept.length or len(kept.text),
            hash=_hash(kept),
            flagged=bool(kept.flags),
            sketch=sketch(kept.text),
        )


def _hash(kept: Kept) -> str:
    return hashlib.sha256(" ".join(kept.text.split()).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _sorted(candidates: list[Candidate]) -> list[Candidate]:
    return sorted(candidates, key=lambda c: (c.problem_id, c.strategy, c.sample))


def _empty(state: State, iteration: int) -> str:
    rules = (
        ", ".join(f"{n} {rule}" for rule, n in verdicts.common_rules(state.journal, 3))
        or "no rationale at all"
    )
    return f"iteration {iteration}: no correct rationale to train on; verdicts were: {rules}"
