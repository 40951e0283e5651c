"""How good a student's choice of strategy is: the probability of each tag against what each solves."""

from __future__ import annotations

import itertools
import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

from siked.engine.generate import student_prompt
from siked.engine.state import State
from siked.journal import Reader, Stage
from siked.journal.queries import scores, verdicts
from siked.records import Model, Request
from siked.workers.host import Worker

BINS = (0.0, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 1.0)
"""Edges of the probabilities for the table of calibration; fine where a choice is made up."""
CHUNK = 256
LEAST = 1e-12
"""Probability below which tags are not told apart on a logarithmic scale."""


def score_tags(state: State, track: str, iteration: int) -> None:
    """Record how probable student ``iteration`` of ``track`` finds each whole tag on each dev problem,
    where the backend can tell."""
    if not can_score(state):
        return
    with state.step(Stage(track, iteration, "choice")) as finished:
        if finished:
            return
        problems = state.journal.load_problems("dev")
        found = tag_logprobs(state, state.student(track, iteration), [p.question for _, p in problems])
        rows = [
            (track, iteration, row, name, logprob)
            for (row, _), logprobs in zip(problems, found, strict=True)
            for name, logprob in logprobs.items()
        ]
        with state.journal.saving():
            state.journal.tag_scores(rows)


def can_score(state: State) -> bool:
    """Return whether the student's backend tells how probable a text is."""
    return hasattr(state.registry.find("backend", state.config.backend.name).load(), "score")


def tag_logprobs(state: State, model: Model, questions: Sequence[str]) -> list[dict[str, float]]:
    """Return, for each question, the log-probability (nats) of each strategy's whole tag after it."""
    # With its newline, as in training: where a tokenizer joins the two, the tag alone is another token.
    tags = [f"{strategy.tag}\n" for strategy in state.strategies.values()]
    found: list[dict[str, float]] = []
    for start in range(0, len(questions), CHUNK):
        requests = [
            Request(key=str(place), messages=student_prompt(question), question=question)
            for place, question in enumerate(questions[start : start + CHUNK])
        ]

        def ask(worker: Worker, requests: list[Request] = requests) -> list[list[float]]:
            worker.open(model)
            return list(worker.score(requests, [tags] * len(requests)))

        logprobs = state.pool.retry(state.student_spec, ask)
        found += [dict(zip(state.strategies, row, strict=True)) for row in logprobs]
    return found


def choice_quality(journal: Reader, track: str, iteration: int) -> dict[str, Any] | None:
    """Return :func:`quality` of a student on dev; None where it was not measured."""
    probable = scores.tag_probabilities(journal, track, iteration)
    solved: dict[int, dict[str, bool]] = {}
    for found in verdicts.by_family(journal, iteration, track):
        solved.setdefault(found.problem, {})[found.strategy] = found.solved
    both = sorted(set(probable) & set(solved))
    return quality([probable[i] for i in both], [solved[i] for i in both]) if both else None


def quality(probable: Sequence[Mapping[str, float]], solved: Sequence[Mapping[str, bool]]) -> dict[str, Any]:
    """Compare tag probabilities with what each strategy solves, over at least one problem.

    ``mass`` is the probability of all tags together, the rest of the numbers take tags relative to
    it. ``chosen`` is the accuracy of always taking the most probable tag, ``expected`` that of
    drawing one; ``best_single`` of the one best strategy, ``oracle`` of the best for each problem.
    ``concordance`` is how often, of two strategies of which just one solves the problem, that one
    is the more probable (ties count half; 0.5 is chance; None without such pairs). A choice that knows
    nothing of the problem is right there, too, where one strategy is the better one on most:
    ``concordance_baseline`` is what the mean probabilities reach on every problem,
    ``concordance_centred`` what is left once each tag's mean log-probability is taken off.
    ``auc`` is the area under the curve within each strategy: how often its tag is the more probable on
    the one of two problems that it solves (None where it solves all or none). ``information`` is that
    between tag and problem in nats: the mean divergence of the tags' probabilities from their mean, 0
    for a choice that is the same on every problem.
    ``calibration`` has, for each range of probabilities, how many tags fell there, their mean
    probability, and the share whose strategy solves the problem.
    """
    n = len(probable)
    shares = [{name: p / (sum(tags.values()) or 1.0) for name, p in tags.items()} for tags in probable]
    names = list(probable[0])
    chosen = sum(right[max(names, key=lambda s: share[s])] for share, right in _pairs(shares, solved)) / n
    expected = sum(share[s] * right[s] for share, right in _pairs(shares, solved) for s in names) / n
    best_single = max(sum(right[s] for right in solved) / n for s in names)
    oracle = sum(any(right.values()) for right in solved) / n
    mean = {s: math.fsum(share[s] for share in shares) / n for s in names}
    logs = [{s: math.log(max(share[s], LEAST)) for s in names} for share in shares]
    level = {s: math.fsum(own[s] for own in logs) / n for s in names}
    return {
        "n": n,
        "mass": sum(sum(tags.values()) for tags in probable) / n,
        "chosen": chosen,
        "expected": expected,
        "best_single": best_single,
        "oracle": oracle,
        "regret_single": best_single - chosen,
        "regret_oracle": oracle - chosen,
        "concordance": _concordance(shares, solved),
        "concordance_baseline": _concordance([mean] * n, solved),
        "concordance_centred": _concordance([{s: own[s] - level[s] for s in names} for own in logs], solved),
        "auc": {
            s: _auc(
                [share[s] for share, right in _pairs(shares, solved) if right[s]],
                [share[s] for share, right in _pairs(shares, solved) if not right[s]],
            )
            for s in names
        },
        "information": math.fsum(
            share[s] * math.log(share[s] / mean[s]) for share in shares for s in names if share[s] > 0
        )
        / n,
        "calibration": _calibration(
            [(share[s], right[s]) for share, right in _pairs(shares, solved) for s in names]
        ),
    }


def _concordance(values: Sequence[Mapping[str, float]], solved: Sequence[Mapping[str, bool]]) -> float | None:
    wins = [
        1.0 if value[a] > value[b] else 0.5 if value[a] == value[b] else 0.0
        for value, right in _pairs(values, solved)
        for a in value
        for b in value
        if right[a] and not right[b]
    ]
    return sum(wins) / len(wins) if wins else None


def _auc(solved: Sequence[float], others: Sequence[float]) -> float | None:
    if not solved or not others:
        return None
    ranked = sorted(others)
    wins = sum(bisect_left(ranked, value) + bisect_right(ranked, value) for value in solved) / 2
    return wins / (len(solved) * len(others))


def _pairs(
    shares: Sequence[Mapping[str, float]], solved: Sequence[Mapping[str, bool]]
) -> list[tuple[Mapping[str, float], Mapping[str, bool]]]:
    return list(zip(shares, solved, strict=True))


def _calibration(points: Sequence[tuple[float, bool]]) -> list[dict[str, Any]]:
    bins = []
    for low, high in itertools.pairwise(BINS):
        inside = [(p, right) for p, right in points if low <= p < high or p == high == 1.0]
        if inside:
            bins.append(
                {
                    "from": low,
                    "to": high,
                    "n": len(inside),
                    "probability": sum(p for p, _ in inside) / len(inside),
                    "solved": sum(right for _, right in inside) / len(inside),
                }
            )
    return bins
