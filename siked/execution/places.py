"""How many programs may run at a time: by processors, and so that their memory fits this machine."""

from __future__ import annotations

import os
from pathlib import Path

_SHARE = 0.75
"""Of the memory that is free, how much programs may take together."""


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return max(1, os.cpu_count() or 1)


def places(workers: int, memory: int) -> int:
    """Return how many programs of ``memory`` MiB run at a time; ``workers`` as asked for, 0 to choose.

    The choice is one a processor, but no more than fit into the memory that is free now.
    """
    if workers:
        return workers
    free = free_memory()
    fitting = processors() if free is None else int(_SHARE * free) // (memory << 20)
    return max(1, min(processors(), fitting))


def free_memory(root: str = "/") -> int | None:
    """Return the bytes this process may still take: of the machine and of its control groups (v2).

    None where that cannot be known. ``root`` is where ``proc`` and ``sys`` lie.
    """
    found = [_of_machine(Path(root)), *_of_groups(Path(root))]
    known = [value for value in found if value is not None]
    return max(0, min(known)) if known else None


def _of_machine(root: Path) -> int | None:
    try:
        for line in (root / "proc/meminfo").read_text().splitlines():
            name, _, value = line.partition(":")
            if name == "MemAvailable":
                return int(value.split()[0]) << 10
    except (OSError, ValueError, IndexError):
        return None
    return None


def _of_groups(root: Path) -> list[int]:
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return []
    top = root / "sys/fs/cgroup"
    found = []
    for line in lines:
        if not line.startswith("0::"):
            continue
        group = top / line.removeprefix("0::").lstrip("/")
        for folder in (group, *group.parents):
            if not folder.is_relative_to(top):
                break
            try:
                limit = int((folder / "memory.max").read_text())
                found.append(limit - int((folder / "memory.current").read_text()))
            except (OSError, ValueError):  # no limit here ("max"), or no memory controller
                continue
    return found
