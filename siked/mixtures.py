"""The numbers that describe a mixture: its shares, its divergence from the student's choice, its entropy."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from siked.records import History, Mixture, Selected, Target


def describe(
    rows: Sequence[Selected],
    aims: Iterable[Target],
    dropped: Mapping[str, int],
    history: History,
    *,
    track: str,
    iteration: int,
    schedule: str,
) -> Mixture:
    """Return the numbers of a mixture of at least one row."""
    counts = strategy_counts(rows, history.strategies)
    tokens = sum(row.candidate.length for row in rows)
    whole = math.fsum(row.weight for row in rows)
    mass = math.fsum(row.weight * row.candidate.length for row in rows)
    taught = [row for row in rows if row.candidate.source == "teacher"]
    alpha = math.fsum(row.weight for row in taught) / whole
    tags = tag_weights(rows, history.strategies)
    kl = divergence(tags, history.choice, history.dev) if history.choice and any(tags.values()) else None
    reached = {"alpha": alpha, "floor": alpha, "kl": 0.0 if kl is None else kl, "tokens": float(tokens)}
    sources = Counter((row.candidate.source, row.candidate.strategy) for row in rows)
    return Mixture(
        track=track,
        iteration=iteration,
        schedule=schedule,
        rows=len(rows),
        alpha=alpha,
        tokens=tokens,
        alpha_tokens=math.fsum(row.weight * row.candidate.length for row in taught) / mass if mass else 0.0,
        shares={name: count / whole for name, count in counts.items()},
        sources={
            source: {name: sources[source, name] for name in history.strategies}
            for source in ("teacher", "student")
        },
        kl=kl,
        entropy=tag_entropy(rows),
        aims=tuple((aim, reached[aim.quantity]) for aim in aims),
        dropped={reason: n for reason, n in sorted(dropped.items()) if n},
    )


def tag_weights(rows: Iterable[Selected], strategies: Iterable[str]) -> dict[str, float]:
    """Return what the tags of each strategy count together."""
    weights: dict[str, list[float]] = {name: [] for name in strategies}
    for row in rows:
        weights[row.candidate.strategy].append(_tag(row))
    return {name: math.fsum(own) for name, own in weights.items()}


def strategy_counts(rows: Iterable[Selected], strategies: Iterable[str]) -> dict[str, float]:
    """Return the rows of each strategy, each counted by its weight."""
    counts: dict[str, list[float]] = {name: [] for name in strategies}
    for row in rows:
        counts[row.candidate.strategy].append(row.weight)
    return {name: math.fsum(weights) for name, weights in counts.items()}


def divergence(counts: Mapping[str, float], choice: Mapping[str, float], dev: int) -> float:
    """Return KL(shares of ``counts`` || ``choice``) in nats, over the strategies of ``counts``.

    ``counts`` has every strategy's rows or weights of tags. ``choice`` has the student's mean tag
    probabilities or its shares among ``dev`` free answers; what it wrote without a tag (``none``) is no
    strategy and is left out. Both sides are raised by half an answer of ``dev``: a choice is known
    as well as the number of problems lets it, however many rows a mixture has.
    """
    total, known = sum(counts.values()), sum(choice.get(name, 0.0) for name in counts)
    half = 0.5 / dev
    p = [(count / total if total else 0.0) + half for count in counts.values()]
    q = [(choice.get(name, 0.0) / known if known else 0.0) + half for name in counts]
    return sum((a / sum(p)) * math.log((a / sum(p)) / (b / sum(q))) for a, b in zip(p, q, strict=True))


def tag_entropy(rows: Iterable[Selected]) -> float:
    """Return the entropy (nats) of the tag given the problem, averaged over the problems that teach tags.

    Log of the number of strategies: the mixture says nothing about which strategy suits a problem. 0
    where no problem teaches a tag.
    """
    problems: dict[str, dict[str, float]] = {}
    for row in rows:
        counts = problems.setdefault(row.candidate.problem_id, {})
        counts[row.candidate.strategy] = counts.get(row.candidate.strategy, 0.0) + _tag(row)
    taught = [
        [weight for weight in counts.values() if weight]
        for counts in problems.values()
        if any(counts.values())
    ]
    total = 0.0
    for own in taught:
        n = sum(own)
        total -= sum(c / n * math.log(c / n) for c in own)
    return total / len(taught) if taught else 0.0


def _tag(row: Selected) -> float:
    return row.weight if row.tag_weight is None else row.tag_weight
