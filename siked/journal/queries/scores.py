"""Questions about scores, tags and time."""

from __future__ import annotations

import math
from typing import NamedTuple

from siked.journal.opening import from_json
from siked.journal.read import Reader


class Evaluation(NamedTuple):
    """The score of a student on a set in a mode, by the verdicts that count."""

    track: str
    iteration: int
    dataset: str
    split: str
    mode: str
    n: int
    correct: int
    unverified: int
    choice: dict[str, float]

    @property
    def set(self) -> str:
        """``dev``, or the name of a test set."""
        return "dev" if self.split == "dev" else self.dataset


class Timing(NamedTuple):
    """A finished step."""

    track: str
    iteration: int
    step: str
    seconds: float


def evaluations(journal: Reader, track: str | None = None, iteration: int | None = None) -> list[Evaluation]:
    """Return scores in the order in which they were recorded."""
    return [
        Evaluation._make((*values, from_json(choice, journal.path)))
        for *values, choice in journal.db.execute(
            "SELECT track, iteration, dataset, split, mode, n, correct, unverified, choice"
            " FROM current_evaluation WHERE (?1 IS NULL OR track = ?1) AND (?2 IS NULL OR iteration = ?2)"
            " ORDER BY id",
            (track, iteration),
        )
    ]


def choice_on_dev(journal: Reader, track: str, iteration: int) -> dict[str, float]:
    """Return the shares of strategies in a student's free greedy choice on dev; none where unscored."""
    found = [e for e in evaluations(journal, track, iteration) if e.split == "dev" and e.mode == "free"]
    return found[0].choice if found else {}


def tag_probabilities(journal: Reader, track: str, iteration: int) -> dict[int, dict[str, float]]:
    """Return, by problem, the probability of each strategy's whole tag."""
    found: dict[int, dict[str, float]] = {}
    for problem, strategy, logprob in journal.db.execute(
        "SELECT problem, strategy, logprob FROM tag_scores WHERE track = ? AND iteration = ? ORDER BY id",
        (track, iteration),
    ):
        found.setdefault(problem, {})[strategy] = math.exp(logprob)
    return found


def timings(journal: Reader, track: str | None = None, iteration: int | None = None) -> list[Timing]:
    """Return the finished steps, in order."""
    return [
        Timing(*row)
        for row in journal.db.execute(
            "SELECT track, iteration, step, seconds FROM steps WHERE (?1 IS NULL OR track = ?1)"
            " AND (?2 IS NULL OR iteration = ?2) ORDER BY id",
            (track, iteration),
        )
    ]


def spent(journal: Reader, upto: int) -> dict[int, tuple[float, int]]:
    """Return, by iteration 0 to ``upto``, the seconds and the tokens (generated and trained on) of the run
    up to it."""
    by_iteration = {at: [0.0, 0] for at in range(upto + 1)}
    where = "track = 'main' AND iteration <= ? GROUP BY iteration"
    for query in (
        f"SELECT iteration, sum(seconds), 0 FROM steps WHERE {where}",
        f"SELECT iteration, 0.0, sum(tokens) FROM students WHERE {where}",
        f"SELECT q.iteration, 0.0, sum(r.completion_tokens) FROM requests q"
        f" JOIN rationales r ON r.request = q.id WHERE {where}",
    ):
        for iteration, seconds, tokens in journal.db.execute(query, (upto,)):
            by_iteration[iteration][0] += seconds
            by_iteration[iteration][1] += tokens
    found: dict[int, tuple[float, int]] = {}
    total, written = 0.0, 0
    for at, (seconds, tokens) in by_iteration.items():
        total, written = total + seconds, written + int(tokens)
        found[at] = (total, written)
    return found


def evaluated(journal: Reader) -> list[int]:
    """Return the iterations of the run whose scoring is finished."""
    return [t.iteration for t in timings(journal, "main") if t.step == "evaluate"]


def free_dev(journal: Reader, upto: int) -> list[Evaluation]:
    """Return the free scores on dev of iterations 0 to ``upto`` of the run."""
    found = [e for e in evaluations(journal, "main") if e.split == "dev" and e.mode == "free"]
    return sorted((e for e in found if e.iteration <= upto), key=lambda e: e.iteration)
