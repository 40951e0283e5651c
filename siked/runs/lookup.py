"""What a run would need, looked up before anything is loaded, fetched or spent."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from siked import config as configuration
from siked.border import Border, Log
from siked.config import ComponentConfig, RunConfig, TeacherConfig, WorkerConfig, check_components
from siked.contracts import LooksUp
from siked.engine.contamination import decontaminated
from siked.engine.prepare import split_dev
from siked.errors import UsageError
from siked.records import Model, Problem
from siked.registry import Registry
from siked.shapes import several


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The problems of a run, as it would take them, and what a user should know before it starts."""

    train: Sequence[Problem]
    available: int
    """Training problems before the limit."""
    dev: Sequence[Problem]
    tests: dict[str, Sequence[Problem]]
    notes: Sequence[str]
    data_notes: Sequence[str]
    """Of the data set; a run tells them itself."""


def look_up(config: RunConfig, registry: Registry, *, student: bool = True) -> Found:
    """Check names, options and their limits, data files, packages, devices, models and interpreters.

    Without ``student`` only what a teacher needs. Raises :class:`UsageError` for the first thing that
    is missing.
    """
    check_components(config, registry)
    for kind in ("schedule", "verifier", "stopping"):
        configuration.make(registry, kind, getattr(config, kind))
    if config.labels is not None:
        configuration.make(registry, "verifier", config.labels)
    dataset: Any = configuration.guarded(
        registry, "dataset", ComponentConfig(name=config.dataset.name, **config.dataset.options)
    )
    train, dev, tests = _problems(config, registry, dataset)
    limited = train[: config.dataset.limit]
    notes = _teachers(config, registry, limited)
    if student:
        model = config.student.as_model()
        for kind, section in (("backend", config.backend), ("trainer", config.trainer)):
            notes += _worker(registry, kind, section, model, [], config.strategy_names)
    return Found(
        train=limited,
        available=len(train),
        dev=dev,
        tests=tests,
        notes=notes,
        data_notes=[*getattr(dataset, "notes", ())],
    )


def with_defaults(config: RunConfig, registry: Registry) -> dict[str, Any]:
    """Return the whole configuration as plain values, with every option of every component."""
    values = config.dump()
    one = isinstance(config.teacher, TeacherConfig)
    teachers = {"teacher": values["teacher"]} if one else values["teacher"]
    kinds = ("dataset", "schedule", "verifier", "sandbox", "stopping", "backend", "trainer")
    sections = [(values[kind], kind) for kind in kinds] + [(part, "backend") for part in teachers.values()]
    if config.labels is not None:
        sections.append((values["labels"], "verifier"))
    for section, kind in sections:
        offer = registry.find(kind, section["name"])
        known = {f.name for f in dataclasses.fields(offer.load().Options)}
        checked = configuration.options(offer, {k: v for k, v in section.items() if k in known})
        section.update(json.loads(json.dumps(checked, default=str)))
    return values


def _problems(
    config: RunConfig, registry: Registry, dataset: Any
) -> tuple[list[Any], list[Any], dict[str, Sequence[Problem]]]:
    """The problems of the three splits, as :func:`siked.engine.prepare.prepare` would take them."""
    train = [p for p in dataset.load("train") if p.gold is not None or config.labels is not None]
    dev: list[Any] = list(dataset.load("dev"))[: config.dataset.dev]
    if not dev:
        train, dev = split_dev(train, config.dataset.dev)
    tests = {name: _tests(registry, config, name) for name in config.test_sets(dataset.tests)}
    if config.decontaminate:
        train = decontaminated(train, [*dev, *(p for problems in tests.values() for p in problems)])
    if not train or not dev:
        raise UsageError(f"{config.dataset.name}: {len(train)} training and {len(dev)} dev problems: too few")
    return train, dev, tests


def _tests(registry: Registry, config: RunConfig, name: str) -> Sequence[Problem]:
    shared = {k: v for k, v in config.dataset.options.items() if k in ("data_dir", "cache_dir", "skip_bad")}
    known = {f.name for f in dataclasses.fields(registry.find("dataset", name).load().Options)}
    section = config.dataset.options if name == config.dataset.name else shared
    dataset: Any = configuration.guarded(
        registry,
        "dataset",
        ComponentConfig(name=name, **{key: value for key, value in section.items() if key in known}),
    )
    found: list[Problem] = list(dataset.load("test"))
    if not found:
        raise UsageError(f"{name}: it has no test split")
    return found[: config.evaluate.limit]


def _teachers(config: RunConfig, registry: Registry, problems: Sequence[Problem]) -> list[str]:
    """Look up each teacher once, with all the strategies it teaches."""
    taught: list[tuple[TeacherConfig, list[str]]] = []
    for strategy in config.strategy_names:
        teacher = config.teacher_of(strategy)
        same = next((names for other, names in taught if other == teacher), None)
        if same is None:
            taught.append((teacher, [strategy]))
        else:
            same.append(strategy)
    return [
        note
        for teacher, names in taught
        for note in _worker(registry, "backend", teacher, Model(name=teacher.model), problems, names)
    ]


def _worker(
    registry: Registry,
    kind: str,
    section: WorkerConfig,
    model: Model,
    problems: Sequence[Problem],
    strategies: Sequence[str],
) -> Sequence[str]:
    if section.python is not None:
        if shutil.which(str(Path(section.python).expanduser())) is None:
            raise UsageError(f"{kind}.python: no interpreter {section.python!r}")
        return []  # what is installed there cannot be looked up from here
    offer = registry.find(kind, section.name)
    made = configuration.make(registry, kind, section)
    if not isinstance(made, LooksUp):
        return []
    border = Border(offer, made, Log())
    border.contract = "LooksUp"
    given = border.call("look_up", model, problems, strategies)
    lines, bad = several(given, "str")
    if bad or not all(isinstance(line, str) for line in lines):
        border.complain("look_up", f"returned {bad or 'what is no line of text'}", given)
    return lines
