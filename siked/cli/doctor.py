"""``siked doctor``."""

from __future__ import annotations

import importlib.util
import os
import platform
import sys
from importlib import metadata

import click

from siked.text.terminal import safe


@click.command()
@click.option("--cluster", metavar="NAME", help="Do the same on every node of a cluster, such as ray.")
@click.option("--address", metavar="HOST:PORT", help="Where the cluster is; default: the one we are in.")
def command(cluster: str | None, address: str | None) -> None:
    """Try what this machine can do: packages, devices, and each layer of the sandbox by a
    forbidden act. Exit 1 where something needed does not work."""
    if cluster is not None:
        sys.exit(_nodes(cluster, address))
    text, works = examined()
    click.echo(text)
    sys.exit(0 if works else 1)


def _nodes(cluster: str, address: str | None) -> int:
    """Print what every node says, and return the exit code."""
    from siked.registry import load_registry

    made = load_registry().make("cluster", cluster, {} if address is None else {"address": address})
    bad = 0
    for node, text in made.inspect("siked.cli.doctor:report"):
        click.echo(safe(f"node {node}"))
        click.echo(safe("\n".join(f"  {line}" for line in text.splitlines())))
        bad += "  FAIL" in text or text.startswith("failed: ")
    return 1 if bad else 0


def report() -> str:
    """Return what this machine can do, as text."""
    return examined()[0]


def examined() -> tuple[str, bool]:
    """Return what this machine can do, as text, and whether all that is needed works."""
    from siked import __version__

    lines: list[str] = []
    say = lines.append
    say(f"siked {__version__}, Python {platform.python_version()}, {platform.platform()}")
    say(f"processors: {os.cpu_count()}")
    for name in ("torch", "transformers", "trl", "peft", "accelerate", "datasets", "pydantic-monty", "sympy"):
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            version = "not installed (pip install 'siked[train]')"
        say(f"  {name:16}{version}")
    if importlib.util.find_spec("torch") is not None:
        import torch

        device = f"cuda, {torch.cuda.get_device_name(0)}" if torch.cuda.is_available() else ""
        device = device or ("mps" if torch.backends.mps.is_available() else "cpu")
        say(f"device: {device}, {torch.get_num_threads()} threads")
    from siked.execution.doctor import checks

    bad = 0
    say("sandbox, each layer by a forbidden act:")
    for check in checks():
        bad += check.needed and not check.ok
        word = "ok  " if check.ok else "FAIL" if check.needed else "warn"
        say(f"  {word}  {check.name}: {check.detail}")
    return "\n".join(lines), not bad
