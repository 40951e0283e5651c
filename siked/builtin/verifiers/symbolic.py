"""Verifier ``symbolic``: math-verify where the gold is no number, in processes that can be killed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Annotated, ClassVar

from annotated_types import Ge, Gt

from siked.answers import Found, How, Judgement, Where, Why, Word, judge, read_gold
from siked.answers.spans import span
from siked.builtin.verifiers.pool import Pool, Reply
from siked.builtin.verifiers.verdicts import guarded, unverified, verdict
from siked.errors import ConfigError, MissingExtra
from siked.records import Answer, Problem, Status, Verdict

_FORMULA = re.compile(r"[\d\\^_=+*/{}()\[\]<>|]|\b[a-zA-Z]\b")
_MARKED = re.compile(r"\$|\\\(|\\\[|\\boxed")


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolicOptions:
    """Options of ``symbolic``."""

    seconds: Annotated[float, Gt(0)] = field(
        default=5.0, metadata={"help": "Seconds an answer may take; then it is unverified."}
    )
    workers: Annotated[int, Ge(1)] = field(
        default=1, metadata={"help": "Processes that compare at the same time."}
    )
    megabytes: Annotated[int, Ge(1)] = field(
        default=2048, metadata={"help": "Address space of one of them, in MiB."}
    )

    def __post_init__(self) -> None:
        if self.seconds <= 0 or self.workers < 1 or self.megabytes < 256:
            raise ConfigError("seconds must be above 0, workers 1 or more, megabytes 256 or more")


class Symbolic:
    """Numbers, times, several values and words as ``numeric`` judges them; formulas by math-verify."""

    name: ClassVar[str] = "symbolic"
    version: ClassVar[str] = "2"
    Options: ClassVar[type[SymbolicOptions]] = SymbolicOptions

    def __init__(self, options: SymbolicOptions) -> None:
        if find_spec("math_verify") is None:
            raise MissingExtra("verifier 'symbolic'", "symbolic")
        self._pool = Pool(
            "siked.builtin.verifiers.mathworker", options.workers, options.seconds, options.megabytes
        )

    def verify(self, problem: Problem, answers: Sequence[Answer]) -> Sequence[Verdict]:
        """Judge each answer; one that takes too long or breaks math-verify is unverified."""
        gold = problem.gold
        if gold is None or not _is_formula(gold):
            return [guarded(gold, answer) for answer in answers]
        verdicts: list[Verdict | None] = []
        asked: list[tuple[int, Found]] = []
        payloads: list[dict[str, object]] = []
        for index, answer in enumerate(answers):
            first, found = _first_look(gold, answer)
            verdicts.append(first)
            if first is None:
                asked.append((index, found))
                payloads.append({"gold": _formula(gold), "texts": _readings(found.text or "")})
        for (index, found), reply in zip(asked, self._pool.map(payloads), strict=True):
            verdicts[index] = _told(found, reply)
        return [one or unverified(Why.CRASH) for one in verdicts]

    def close(self) -> None:
        """End the worker processes; safe to call twice."""
        self._pool.close()


def _is_formula(gold: str) -> bool:
    kind = read_gold(gold).kind
    return kind == "word" and _FORMULA.search(gold) is not None


def _first_look(gold: str, answer: Answer) -> tuple[Verdict | None, Found]:
    """Judge without math-verify where the text is the gold's own, or where there is none to judge."""
    try:
        judged = judge(gold, answer)
        shown = span(answer)
    except Exception:
        return unverified(Why.CRASH), Found(None, Why.CRASH)
    if judged.correct:
        return verdict(judged), judged.found
    if isinstance(shown, Why):
        return Verdict(status=Status.WRONG, answer=None, rule=shown.value), Found(None, shown)
    return None, Found(Word(shown[0]), shown[1])


def _formula(text: str) -> str:
    return text if _MARKED.search(text) else f"${text}$"


def _readings(text: str) -> list[str]:
    """The marked words as they stand; a bare formula also between dollars, as math-verify wants it."""
    bare = text.strip().rstrip(".")
    return [text] if _MARKED.search(text) else [f"${bare}$"]


def _told(found: Found, reply: Reply) -> Verdict:
    if reply.status != "ok":
        return unverified(Why.TIMEOUT if reply.status == "timeout" else Why.CRASH, found.text)
    where = found.rule.value if isinstance(found.rule, Where) else Where.SENTENCE.value
    how = How.SYMBOLIC if reply.value else How.DIFFERENT
    return verdict(Judgement(bool(reply.value), found, f"{where}/{how.value}"))
