"""``siked doctor``."""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import sys
from dataclasses import asdict
from importlib import metadata
from typing import Any

import click

from siked.cli import completing
from siked.text.terminal import safe

PACKAGES = ("torch", "transformers", "trl", "peft", "accelerate", "datasets", "pydantic-monty", "sympy")
"""Whose versions are told."""
MISSING = "not installed (pip install 'siked[train]')"


@click.command()
@click.option(
    "--cluster",
    metavar="NAME",
    shell_complete=completing.component("cluster"),
    help="Do the same on every node of a cluster, such as ray.",
)
@click.option("--address", metavar="HOST:PORT", help="Where the cluster is; default: the one we are in.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def command(cluster: str | None, address: str | None, as_json: bool) -> None:
    """Try what this machine can do: packages, devices, and each layer of the sandbox by a
    forbidden act. Exit 1 where something needed does not work."""
    if cluster is not None:
        sys.exit(_nodes(cluster, address, as_json))
    found = examined()
    click.echo(json.dumps(found, indent=2) if as_json else as_text(found))
    sys.exit(0 if found["works"] else 1)


def _nodes(cluster: str, address: str | None, as_json: bool) -> int:
    """Print what every node says, and return the exit code."""
    from siked.registry import load_registry

    made = load_registry().make("cluster", cluster, {} if address is None else {"address": address})
    found = [(node, _read(text)) for node, text in made.inspect("siked.cli.doctor:report")]
    if as_json:
        click.echo(json.dumps([{"node": node, **values} for node, values in found], indent=2))
    for node, values in [] if as_json else found:
        click.echo(safe(f"node {node}"))
        text = values["error"] if "error" in values else as_text(values)
        click.echo(safe("\n".join(f"  {line}" for line in text.splitlines())))
    return 0 if all(values["works"] for _, values in found) else 1


def _read(text: str) -> dict[str, Any]:
    """Return what a node has said; one that failed says why instead of JSON."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {"works": False, "error": text}


def report() -> str:
    """Return what this machine can do, as JSON."""
    return json.dumps(examined())


def examined() -> dict[str, Any]:
    """Return what this machine can do, and whether all that is needed works."""
    from siked import __version__
    from siked.execution.doctor import checks

    found = [asdict(check) for check in checks()]
    return {
        "siked": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processors": os.cpu_count(),
        "packages": {name: _version(name) for name in PACKAGES},
        "device": _device(),
        "checks": found,
        "works": all(check["ok"] for check in found if check["needed"]),
    }


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _device() -> str | None:
    if importlib.util.find_spec("torch") is None:
        return None
    import torch

    device = f"cuda, {torch.cuda.get_device_name(0)}" if torch.cuda.is_available() else ""
    device = device or ("mps" if torch.backends.mps.is_available() else "cpu")
    return f"{device}, {torch.get_num_threads()} threads"


def as_text(found: dict[str, Any]) -> str:
    """Return what :func:`examined` found, for people."""
    lines = [f"siked {found['siked']}, Python {found['python']}, {found['platform']}"]
    lines.append(f"processors: {found['processors']}")
    lines += [f"  {name:16}{version or MISSING}" for name, version in found["packages"].items()]
    if found["device"]:
        lines.append(f"device: {found['device']}")
    lines.append("sandbox, each layer by a forbidden act:")
    for check in found["checks"]:
        word = "ok  " if check["ok"] else "FAIL" if check["needed"] else "warn"
        lines.append(f"  {word}  {check['name']}: {check['detail']}")
    return "\n".join(lines)
