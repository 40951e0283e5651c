"""``siked run --dry-run``: what a run would do and roughly cost, from the configuration alone."""

from __future__ import annotations

import click

from siked.config import RunConfig
from siked.engine.baselines import ADAPTIVE, EQUAL_STEPS, OFF_POLICY, OFF_POLICY_STEPS, PERMUTED, VOTES
from siked.registry import Registry
from siked.runs.lookup import look_up

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


def print_plan(config: RunConfig, registry: Registry, preset: str = "") -> None:
    """Look everything up and print rows, requests, tokens, memory and time of each part.

    ``preset`` says which preset applied. Raises :class:`siked.errors.UsageError` for what is missing.
    """
    found = look_up(config, registry)
    train, dev = found.train, found.dev
    tests = {name: len(problems) for name, problems in found.tests.items()}
    if preset:
        click.echo(f"preset     {preset}")
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
        ADAPTIVE: after,
        PERMUTED: after,
    }
    controls = sum(name in extra for name in config.controls) if config.iterations else 0
    if controls:
        epochs += sum(extra.get(name, 0) for name in config.controls)
    voted = 2 * strategies * tested if VOTES in config.controls else 0
    trained = pairs * row_tokens * epochs
    answers = sampled * config.iterations + scored * rounds + tested * (tested_rounds + controls) + voted
    generated = rationale * (answers + len(dev) * controls)
    click.echo(f"problems   {_cut(len(train), found.available)} train, {len(dev)} dev" + _sets(tests))
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
    for note in (*found.data_notes, *found.notes):
        click.echo(f"note       {note}")
    click.echo(f"Rationales are counted as {rationale} tokens (limit {config.sample.max_new_tokens}).")


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
