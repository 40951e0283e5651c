"""The border between components and the engine: what they return is checked where it enters.

:func:`guard` puts a component behind its border. A component that raises, or returns what its contract
does not allow, ends in a :class:`siked.errors.ComponentError`: one line with the component, its plugin,
distribution and version, and the file that has the whole story. Errors of siked's own pass: they are
written for a user. Backends and trainers are checked in their workers.
"""

from __future__ import annotations

import os
import tempfile
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from siked.errors import ComponentError, SikedError
from siked.plugins import described
from siked.records import (
    Answer,
    Candidate,
    Continue,
    Decision,
    DevPoint,
    DevProblem,
    History,
    Malformed,
    Message,
    Problem,
    Program,
    ProgramOutcome,
    ProgramStatus,
    Reading,
    Rejected,
    RollBack,
    Selected,
    SplitName,
    Stop,
    Target,
    TestProblem,
    TrainProblem,
    Verdict,
)
from siked.shapes import described as shown
from siked.shapes import number, several, wrong

if TYPE_CHECKING:
    import random

    from siked.registry import Offer, Registry

LONGEST_RULE = 100
"""Characters of a rule or a reason: it is counted in tables, a text is not."""
SPLITS: Mapping[SplitName, type[Problem]] = {"train": TrainProblem, "dev": DevProblem, "test": TestProblem}


@dataclass(slots=True)
class Log:
    """Where the whole story of an error goes: a file of the run, or one in the folder for such files."""

    path: Path | None = None

    def add(self, text: str) -> Path:
        """Append a text; return the file."""
        if self.path is None:
            handle, name = tempfile.mkstemp(prefix="siked-plugin-", suffix=".log")
            os.close(handle)
            self.path = Path(name)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8", errors="replace") as file:
            file.write(f"{text.rstrip()}\n\n")
        return self.path


class Border:
    """A component behind its border; what is not checked is the component's own."""

    contract = ""

    def __init__(self, offer: Offer, component: Any, log: Log) -> None:
        self.offer = offer
        self.component = component
        self.log = log

    def __getattr__(self, name: str) -> Any:
        return getattr(self.component, name)

    def complain(self, method: str, what: str, value: object = None) -> NoReturn:
        """Raise the error for what a method returned."""
        place = f"siked.contracts.{self.contract}.{method}"
        try:
            whole = repr(value)[:4000]
        except Exception:
            whole = "(cannot be shown)"
        log = self.log.add(f"{self.offer.full}: {method} {what}\nrule: {place}\nvalue: {whole}")
        raise ComponentError(f"{self.offer.full}: {method} {what} (rule: {place}; log: {log})")

    def failed(self, method: str, error: BaseException) -> ComponentError:
        """Return the error for what a method raised."""
        text = "".join(traceback.format_exception(error))
        log = self.log.add(f"{self.offer.full}: {method} raised\n{text}")
        return ComponentError(f"{self.offer.full}: {method} raised {described(error)} (log: {log})")

    def call(self, method: str, *arguments: Any) -> Any:
        """Call a method of the component."""
        try:
            return getattr(self.component, method)(*arguments)
        except (SikedError, KeyboardInterrupt):
            raise
        except BaseException as error:
            raise self.failed(method, error) from None

    def each(self, method: str, produced: Any) -> Iterator[Any]:
        """Yield what a method produces, one after the other."""
        if isinstance(produced, str | bytes | Mapping) or not isinstance(produced, Iterable):
            self.complain(method, f"returned {shown(produced)}; it yields one after the other", produced)
        items = iter(produced)
        while True:
            try:
                item = next(items)
            except StopIteration:
                return
            except (SikedError, KeyboardInterrupt):
                raise
            except BaseException as error:
                raise self.failed(method, error) from None
            yield item


class StrategyBorder(Border):
    """A strategy: the prompt is turns of a conversation, a reading one of three records."""

    contract = "Strategy"

    def teacher_messages(self, problem: Problem) -> list[Message]:
        """Return the prompt."""
        given = self.call("teacher_messages", problem)
        messages, bad = several(given, "Message")
        bad = bad or next((word for one in messages if (word := wrong(one, Message))), "")
        if bad or not messages:
            self.complain("teacher_messages", f"returned {bad or 'no message at all'}", given)
        return messages

    def read(self, text: str) -> Reading:
        """Return what the text holds."""
        reading: Reading = self.call("read", text)
        bad = wrong(reading, Answer, Program, Malformed)
        if not bad and isinstance(reading, Malformed):
            bad = _no_word("Malformed.reason", reading.reason)
        if bad:
            self.complain("read", f"returned {bad}", reading)
        return reading


class VerifierBorder(Border):
    """A verifier: one verdict an answer, each with a short rule."""

    contract = "Verifier"

    def verify(self, problem: Problem, answers: Sequence[Answer]) -> list[Verdict]:
        """Return the verdicts."""
        given = self.call("verify", problem, answers)
        verdicts, bad = several(given, "Verdict")
        for verdict in verdicts:
            bad = bad or wrong(verdict, Verdict) or _no_word("Verdict.rule", verdict.rule)
        if not bad and len(verdicts) != len(answers):
            bad = f"{len(verdicts)} verdicts for {len(answers)} answers; it is one each, in order"
        if bad:
            self.complain("verify", f"returned {bad}", given)
        return verdicts


class ScheduleBorder(Border):
    """A schedule: it hands back candidates it was given, each once."""

    contract = "Schedule"

    def mix(
        self,
        teacher: Sequence[Candidate],
        student: Sequence[Candidate],
        history: History,
        rng: random.Random,
    ) -> Iterator[Selected | Rejected | Target]:
        """Yield the rows."""
        known = {candidate.rationale: candidate for candidate in (*teacher, *student)}
        told: dict[int, str] = {}
        for item in self.each("mix", self.call("mix", teacher, student, history, rng)):
            bad = wrong(item, Selected, Rejected, Target) or self._misplaced(item, known, told)
            if bad:
                self.complain("mix", f"yielded {bad}", item)
            yield item

    def _misplaced(
        self, item: Selected | Rejected | Target, known: Mapping[int, Candidate], told: dict[int, str]
    ) -> str:
        if isinstance(item, Target):
            return "" if number(item.asked, 0) else f"a Target of {item.asked}; it is a number, 0 or more"
        place, word = item.candidate.rationale, type(item).__name__
        if known.get(place) != item.candidate:
            return f"{word} of a candidate that it was not given: {shown(item.candidate, 0)} {place}"
        if place in told:
            return f"rationale {place} twice, as {told[place]} and as {word}; each candidate comes once"
        told[place] = word
        if isinstance(item, Selected):
            if not number(item.weight, 0) or item.weight == 0:
                return f"Selected.weight {item.weight}; it is above 0"
            if item.tag_weight is not None and not number(item.tag_weight, 0):
                return f"Selected.tag_weight {item.tag_weight}; it is 0 or more, or None"
        return _no_word(f"{word}.reason", item.reason)


class StoppingBorder(Border):
    """A stopping rule: one of three decisions."""

    contract = "Stopping"

    def decide(self, history: Sequence[DevPoint], iterations: int) -> Decision:
        """Return the decision."""
        decision: Decision = self.call("decide", history, iterations)
        bad = wrong(decision, Continue, Stop, RollBack)
        if not bad and isinstance(decision, RollBack) and not 0 <= decision.to < history[-1].iteration:
            bad = (
                f"RollBack to {decision.to}; iterations before {history[-1].iteration} can be rolled back to"
            )
        if not bad and isinstance(decision, Stop | RollBack) and not decision.reason.strip():
            bad = f"{type(decision).__name__} without a reason"
        if bad:
            self.complain("decide", f"returned {bad}", decision)
        return decision


class SandboxBorder(Border):
    """A sandbox: one outcome a program."""

    contract = "Sandbox"

    def run(self, programs: Iterable[Program]) -> Iterator[ProgramOutcome]:
        """Yield the outcomes; that there is one a program is checked where ``programs`` has a length."""
        most = len(programs) if isinstance(programs, Sequence) else None
        count = 0
        for outcome in self.each("run", self.call("run", programs)):
            bad = wrong(outcome, ProgramOutcome)
            if not bad and (outcome.answer is not None) != (outcome.status is ProgramStatus.OK):
                bad = f"status {outcome.status} with answer {shown(outcome.answer)}; one comes with 'ok' only"
            count += 1
            if most is not None and count > most:
                bad = f"more outcomes than programs ({most}); it is one each, in order"
            if bad:
                self.complain("run", f"yielded {bad}", outcome)
            yield outcome
        if most is not None and count < most:
            self.complain("run", f"yielded {count} outcomes for {most} programs; it is one each, in order")

    def close(self) -> None:
        """End every process."""
        self.call("close")


class DatasetBorder(Border):
    """A data set: whole problems of the split that was asked for."""

    contract = "Dataset"

    def load(self, split: SplitName) -> Iterator[Problem]:
        """Yield the problems of a split."""
        seen: set[str] = set()
        for problem in self.each("load", self.call("load", split)):
            bad = wrong(problem, SPLITS[split])
            if not bad:
                bad = _no_problem(problem, seen)
                seen.add(problem.id)
            if bad:
                self.complain("load", f"({split!r}) yielded {bad}", problem)
            yield problem


def _no_problem(problem: Problem, seen: set[str]) -> str:
    for name in ("id", "question", "dataset"):
        if not getattr(problem, name).strip():
            return f"a problem whose {name} is empty: {shown(problem.id)}"
    return f"the id {problem.id!r} twice; ids are unique in a split" if problem.id in seen else ""


def _no_word(what: str, text: str) -> str:
    """Say that a rule or reason is none that can be counted: it is empty, has lines, or is a whole text."""
    if not text.strip():
        return f"an empty {what}"
    if len(text) > LONGEST_RULE or "\n" in text:
        return f"a {what} of {len(text)} characters; it is one line of {LONGEST_RULE} at most"
    return ""


_BORDERS: Mapping[str, type[Border]] = {
    "strategy": StrategyBorder,
    "verifier": VerifierBorder,
    "schedule": ScheduleBorder,
    "stopping": StoppingBorder,
    "sandbox": SandboxBorder,
    "dataset": DatasetBorder,
}


def made(registry: Registry, kind: str, name: str, options: Mapping[str, Any] | None = None) -> Any:
    """Make the component behind ``name`` and put it behind its border."""
    return guard(registry.find(kind, name), registry.make(kind, name, options))


def guard(offer: Offer, component: Any, log: Log | None = None) -> Any:
    """Put a component behind the border of its kind; a backend or trainer comes back as it is."""
    border: Callable[[Offer, Any, Log], Any] | None = _BORDERS.get(offer.kind)
    return component if border is None else border(offer, component, log or Log())
