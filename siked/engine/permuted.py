"""The control ``permuted``: a mixture whose rationales stay and whose tags say nothing of their problems."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import replace

from siked.engine.mix import history_of, record
from siked.engine.seeds import derive
from siked.engine.state import MAIN, State
from siked.journal.queries import mixtures
from siked.journal.queries.mixtures import PlacedText
from siked.records import Candidate, Selected

Pair = tuple[str, str]


def build_permuted(state: State, track: str, iteration: int) -> None:
    """Record the run's mixture of an iteration again, with the tags of its problems permuted."""
    rows = [
        Selected(_candidate(text), reason, weight, tag_weight)
        for text, weight, tag_weight, reason in mixtures.rows_of(state.journal, MAIN, iteration)
    ]
    spare: dict[Pair, Candidate] = {}
    for text in mixtures.written(state.journal, MAIN, iteration):
        spare.setdefault((text.problem, text.strategy), _candidate(text))
    made = permute(rows, spare, random.Random(derive(state.config.seed, track, iteration)))
    history = history_of(state, iteration)
    record(state, track, iteration, "permuted", made, (), {}, history)


def permute(rows: Iterable[Selected], spare: Mapping[Pair, Candidate], rng: random.Random) -> list[Selected]:
    """Return ``rows`` with their rationales, in which each problem teaches the tags of another one.

    All problems of the rows are permuted, whatever their kind, so that the tags keep their shares and
    their spread over the strategies of a problem. Where a problem has no row of a strategy, the tag is
    taught by itself, under a text of ``spare`` that counts nothing; without one it is left out.
    """
    rows = list(rows)
    tags: dict[str, dict[str, float]] = {}
    place: dict[Pair, int] = {}
    for at, row in enumerate(rows):
        problem, strategy = row.candidate.problem_id, row.candidate.strategy
        own = tags.setdefault(problem, {})
        weight = row.weight if row.tag_weight is None else row.tag_weight
        own[strategy] = own.get(strategy, 0.0) + weight
        place.setdefault((problem, strategy), at)
    problems = sorted(tags)
    others = rng.sample(problems, len(problems))
    made = [replace(row, tag_weight=0.0) for row in rows]
    for problem, other in zip(problems, others, strict=True):
        for strategy, weight in sorted(tags[other].items()):
            found = place.get((problem, strategy))
            if found is not None:
                made[found] = replace(made[found], tag_weight=weight)
            elif weight and (problem, strategy) in spare:
                made.append(Selected(spare[problem, strategy], "tag alone: permuted", 0.0, weight))
    return made


def _candidate(text: PlacedText) -> Candidate:
    return Candidate(
        rationale=text.rationale,
        problem_id=text.problem,
        strategy=text.strategy,
        source="student" if text.step == "sample" else "teacher",
        sample=text.sample,
        length=text.tokens,
        hash="",
    )
