"""Step 3c of the paper: P_train(t) = alpha P_LLM + (1 - alpha) P_self, as a plan of rows."""

from __future__ import annotations

import hashlib
import json
import math
import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from siked import hookspecs
from siked.contracts import Schedule
from siked.engine.seeds import derive
from siked.engine.state import MAIN, State
from siked.errors import RunError
from siked.journal.read import Kept
from siked.records import Candidate, Choice, History, Mixture


def mix(state: State, iteration: int) -> None:
    """Build the mixture of an iteration with the run's schedule and record every row of it."""
    with state.step(MAIN, iteration, "mix") as finished:
        if finished():
            return
        build(state, MAIN, iteration, state.schedule, use_student=iteration > 0)


def build(state: State, track: str, iteration: int, schedule: Schedule, *, use_student: bool) -> None:
    """Build and record one mixture; without the student's rationales it is D_LLM alone."""
    dropped: Counter[str] = Counter()
    teacher = [
        candidate
        for name in state.strategies
        for candidate in _candidates(state, 0, f"teach:{name}", "teacher", dropped)
    ]
    student = list(_candidates(state, iteration, "sample", "student", dropped)) if use_student else []
    history = History(
        iteration=iteration,
        iterations=state.config.iterations,
        strategies=tuple(state.strategies),
        choice=choice_on_dev(state, iteration - 1) if use_student else {},
        solved=state.journal.solved(MAIN, iteration, "sample", state.judge) if use_student else {},
    )
    rng = random.Random(derive(state.config.seed, "mix", iteration))
    rows = list(schedule.mix(_sorted(teacher), _sorted(student), history, rng))
    if not rows:
        raise RunError(_empty(state, iteration))
    chosen = {row.candidate.rationale for row in rows}
    dropped["not-chosen"] += sum(1 for c in [*teacher, *student] if c.rationale not in chosen)
    random.Random(derive(state.config.seed, "order", iteration)).shuffle(rows)
    shares = strategy_shares(rows, state.strategies)
    values = {
        "track": track,
        "iteration": iteration,
        "schedule": schedule.name,
        "options": state.config.schedule.options if track == MAIN else {},
        "rows": len(rows),
        "alpha": sum(row.candidate.source == "teacher" for row in rows) / len(rows),
        "shares": shares,
        "kl": divergence(rows, history.choice, state.strategies) if history.choice else None,
        "entropy": tag_entropy(rows),
        "dropped": {reason: n for reason, n in sorted(dropped.items()) if n},
    }
    with state.journal.saving():
        state.journal.mixture(values, ((row.candidate.rationale, row.reason) for row in rows))
    state.emit(
        "siked_mixture_built",
        hookspecs.MixtureBuilt(
            id=f"{state.folder.name}:{track}:{iteration}",
            mixture=Mixture(
                track=track,
                iteration=iteration,
                schedule=schedule.name,
                rows=len(rows),
                alpha=float(str(values["alpha"])),
                shares=shares,
                kl=None if values["kl"] is None else float(str(values["kl"])),
            ),
        ),
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


def strategy_shares(rows: Sequence[Choice], strategies: Iterable[str]) -> dict[str, float]:
    """Return each strategy's share of rows."""
    counts = Counter(row.candidate.strategy for row in rows)
    return {name: counts[name] / len(rows) for name in strategies}


def divergence(rows: Sequence[Choice], choice: Mapping[str, float], strategies: Iterable[str]) -> float:
    """Return KL(shares of rows || choice) in nats, over the strategies, each count raised by 0.5.

    ``choice`` are shares; a missing tag (``none``) is no strategy and is left out. The half count
    is taken relative to the number of rows on both sides, so that the two estimates are equally
    smoothed.
    """
    names = list(strategies)
    counts = Counter(row.candidate.strategy for row in rows)
    total = len(rows)
    p = [counts[name] + 0.5 for name in names]
    q = [choice.get(name, 0.0) * total + 0.5 for name in names]
    return sum((a / sum(p)) * math.log((a / sum(p)) / (b / sum(q))) for a, b in zip(p, q, strict=True))


def tag_entropy(rows: Sequence[Choice]) -> float:
    """Return the entropy (nats) of the tag given the problem, averaged over the mixture's problems.

    Log of the number of strategies: the mixture says nothing about which strategy suits a problem.
    """
    problems: dict[str, Counter[str]] = {}
    for row in rows:
        problems.setdefault(row.candidate.problem_id, Counter())[row.candidate.strategy] += 1
    total = 0.0
    for counts in problems.values():
        n = sum(counts.values())
        total -= sum(c / n * math.log(c / n) for c in counts.values())
    return total / len(problems)


def _candidates(
    state: State, iteration: int, step: str, source: Literal["teacher", "student"], dropped: Counter[str]
) -> Iterable[Candidate]:
    for kept in state.journal.kept(MAIN, iteration, step, state.judge):
        if kept.flags and state.config.drop_flagged:
            dropped["flagged"] += 1
            continue
        yield Candidate(
            rationale=kept.id,
            problem_id=kept.problem,
            strategy=kept.strategy,
            source=source,
            sample=kept.sample,
            length=kept.length or len(kept.text),
            hash=_hash(kept),
            flagged=bool(kept.flags),
        )


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
