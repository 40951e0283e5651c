"""What all schedules share: which rationales of a source may enter a mixture, and in which order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from siked.errors import ConfigError
from siked.records import Candidate, Choice

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepOptions:
    """How many correct rationales of a (problem, strategy) pair are kept, for teacher and student alike."""

    keep: Literal["first", "all"] = field(
        default="first",
        metadata={
            "help": "first: the first correct rationale of a pair (the paper's); all: every distinct one."
        },
    )
    cap: int = field(
        default=0,
        metadata={"help": "With keep all, at most so many rationales of a pair and source; 0 is no limit."},
    )
    flagged: Literal["keep", "drop"] = field(
        default="keep",
        metadata={"help": "What to do with correct rationales whose reasoning carries a warning."},
    )

    def __post_init__(self) -> None:
        if self.keep not in ("first", "all"):
            raise ConfigError(f"keep is {self.keep!r}; it can be first or all")
        if self.flagged not in ("keep", "drop"):
            raise ConfigError(f"flagged is {self.flagged!r}; it can be keep or drop")
        if self.cap < 0:
            raise ConfigError(f"cap is {self.cap}; it can be 0 (no limit) or more")


def pair_of(candidate: Candidate) -> Pair:
    """The (problem, strategy) a rationale was written for."""
    return candidate.problem_id, candidate.strategy


def pool(candidates: Iterable[Candidate], options: KeepOptions) -> list[Candidate]:
    """Return the candidates that ``options`` keep, sorted by (problem, strategy, sample).

    Equal texts of one pair and source count once, whatever the options.
    """
    limit = 1 if options.keep == "first" else options.cap
    kept: list[Candidate] = []
    count: dict[Pair, int] = {}
    seen: set[tuple[Pair, str]] = set()
    for candidate in sorted(candidates, key=_order):
        pair = pair_of(candidate)
        if options.flagged == "drop" and candidate.flagged:
            continue
        if (limit and count.get(pair, 0) >= limit) or (pair, candidate.hash) in seen:
            continue
        seen.add((pair, candidate.hash))
        count[pair] = count.get(pair, 0) + 1
        kept.append(candidate)
    return kept


def in_order(choices: Sequence[Choice]) -> Iterator[Choice]:
    """Yield rows by (problem, strategy), the teacher's before the student's."""
    yield from sorted(
        choices, key=lambda c: (*pair_of(c.candidate), c.candidate.source != "teacher", _order(c.candidate))
    )


def warm_up(teacher: Sequence[Candidate]) -> list[Choice]:
    """The mixture of iteration 0: all of D_LLM (the paper's Combined)."""
    return [Choice(candidate, "teacher: iteration 0") for candidate in teacher]


def _order(candidate: Candidate) -> tuple[str, str, int, int]:
    return candidate.problem_id, candidate.strategy, candidate.sample, candidate.rationale
