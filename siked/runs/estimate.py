"""``siked run --dry-run``: what a run would do and roughly cost, from the configuration alone."""

from __future__ import annotations

from typing import Any

import click

from siked import config as configuration
from siked.config import ComponentConfig, RunConfig, check_components
from siked.engine.baselines import EQUAL_STEPS, OFF_POLICY, OFF_POLICY_STEPS, PERMUTED, VOTES
from siked.engine.contamination import decontaminated
from siked.engine.prepare import split_dev
from siked.records import TestProblem, TrainProblem
from siked.registry import Registry

CHARACTERS = 4
"""Characters a token, for estimates before a tokenizer is loaded."""
RATIONALE = {"tiny": 30}
TYPICAL = 100
"""Tokens of a typical rationale; the bundled student's tokens are whole words and numbers."""
SPEED = {"tiny": (4_500, 8_000), "smollm2": (200, 100)}
"""Tokens a second on two processor cores, (training, sampling), for the bundled students."""
PARAMETERS = {"tiny": 0.7e6, "smollm2": 135e6}
ACTIVATIONS = {"tiny": 0.0, "smollm2": 0.8}
"""GiB that a row of a training batch keeps on a processor; 8 rows of SVAMP came to 7.6 to 11 GiB in all."""


def print_plan(config: RunConfig, registry: Registry) -> None:
    """Check the configuration and print rows, requests, tokens, memory and time of each part."""
    check_components(config, registry)
    dataset: Any = configuration.make(
        registry, "dataset", ComponentConfig(name=config.dataset.name, **config.dataset.options)
    )
    train = [
        p
        for p in dataset.load("train")
        if isinstance(p, TrainProblem) and (p.gold is not None or config.labels is not None)
    ]
    dev = list(dataset.load("dev"))[: config.dataset.dev]
    if not dev:
        train, dev = split_dev(train, config.dataset.dev)
    sets = {name: _tests(registry, config, name) for name in config.test_sets(dataset.tests)}
    if config.decontaminate:
        train = decontaminated(
            train, [*dev, *(problem for problems in sets.values() for problem in problems)]
        )
    train = train[: config.dataset.limit]
    tests = {name: len(problems) for name, problems in sets.items()}
    question = sum(len(p.question) for p in train) / max(len(train), 1) / CHARACTERS
    strategies = len(config.strategies)
    rationale = RATIONALE.get(config.student.model, TYPICAL)
    teach = sum(config.teacher_of(s).samples for s in config.strategy_names) * len(train)
    pairs = len(train) * strategies
    sampled = pairs * config.sample.k
    scored = len(dev) * (1 + (strategies if config.evaluate.forced else 0))
    tested = sum(tests.values())
    rounds = config.iterations + 1
    tested_rounds = rounds if config.evaluate.when == "every" else min(rounds, 2)
    after = config.trainer.epochs_after or config.trainer.epochs
    row_tokens = question + rationale
    epochs = config.trainer.epochs + after * config.iterations
    extra = {  # epochs that each control is trained for
        EQUAL_STEPS: after * config.iterations,
        OFF_POLICY: after,
        OFF_POLICY_STEPS: epochs,
        PERMUTED: after,
    }
    controls = sum(name in extra for name in config.controls) if config.iterations else 0
    if controls:
        epochs += sum(extra.get(name, 0) for name in config.controls)
    voted = 2 * strategies * tested if VOTES in config.controls else 0
    trained = pairs * row_tokens * epochs
    answers = sampled * config.iterations + scored * rounds + tested * (tested_rounds + controls) + voted
    generated = rationale * (answers + len(dev) * controls)
    click.echo(f"problems   {len(train)} train, {len(dev)} dev" + _sets(tests))
    click.echo(f"teacher    {teach} requests, about {_big(teach * rationale)} tokens")
    click.echo(
        f"student    {sampled} samples an iteration ({config.sample.k} a pair), {scored} dev answers,"
        f" {tested} test answers; about {_big(generated)} tokens in all"
    )
    click.echo(
        f"training   at most {pairs} rows at iteration 0, {pairs}-{2 * pairs} after;"
        f" about {_big(trained)} tokens in all"
    )
    model = config.student.model
    if model in PARAMETERS:
        method = config.trainer.options.get("method", "lora")
        copies = 4 if method == "full" else 1.2
        gib = PARAMETERS[model] * 4 * (1 + copies) / 2**30
        gib += ACTIVATIONS[model] * config.trainer.options.get("batch_size", 2)
        click.echo(f"memory     about {gib + 1.5:.1f} GiB in workers (float32 on a processor), 0.3 GiB here")
    if model in SPEED:
        fast, slow = SPEED[model]
        click.echo(f"time       about {_hours(trained / fast + generated / slow)} on two processor cores")
    else:
        click.echo("time       unknown for this student: time --limit 20 --iterations 1 first")
    click.echo(f"Rationales are counted as {rationale} tokens (limit {config.sample.max_new_tokens}).")


def _tests(registry: Registry, config: RunConfig, name: str) -> list[TestProblem]:
    shared = {k: v for k, v in config.dataset.options.items() if k in ("data_dir", "skip_bad")}
    section = config.dataset.options if name == config.dataset.name else shared
    try:
        dataset: Any = configuration.make(registry, "dataset", ComponentConfig(name=name, **section))
    except configuration.ConfigError:
        dataset = registry.make("dataset", name)
    return [p for p in dataset.load("test") if isinstance(p, TestProblem)][: config.evaluate.limit]


def _sets(tests: dict[str, int]) -> str:
    return "; tests: " + ", ".join(f"{name} {n}" for name, n in tests.items()) if tests else ""


def _big(number: float) -> str:
    for unit, size in (("M", 1e6), ("k", 1e3)):
        if number >= size:
            return f"{number / size:.1f}{unit}"
    return f"{number:.0f}"


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:.1f} hours" if seconds > 5400 else f"{max(seconds / 60, 0.1):.1f} minutes"
