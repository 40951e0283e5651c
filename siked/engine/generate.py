"""Asking a backend: plan the requests of a step, then fetch what is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from siked.contracts import Strategy
from siked.engine import completion_cache
from siked.engine.seeds import derive, request_key
from siked.engine.state import MAIN, State
from siked.errors import ComponentError
from siked.journal import Stage
from siked.journal.queries import events as happened
from siked.journal.queries import texts
from siked.journal.read import Asked
from siked.models.weights import weights_hash
from siked.records import (
    Call,
    Message,
    Model,
    ModelInfo,
    Problem,
    Request,
    Reservation,
    Sampling,
)
from siked.workers import Spec

CHUNK = 2048
"""Requests handed to a backend at a time, so that memory stays flat whatever a step's size. A
chunk is a pure function of the step's plan: resuming makes the same batches."""


_ABSENT = object()


class Ask(NamedTuple):
    """One sample wanted: problem row, problem, strategy ('' for a free choice), sample number."""

    row: int
    problem: Problem
    strategy: str
    sample: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Whom to ask and how."""

    spec: Spec
    backend: str
    model: Model
    sampling: Sampling
    seed: int
    teacher: bool = False


def student_source(state: State, track: str, iteration: int, sampling: Sampling) -> Source:
    """Return the source that samples student ``iteration``."""
    return Source(
        spec=state.student_spec,
        backend=state.config.backend.name,
        model=state.student(track, iteration),
        sampling=sampling,
        seed=state.config.seed,
    )


def generate(state: State, stage: Stage, source: Source, asks: Callable[[], Iterable[Ask]]) -> None:
    """Ask for every sample of a step that has no text yet; each text is journalled as it comes."""
    journal = state.journal
    asked, ended = journal.count_requests(stage)
    if not asked:
        info = state.pool.open(source.spec, source.model)
        if not source.teacher:
            _see_to_fingerprint(state, source, info)
        with journal.saving():
            journal.requests(_planned(state, stage, source, info, asks()))
            journal.reuse(stage)
        _from_cache(state, stage, source)
        asked, ended = journal.count_requests(stage)
    if asked == ended and not state.retry_failed:
        return
    state.reporter.begin(f"{_label(stage)} {stage.step}", asked)
    state.reporter.advance(ended)
    group = len(state.strategies) * max(state.config.sample.k, 1)
    size = max(1, CHUNK // group) * group
    for window in _windows(journal.chunks(stage, size, state.retry_failed), source.spec.window):
        ended = _fetch(state, stage, source, window, ended)
    state.reporter.end()
    completion_cache.put(state, source.spec, stage)
    _tell_failures(state, stage)


def _see_to_fingerprint(state: State, source: Source, info: ModelInfo) -> None:
    """Refuse a fingerprint that an earlier student has whose weights are others: what that one wrote would
    be taken for this one's."""
    known = happened.events(state.journal, "opened")
    own = _place(state, source.model)
    for student, fingerprint in {(e["student"], e["fingerprint"]) for e in known}:
        if fingerprint == info.fingerprint and student != own and not _same(state, student, own):
            offer = state.registry.find("backend", source.backend)
            raise ComponentError(
                f"{offer.full}: open returned the fingerprint {fingerprint[:80]!r} for {own or 'the base'}"
                f" and for {student or 'the base'}, whose weights differ"
                " (rule: siked.records.ModelInfo.fingerprint)"
            )
    if own not in {e["student"] for e in known}:
        state.journal.event("opened", student=own, fingerprint=info.fingerprint)


def _place(state: State, model: Model) -> str:
    """Return the folder of a student in the run's, '' for the base."""
    return str(Path(model.weights).relative_to(state.folder.resolve())) if model.weights else ""


def _same(state: State, one: str, other: str) -> bool:
    if not one or not other:
        return False
    return weights_hash(state.folder / one) == weights_hash(state.folder / other)


def _windows(chunks: Iterable[list[Asked]], size: int) -> Iterator[list[list[Asked]]]:
    """Yield ``size`` chunks at a time; fewer where two share a key, as each writes its own text for it."""
    window: list[list[Asked]] = []
    keys: set[str] = set()
    for chunk in chunks:
        own = {asked.key for asked in chunk if not asked.done}
        if window and (len(window) == size or keys & own):
            yield window
            window, keys = [], set()
        window.append(chunk)
        keys |= own
    if window:
        yield window


def _from_cache(state: State, stage: Stage, source: Source) -> None:
    taken = completion_cache.take(state, source.spec, stage)
    if not taken:
        return
    with state.journal.saving():
        for request, completion, name in taken:
            state.journal.completion(request, completion, name or chosen(state, completion.text)[0])
    state.note(f"{_label(stage)} {stage.step}: {len(taken)} texts came from the cache")


def build(state: State, source: Source, asked: Asked, problem: Problem) -> Request:
    """Return the request that a backend sees."""
    messages, prefix = _prompt(state, source, problem, asked.strategy)
    return Request(
        key=asked.key,
        messages=messages,
        prefix=prefix,
        sampling=source.sampling,
        seed=asked.seed,
        problem_id=problem.id,
        question=problem.question,
        strategy=asked.strategy,
        sample=asked.sample,
        done=bool(asked.done),
    )


def chosen(state: State, text: str) -> tuple[str, str]:
    """Split a free text into the strategy that its tag names and the rest; '' without a tag."""
    return by_tag(state.strategies, text)


def by_tag(strategies: Mapping[str, Strategy], text: str) -> tuple[str, str]:
    """Split a text into the strategy, of those given, that its tag names and the rest; '' without a tag."""
    stripped = text.lstrip()
    for name, strategy in strategies.items():
        if stripped.startswith(strategy.tag):
            return name, stripped[len(strategy.tag) :].lstrip(":").lstrip()
    return "", text


def _fetch(state: State, stage: Stage, source: Source, window: list[list[Asked]], ended: int) -> int:
    twins: dict[str, list[Asked]] = {}
    for asked in chain.from_iterable(window):
        if not asked.done:
            twins.setdefault(asked.key, []).append(asked)
    open_ids = dict.fromkeys(twins)

    def wanted(asked: Asked) -> Request:
        problem = state.journal.problem(asked.problem)
        return build(state, source, asked._replace(done=asked.key not in open_ids), problem)

    def pending() -> list[list[Request]]:
        return [[wanted(asked) for asked in chunk] for chunk in window]

    def used() -> tuple[int, float]:
        return state.journal.used(source.teacher)

    for item in state.pool.generate(source.spec, source.model, pending, used):
        with state.journal.saving():
            if isinstance(item, Reservation):
                state.journal.reservation(item, source.teacher)
                continue
            if isinstance(item, Call):
                state.journal.call(stage, source.backend, item)
            elif open_ids.pop(item.key, _ABSENT) is not _ABSENT:
                for asked in twins[item.key]:
                    name = asked.strategy or chosen(state, item.text)[0]
                    state.journal.completion(asked.id, item, name)
                    ended += 1
        if isinstance(item, Call):
            state.tell_call(stage, item)
        state.reporter.advance(ended)
    return ended


def _planned(
    state: State, stage: Stage, source: Source, info: ModelInfo, asks: Iterable[Ask]
) -> Iterable[tuple[Stage, int, str, int, int, str]]:
    for ask in asks:
        messages, prefix = _prompt(state, source, ask.problem, ask.strategy)
        natural = (ask.problem.dataset, ask.problem.split, ask.problem.id, ask.strategy, ask.sample)
        seed = derive(source.seed, stage.step, stage.iteration, *natural)
        key = request_key(source.backend, info, messages, prefix, source.sampling, seed)
        yield stage, ask.row, ask.strategy, ask.sample, seed, key


def _prompt(state: State, source: Source, problem: Problem, strategy: str) -> tuple[tuple[Message, ...], str]:
    if source.teacher:
        return tuple(state.strategies[strategy].teacher_messages(problem)), ""
    return student_prompt(problem.question), state.strategies[strategy].tag if strategy else ""


def student_prompt(question: str) -> tuple[Message, ...]:
    """Return the student's prompt, the same in training and at test time."""
    return (Message("user", question),)


def _tell_failures(state: State, stage: Stage) -> None:
    for found in texts.failures(state.journal, stage):
        state.note(f"{stage.step}: {found.n} requests {found.outcome}: {found.reason or 'no reason given'}")


def _label(stage: Stage) -> str:
    return f"iteration {stage.iteration}" if stage.track == MAIN else f"{stage.track} {stage.iteration}"
