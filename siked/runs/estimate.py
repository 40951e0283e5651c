"""``siked run --dry-run``: what a run would do and roughly cost, from the configuration alone."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

import click

from siked.config import RunConfig
from siked.engine.baselines import ADAPTIVE, EQUAL_STEPS, OFF_POLICY, OFF_POLICY_STEPS, PERMUTED, VOTES
from siked.registry import Registry
from siked.runs.lookup import look_up
from siked.text.terminal import safe

CHARACTERS = 4
"""Characters a token, for estimates before a tokenizer is loaded."""
RATIONALE = {"tiny": 36}
TYPICAL = 100
"""Tokens of a typical rationale; the bundled student's tokens are whole words and numbers."""
SPEED = {"tiny": (4_500, 8_000), "smollm2": (200, 100)}
"""Tokens a second on two processor cores, (training, sampling), for the bundled students."""
PARAMETERS = {"tiny": 0.6e6, "smollm2": 135e6}
ACTIVATIONS = {"tiny": 0.0, "smollm2": 0.8}
"""GiB that a row of a training batch keeps on a processor; 8 rows of SVAMP came to 7.6 to 11 GiB in all."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a run would do, and roughly take."""

    preset: str | None
    """Which applied, and why."""
    train: int
    available: int
    """Training problems before ``dataset.limit``."""
    dev: int
    tests: dict[str, int]
    teacher_requests: int
    teacher_tokens: int
    samples: int
    """Of the student, an iteration."""
    dev_answers: int
    test_answers: int
    student_tokens: int
    rows: int
    """Training rows at most, at iteration 0; twice that later."""
    trained_tokens: int
    memory_gib: float | None
    """In workers; None is not known for this student."""
    seconds: float | None
    """On two processor cores; None is not known for this student."""
    rationale_tokens: int
    """What a rationale is counted as."""
    notes: tuple[str, ...]


def plan(config: RunConfig, registry: Registry, preset: str = "") -> Plan:
    """Look everything up and return rows, requests, tokens, memory and time of each part.

    ``preset`` says which preset applied. Raises :class:`siked.errors.UsageError` for what is missing.
    """
    found = look_up(config, registry)
    train, dev = found.train, found.dev
    tests = {name: len(problems) for name, problems in found.tests.items()}
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
    epochs, controls = _epochs(config)
    voted = 2 * strategies * tested if VOTES in config.controls else 0
    trained = pairs * (question + rationale) * epochs
    answers = sampled * config.iterations + scored * rounds + tested * (tested_rounds + controls) + voted
    generated = rationale * (answers + len(dev) * controls)
    fast, slow = SPEED.get(config.student.model, (0, 0))
    return Plan(
        preset=preset or None,
        train=len(train),
        available=found.available,
        dev=len(dev),
        tests=tests,
        teacher_requests=teach,
        teacher_tokens=teach * rationale,
        samples=sampled,
        dev_answers=scored,
        test_answers=tested,
        student_tokens=generated,
        rows=pairs,
        trained_tokens=round(trained),
        memory_gib=_memory(config),
        seconds=trained / fast + generated / slow if fast else None,
        rationale_tokens=rationale,
        notes=(*found.data_notes, *found.notes),
    )


def _epochs(config: RunConfig) -> tuple[float, int]:
    """Return the epochs of all trainings together, and how many controls are trained."""
    after = config.trainer.epochs_after or config.trainer.epochs
    epochs = config.trainer.epochs + after * config.iterations
    extra = {  # epochs that each control is trained for
        EQUAL_STEPS: after * config.iterations,
        OFF_POLICY: after,
        OFF_POLICY_STEPS: epochs,
        ADAPTIVE: after,
        PERMUTED: after,
    }
    controls = sum(name in extra for name in config.controls) if config.iterations else 0
    if controls:
        epochs += sum(extra.get(name, 0) for name in config.controls)
    return epochs, controls


def _memory(config: RunConfig) -> float | None:
    model = config.student.model
    if model not in PARAMETERS:
        return None
    copies = 4 if config.trainer.options.get("method", "lora") == "full" else 1.2
    gib = PARAMETERS[model] * 4 * (1 + copies) / 2**30
    rows = float(config.trainer.options.get("batch_size", 2))
    return gib + ACTIVATIONS[model] * rows + 1.5


def print_plan(config: RunConfig, registry: Registry, preset: str = "", as_json: bool = False) -> None:
    """Print a plan, for people or as JSON; see :func:`plan`."""
    found = plan(config, registry, preset)
    if as_json:
        click.echo(json.dumps(asdict(found), indent=2))
        return
    if found.preset:
        click.echo(f"preset     {found.preset}")
    train = _cut(found.train, found.available)
    click.echo(f"problems   {train} train, {found.dev} dev" + _sets(found.tests))
    click.echo(f"teacher    {found.teacher_requests} requests, about {_big(found.teacher_tokens)} tokens")
    click.echo(
        f"student    {found.samples} samples an iteration ({config.sample.k} a pair), {found.dev_answers} dev"
        f" answers, {found.test_answers} test answers; about {_big(found.student_tokens)} tokens in all"
    )
    click.echo(
        f"training   at most {found.rows} rows at iteration 0, {found.rows}-{2 * found.rows} after;"
        f" about {_big(found.trained_tokens)} tokens in all"
    )
    if found.memory_gib is not None:
        memory = f"{found.memory_gib:.1f} GiB in workers (float32 on a processor), 0.3 GiB here"
        click.echo(f"memory     about {memory}")
    if found.seconds is not None:
        click.echo(f"time       about {_hours(found.seconds)} on two processor cores")
    else:
        click.echo("time       unknown for this student: time --limit 20 --iterations 1 first")
    for note in found.notes:
        click.echo(safe(f"note       {note}"))
    click.echo(
        f"Rationales are counted as {found.rationale_tokens} tokens (limit {config.sample.max_new_tokens})."
    )


def _cut(taken: int, available: int) -> str:
    return str(taken) if taken == available else f"{taken} of {available} (dataset.limit)"


def _sets(tests: dict[str, int]) -> str:
    return "; tests: " + ", ".join(f"{name} {n}" for name, n in tests.items()) if tests else ""


def _big(number: float) -> str:
    for unit, size in (("M", 1e6), ("k", 1e3)):
        if number >= size:
            return f"{number / size:.1f}{unit}"
    return f"{number:.0f}"


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:.1f} hours" if seconds > 5400 else f"{max(seconds / 60, 0.1):.1f} minutes"
