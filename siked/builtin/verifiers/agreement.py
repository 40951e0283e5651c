"""Verifier ``agreement``: no gold needed; what most answers to a problem say is taken for right.

Self-consistency (Wang et al. 2023, arXiv 2203.11171), across strategies as well as samples.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from annotated_types import Ge, Lt

from siked.answers import Found, Why, extract, groups
from siked.builtin.verifiers.verdicts import unverified
from siked.errors import ConfigError
from siked.records import Answer, Problem, Status, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementOptions:
    """Options of ``agreement``."""

    share: Annotated[float, Ge(0), Lt(1)] = field(
        default=0.5, metadata={"help": "The winner needs more than this share of all answers (0 to 1)."}
    )
    votes: Annotated[int, Ge(1)] = field(
        default=2, metadata={"help": "The winner needs so many votes at least."}
    )
    forms: Annotated[int, Ge(1)] = field(
        default=2,
        metadata={
            "help": "The winner must come in so many kinds of rationale (prose, sub-questions, programs), "
            "or in all that there are."
        },
    )

    def __post_init__(self) -> None:
        if not 0 <= self.share < 1:
            raise ConfigError(f"share is {self.share}; it can be 0 up to, not including, 1")
        if self.votes < 1 or self.forms < 1:
            raise ConfigError("votes and forms can be 1 or more")


class Agreement:
    """The answer that most strategies and samples agree on is right, every other one is wrong.

    An answer without a value has no vote, but counts in the share. The rule says how many percent
    agreed, rounded down to tens (``agreed-70``, ``outvoted-70``). Where no answer wins, all are
    unverified.
    """

    name: ClassVar[str] = "agreement"
    version: ClassVar[str] = "1"
    Options: ClassVar[type[AgreementOptions]] = AgreementOptions

    def __init__(self, options: AgreementOptions) -> None:
        self._options = options

    def verify(self, problem: Problem, answers: Sequence[Answer]) -> Sequence[Verdict]:
        """Judge all answers together; the gold, if there is one, is not looked at."""
        found = [_extract(answer) for answer in answers]
        together = groups(found)
        votes = Counter(group for group in together if group is not None)
        if len(answers) < self._options.votes or not votes:
            return [unverified(Why.FEW, one.text) for one in found]
        (winner, count), *others = votes.most_common(2)
        share = count / len(answers)
        tied = bool(others) and others[0][1] == count
        forms = {answer.form for answer in answers}
        won_in = {answer.form for answer, group in zip(answers, together, strict=True) if group == winner}
        enough = count >= self._options.votes and share > self._options.share
        if tied or not enough or len(won_in) < min(self._options.forms, len(forms)):
            return [unverified(Why.NO_MAJORITY, one.text) for one in found]
        tens = 100 * count // len(answers) // 10 * 10
        return [
            Verdict(
                status=Status.CORRECT if group == winner else Status.WRONG,
                answer=one.text,
                rule=f"agreed-{tens}" if group == winner else f"outvoted-{tens}",
            )
            for one, group in zip(found, together, strict=True)
        ]


def _extract(answer: Answer) -> Found:
    try:
        return extract(answer)
    except Exception:
        return Found(None, Why.CRASH)
