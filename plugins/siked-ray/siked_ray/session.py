"""Reaching a cluster, and finding out whether its nodes are fit for a run."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import platform
import socket
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from typing import Any

from siked.errors import UsageError
from siked_ray.options import Options

PACKAGES = ("siked", "siked-ray", "ray", "torch", "transformers", "peft", "vllm", "pydantic-monty", "sympy")
_OURS = ("python", "siked", "siked-ray", "ray")
"""What a node has to have in common with the process that writes the journal."""
_GONE = "failed: the node is gone"


def connect(options: Options) -> None:
    """Join the cluster.

    Raises :class:`UsageError` where it does not answer.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    import ray

    if ray.is_initialized():
        return
    try:
        _knock(options.address)
        ray.init(
            address=options.address,
            runtime_env=options.runtime_env or None,
            log_to_driver=False,
            logging_level="ERROR",
            namespace="siked",
        )
    except (OSError, ValueError, RuntimeError) as error:
        first = (str(error).strip().splitlines() or [""])[0]
        raise UsageError(
            f"no Ray cluster answers at {options.address!r} ({first}). Start one with 'ray start --head', "
            "or set cluster.address; a run that was stopped goes on with 'siked resume'."
        ) from None


def _knock(address: str) -> None:
    """Raise :class:`OSError` where nobody listens; Ray itself would ask for minutes."""
    host, colon, port = address.rpartition(":")
    if colon and port.isdigit():
        socket.create_connection((host, int(port)), timeout=10).close()


@contextlib.contextmanager
def connected(options: Options) -> Iterator[None]:
    """Be in the cluster for as long as the body runs."""
    import ray

    already = ray.is_initialized()
    connect(options)
    try:
        yield
    finally:
        if not already:
            ray.shutdown()


def nodes() -> dict[str, str]:
    """Return the nodes that are alive: id to name."""
    import ray

    return {node["NodeID"]: node["NodeManagerHostname"] for node in ray.nodes() if node["Alive"]}


def here() -> str:
    """Return the name of the node that this runs on, as :func:`everywhere` has it."""
    import ray

    node = ray.get_runtime_context().get_node_id()
    return f"{nodes().get(node, socket.gethostname())} {node[:8]}"


def room(cpus: float) -> int:
    """Return how many nodes are large enough for a worker of ``cpus``, at least one."""
    import ray

    there: list[float] = [node["Resources"].get("CPU", 0.0) for node in ray.nodes() if node["Alive"]]
    return max(1, sum(has >= cpus for has in there))


def everywhere(probe: str) -> list[tuple[str, str]]:
    """Call ``probe``, ``module:function``, on every node; return (node, text) in the order of names.

    A node on which it fails says why instead.
    """
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    call = ray.remote(num_cpus=0, max_retries=0)(called)
    asked = {
        f"{name} {node[:8]}": call.options(
            scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False)
        ).remote(probe)
        for node, name in nodes().items()
    }
    found = []
    for name, answer in sorted(asked.items()):
        try:
            found.append((name, str(ray.get(answer))))
        except (ray.exceptions.TaskUnschedulableError, ray.exceptions.NodeDiedError):
            found.append((name, _GONE))
        except ray.exceptions.RayError as error:
            found.append((name, f"failed: {str(error).strip().splitlines()[-1]}"))
    return found


def called(probe: str) -> str:
    """Import and call ``module:function``."""
    module, _, name = probe.partition(":")
    return str(getattr(importlib.import_module(module), name)())


def versions() -> dict[str, str]:
    """Return the versions of what decides texts and verdicts, where it is installed."""
    found = {"python": ".".join(platform.python_version_tuple()[:2])}
    for name in PACKAGES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def versions_text() -> str:
    """Return :func:`versions` as JSON."""
    return json.dumps(versions())


def check_nodes() -> None:
    """Compare the versions on all nodes, before anything is spent.

    Raises :class:`UsageError` naming the first node that differs, and in what.
    """
    found: list[tuple[str, dict[str, str]]] = []
    for node, text in everywhere("siked_ray.session:versions_text"):
        if text == _GONE:  # between the list of nodes and the question
            continue
        try:
            found.append((node, json.loads(text)))
        except ValueError:
            raise UsageError(f"node {node} cannot run siked: {text}. Install siked-ray there.") from None
    if found:
        compare(found)


def compare(found: Sequence[tuple[str, Mapping[str, str]]]) -> None:
    """Raise :class:`UsageError` where a node differs from here in siked, Ray or Python, or from the first
    node in any package."""
    here = versions()
    first, wanted = found[0]
    for node, there in found:
        for name in _OURS:
            if there.get(name) != here.get(name):
                raise UsageError(f"node {node} has {_said(name, there)}, and here is {_said(name, here)}")
        for name in PACKAGES:
            if there.get(name) != wanted.get(name):
                raise UsageError(
                    f"node {node} has {_said(name, there)}, and node {first} {_said(name, wanted)}"
                )


def _said(name: str, versions: Mapping[str, str]) -> str:
    return f"{name} {versions[name]}" if name in versions else f"no {name}"


def resources() -> str:
    """Return what the cluster has, for a message."""
    import ray

    there: dict[str, Any] = ray.cluster_resources()
    kept = {k: v for k, v in sorted(there.items()) if ":" not in k and "memory" not in k}
    return ", ".join(f"{value:g} {name}" for name, value in kept.items()) or "nothing"
