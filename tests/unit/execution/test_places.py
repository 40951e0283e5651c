"""How many programs run at a time."""

from __future__ import annotations

from pathlib import Path

import pytest

from siked.execution import places as module
from siked.execution.places import free_memory, places

GIB = 1 << 30


def machine(root: Path, available: int, groups: dict[str, tuple[str, str]], own: str) -> str:
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/meminfo").write_text(f"MemTotal: 1 kB\nMemAvailable:   {available >> 10} kB\n")
    (root / "proc/self/cgroup").write_text(f"12:cpu:/old\n0::{own}\n")
    for name, (limit, current) in groups.items():
        folder = root / "sys/fs/cgroup" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "memory.max").write_text(f"{limit}\n")
        (folder / "memory.current").write_text(f"{current}\n")
    return str(root)


def test_the_tightest_control_group_counts(tmp_path: Path) -> None:
    groups = {"a": (str(2 * GIB), str(GIB // 2)), "a/b": ("max", str(GIB // 4))}
    root = machine(tmp_path, 64 * GIB, groups, "/a/b")
    assert free_memory(root) == 3 * GIB // 2


def test_without_control_groups_the_machine_counts(tmp_path: Path) -> None:
    assert free_memory(machine(tmp_path, 3 * GIB, {}, "/")) == 3 * GIB
    assert free_memory(str(tmp_path / "nothing")) is None


@pytest.mark.parametrize(
    ("free", "expected"), [(64 * GIB, 8), (2 * GIB, 3), (GIB // 4, 1), (0, 1), (None, 8)]
)
def test_lanes_fit_into_what_is_free(
    free: int | None, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "free_memory", lambda: free)
    monkeypatch.setattr(module, "processors", lambda: 8)
    assert places(0, 512) == expected
    assert places(5, 512) == 5
