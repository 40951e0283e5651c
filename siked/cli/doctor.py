"""``siked doctor``."""

from __future__ import annotations

import importlib.util
import os
import platform
import sys
from importlib import metadata

import click


@click.command()
def command() -> None:
    """Try what this machine can do: packages, devices, and each layer of the sandbox by a
    forbidden act. Exit 1 where something needed does not work."""
    from siked import __version__

    click.echo(f"siked {__version__}, Python {platform.python_version()}, {platform.platform()}")
    click.echo(f"processors: {os.cpu_count()}")
    for name in ("torch", "transformers", "trl", "peft", "accelerate", "datasets", "pydantic-monty", "sympy"):
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            version = "not installed (pip install 'siked[train]')"
        click.echo(f"  {name:16}{version}")
    if importlib.util.find_spec("torch") is not None:
        import torch

        device = f"cuda, {torch.cuda.get_device_name(0)}" if torch.cuda.is_available() else ""
        device = device or ("mps" if torch.backends.mps.is_available() else "cpu")
        click.echo(f"device: {device}, {torch.get_num_threads()} threads")
    from siked.execution.doctor import checks

    bad = 0
    click.echo("sandbox, each layer by a forbidden act:")
    for check in checks():
        bad += check.needed and not check.ok
        word = "ok  " if check.ok else "FAIL" if check.needed else "warn"
        click.echo(f"  {word}  {check.name}: {check.detail}")
    sys.exit(1 if bad else 0)
