"""The problems of a run: read once, split, recorded."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from siked.config import ComponentConfig, DatasetConfig
from siked.engine.contamination import OverlapIndex, decontaminated, overlaps
from siked.engine.state import MAIN, State
from siked.errors import DataError
from siked.journal import Stage
from siked.records import DevProblem, Problem, TrainProblem
from siked.text.normalize import masked
from siked.workers.host import Worker

DEV_SHARE = 0.1


def prepare(state: State) -> None:
    """Load train, dev and test problems into the journal, unless they are there."""
    with state.step(Stage(MAIN, 0, "prepare")) as finished:
        if finished:
            return
        dataset: Any = state.component("dataset", _plain(state.config.dataset))
        train: list[TrainProblem] = list(dataset.load("train"))
        dev: list[Problem] = list(dataset.load("dev"))
        _tell_skipped(state, dataset)
        train = _with_gold(state, train)
        if dev:
            dev = dev[: state.config.dataset.dev]
        else:
            train, dev = split_dev(train, state.config.dataset.dev)
        tests = list(_tests(state, dataset))
        if state.config.decontaminate:
            train = _decontaminated(state, train, [dev, *tests])
        train = train[: state.config.dataset.limit]
        if not train or not dev:
            raise DataError(
                dataset.name,
                None,
                f"{len(train)} training and {len(dev)} dev problems: too few to learn from"
                + ("; decontaminate left the overlapping ones out" if state.config.decontaminate else ""),
            )
        index = OverlapIndex.by(train)
        others = [("dev", dev), *((problems[0].dataset, problems) for problems in tests)]
        everything: list[Sequence[Problem]] = [train, dev, *tests]
        with state.journal.saving():
            for problems in everything:
                state.journal.problems((p, index.holds(p)["story_masked"]) for p in problems)
            state.journal.fact("overlap", overlaps(index, others))
        _tell_leaks(state)


def preflight(state: State) -> None:
    """Open the student before the teacher is asked: a wrong name, a missing package, a model that
    could not learn to end its texts or a tag that it cannot write costs nothing yet."""
    if state.journal.finished(Stage(MAIN, 0, "train")):
        return
    student = state.student(MAIN, -1)
    state.pool.open(state.student_spec, student)
    if hasattr(state.registry.find("backend", state.config.backend.name).load(), "check_tags"):
        tags = [strategy.tag for strategy in state.strategies.values()]

        def check(worker: Worker) -> None:
            worker.open(student)
            worker.check_tags(tags)

        state.pool.retry(state.student_spec, check)


def split_dev(problems: Sequence[TrainProblem], most: int) -> tuple[list[TrainProblem], list[Problem]]:
    """Set a tenth of the problems aside as dev, at most ``most``.

    Problems that differ in their numbers only stay together; which ones go is decided by a hash of
    the masked question, so that it does not depend on order, seed or version.
    """
    groups: dict[str, list[TrainProblem]] = {}
    for problem in problems:
        groups.setdefault(masked(problem.question), []).append(problem)
    want = min(most, max(1, round(len(problems) * DEV_SHARE)))
    chosen: set[str] = set()
    for _, text in sorted((hashlib.sha256(text.encode()).hexdigest(), text) for text in groups):
        size = len(groups[text])
        if size <= want:
            chosen.add(text)
            want -= size
        if want <= 0:
            break
    if not chosen:
        return _split_one_body(problems, want)
    train = [p for p in problems if masked(p.question) not in chosen]
    dev: list[Problem] = [
        DevProblem(id=p.id, question=p.question, gold=p.gold, dataset=p.dataset, family=p.family)
        for p in problems
        if masked(p.question) in chosen
    ]
    return train, dev


def _split_one_body(problems: Sequence[TrainProblem], want: int) -> tuple[list[TrainProblem], list[Problem]]:
    """Where every problem is a twin of most others, no split keeps twins together: go by the whole
    question."""
    order = sorted(problems, key=lambda p: hashlib.sha256(p.question.encode()).hexdigest())
    taken = {p.id for p in order[:want]} if len(problems) > 1 else set()
    dev: list[Problem] = [
        DevProblem(id=p.id, question=p.question, gold=p.gold, dataset=p.dataset, family=p.family)
        for p in problems
        if p.id in taken
    ]
    return [p for p in problems if p.id not in taken], dev


def _tests(state: State, dataset: Any) -> Iterable[list[Problem]]:
    for name in state.config.test_sets(dataset.tests):
        section = state.config.dataset if name == state.config.dataset.name else _beside(state, name)
        source: Any = state.component("dataset", _plain(section))
        found = list(source.load("test"))
        if not found:
            raise DataError(name, None, "it has no test split")
        yield found[: state.config.evaluate.limit]


def _beside(state: State, name: str) -> ComponentConfig:
    """A test set beside the training set takes over its options where it has the same ones
    (``data_dir``)."""
    import dataclasses

    cls = state.registry.find("dataset", name).load()
    known = {f.name for f in dataclasses.fields(cls.Options)}
    shared = {
        k: v
        for k, v in state.config.dataset.options.items()
        if k in known & {"data_dir", "cache_dir", "skip_bad"}
    }
    return ComponentConfig(name=name, **shared)


def _plain(section: ComponentConfig) -> ComponentConfig:
    if not isinstance(section, DatasetConfig):
        return section
    return ComponentConfig(name=section.name, **section.options)


def _with_gold(state: State, problems: list[TrainProblem]) -> list[TrainProblem]:
    kept = [p for p in problems if p.gold is not None]
    missing = len(problems) - len(kept)
    if state.config.labels is not None:
        return problems  # whether it needs golds is the labeller's business
    if missing:
        state.note(f"{missing} training problems have no gold answer and are left out")
    return kept


def _tell_skipped(state: State, dataset: Any) -> None:
    skipped = getattr(dataset, "skipped", 0)
    if skipped:
        state.note(f"{skipped} damaged lines were skipped")
    for note in getattr(dataset, "notes", ()):
        state.note(note)


def _tell_leaks(state: State) -> None:
    for row in state.journal.known("overlap"):
        if row["any"]:
            state.note(
                f"{row['any']} of {row['problems']} problems of {row['set']} overlap with training"
                f" ({row['same_text']} the same text); --decontaminate leaves their twins out of training"
            )


def _decontaminated(
    state: State, train: list[TrainProblem], others: Sequence[Sequence[Problem]]
) -> list[TrainProblem]:
    kept = decontaminated(train, [problem for problems in others for problem in problems])
    if len(kept) < len(train):
        state.note(
            f"{len(train) - len(kept)} training problems overlap with dev or a test set and are left out"
        )
    return kept
