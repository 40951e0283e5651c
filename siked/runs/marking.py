"""Judging texts that other tools have generated, as `siked eval` judges those of a student."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType

from siked import config as configuration
from siked.config import RunConfig
from siked.contracts import Sandbox, Strategy, Verifier
from siked.engine.generate import by_tag
from siked.judging import judge
from siked.records import JudgeItem, Malformed, Problem, ProgramOutcome, Verdict
from siked.registry import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """What was made of a text."""

    strategy: str
    """As its tag says; empty without a tag."""
    text: str
    """Without the tag."""
    verdict: Verdict
    program: ProgramOutcome | None


class Marker:
    """The strategies, verifier and sandbox of a configuration, ready to judge texts that begin with a tag.

    Not to be shared between threads; ``close`` ends the sandbox.
    """

    def __init__(self, config: RunConfig, registry: Registry) -> None:
        self._strategies: dict[str, Strategy] = {
            section.name: configuration.guarded(registry, "strategy", section)
            for section in config.strategies
        }
        self._verifier: Verifier = configuration.guarded(registry, "verifier", config.verifier)
        self._sandbox: Sandbox = configuration.guarded(registry, "sandbox", config.sandbox)

    @property
    def strategies(self) -> tuple[str, ...]:
        """Names of the strategies, in order."""
        return tuple(self._strategies)

    def mark(self, answered: Sequence[tuple[Problem, str]]) -> list[Marked]:
        """Return what becomes of each text, in order; programs are run together. Each text is judged by
        itself, also where several answer one problem."""
        read = [by_tag(self._strategies, text) for _, text in answered]
        items = [
            JudgeItem(place, problem, self._strategies[name].read(text) if name else Malformed("no-tag"))
            for place, ((problem, _), (name, text)) in enumerate(zip(answered, read, strict=True))
        ]
        judged = judge(items, self._verifier, self._sandbox.run)
        return [
            Marked(strategy=name, text=text, verdict=found.verdict, program=found.program)
            for (name, text), found in zip(read, judged, strict=True)
        ]

    def close(self) -> None:
        """End the sandbox; safe to call twice."""
        self._sandbox.close()

    def __enter__(self) -> Marker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
