"""Step 3c of the paper: P_train(t) = alpha P_LLM + (1 - alpha) P_self, as a plan of rows.

The length of a row is what it adds to the loss, in tokens of the student. The student's own texts
were counted when it wrote them. A teacher has another tokenizer or tells no tokens at all, so the
characters of its texts are taken times the tokens a character that the student's texts of the same
strategy have in this iteration; at iteration 0, where there are none, the teacher's count (or its
characters) has to do.
"""

from __future__ import annotations

import hashlib
import json
import math
import random
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Literal

from siked import hookspecs
from siked.contracts import Schedule
from siked.engine.seeds import derive
from siked.engine.state import MAIN, State
from siked.errors import RunError
from siked.journal.read import Kept
from siked.mixtures import describe
from siked.records import Candidate, History, Rejected, Selected, Target
from siked.text.minhash import sketch


def mix(state: State, iteration: int) -> None:
    """Build the mixture of an iteration with the run's schedule and record every row of it."""
    with state.step(MAIN, iteration, "mix") as finished:
        if finished():
            return
        build(state, MAIN, iteration, state.schedule, use_student=iteration > 0)


def build(state: State, track: str, iteration: int, schedule: Schedule, *, use_student: bool) -> None:
    """Build and record one mixture; without the student's rationales it is D_LLM alone."""
    dropped: Counter[str] = Counter()
    rates = _tokens_per_character(state, iteration) if use_student else {}
    teacher = [
        candidate
        for name in state.strategies
        for candidate in _candidates(state, 0, f"teach:{name}", "teacher", rates, dropped)
    ]
    student = list(_candidates(state, iteration, "sample", "student", {}, dropped)) if use_student else []
    history = History(
        # a mixture without the student's rationales is one of iteration 0, whenever it is made
        iteration=iteration if use_student else 0,
        iterations=state.config.iterations,
        strategies=tuple(state.strategies),
        choice=choice_on_dev(state, iteration - 1) if use_student else {},
        solved=state.journal.solved(MAIN, iteration, "sample", state.label_judge) if use_student else {},
    )
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
    random.Random(derive(state.config.seed, "order", iteration)).shuffle(rows)
    mixture = describe(
        rows,
        aims,
        dropped,
        history,
        track=track,
        iteration=iteration,
        schedule=schedule.name,
    )
    options = state.config.schedule.options if track == MAIN else {}
    with state.journal.saving():
        state.journal.mixture(
            mixture, options, ((row.candidate.rationale, row.weight, row.reason) for row in rows)
        )
    state.emit(
        "siked_mixture_built",
        hookspecs.MixtureBuilt(id=f"{state.folder.name}:{track}:{iteration}", mixture=mixture),
    )


def choice_on_dev(state: State, iteration: int) -> dict[str, float]:
    """Return the shares of strategies in student ``iteration``'s free greedy choice on dev."""
    ((text,),) = state.journal.db.execute(
        "SELECT choice FROM evaluations WHERE track = ? AND iteration = ? AND split = 'dev'"
        " AND mode = 'free'",
        (MAIN, iteration),
    ).fetchall()
    choice: dict[str, float] = json.loads(text)
    return choice


def _candidates(
    state: State,
    iteration: int,
    step: str,
    source: Literal["teacher", "student"],
    rates: Mapping[str, float],
    dropped: Counter[str],
) -> Iterable[Candidate]:
    for kept in state.journal.kept(MAIN, iteration, step, state.label_judge):
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


def _tokens_per_character(state: State, iteration: int) -> dict[str, float]:
    """Return, by strategy, the tokens a character of what the student wrote in this iteration."""
    found = state.journal.rows(
        "SELECT q.strategy, sum(r.completion_tokens) AS tokens, sum(length(r.text)) AS characters"
        " FROM requests q JOIN rationales r ON r.request = q.id AND r.outcome = 'ok'"
        " WHERE q.track = ? AND q.iteration = ? AND q.step = 'sample' GROUP BY q.strategy",
        MAIN,
        iteration,
    )
    return {row["strategy"]: row["tokens"] / row["characters"] for row in found if row["characters"]}


def _hash(kept: Kept) -> str:
    return hashlib.sha256(" ".join(kept.text.split()).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _sorted(candidates: list[Candidate]) -> list[Candidate]:
    return sorted(candidates, key=lambda c: (c.problem_id, c.strategy, c.sample))


def _empty(state: State, iteration: int) -> str:
    asked = state.journal.rows(
        "SELECT v.rule, count(*) AS n FROM verdicts v GROUP BY v.rule ORDER BY n DESC LIMIT 3"
    )
    rules = ", ".join(f"{row['n']} {row['rule']}" for row in asked) or "no rationale at all"
    return f"iteration {iteration}: no correct rationale to train on; verdicts were: {rules}"
