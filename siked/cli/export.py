"""``siked export``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder to write.")
@click.option("--iteration", type=click.IntRange(0), metavar="T", help="Which student; default: the best.")
def command(run: Path, out: Path, iteration: int | None) -> None:
    """Write a student as a plain Hugging Face folder; an adapter is merged once, in float32, and
    the merged model is checked against the unmerged one."""
    import importlib

    from siked.errors import UsageError
    from siked.registry import load_registry
    from siked.runs.run import Run, stored_config
    from siked.runs.solver import run_student

    if out.exists():
        raise UsageError(f"{out} exists already; siked writes over nothing")
    opened = Run(run)
    config = stored_config(opened.journal)
    trainer = load_registry().find("trainer", config.trainer.name)
    module = importlib.import_module(trainer.target.partition(":")[0])
    if not hasattr(module, "export_merged"):
        raise UsageError(f"trainer {trainer.name!r} cannot export its students")
    module.export_merged(run_student(opened, config, iteration), out)
    click.echo(f"written: {out}")
