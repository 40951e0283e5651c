"""Programs that try to do harm have no effect, whoever runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
ATTACKS = HERE.parents[1] / "siked" / "testing" / "attacks.txt"
linux = pytest.mark.skipif(sys.platform != "linux", reason="the confined sandbox needs Linux")


def harness(
    *arguments: str, ordinary: tuple[list[str], dict[str, str]] | None = None, folder: Path
) -> dict[str, Any]:
    command, environment, user = [sys.executable], dict(os.environ), {}
    if ordinary is not None:
        command, environment = ordinary
        user = {"user": 65534, "group": 65534, "extra_groups": []}
    script = (HERE / "harness.py").read_text()
    done = subprocess.run(
        [*command, "-c", script, arguments[0], str(folder / "attacks.txt"), *arguments[1:]],
        env=environment, cwd=folder, capture_output=True, text=True, timeout=500, **user,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture
def open_folder(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A folder that every user can enter."""
    import shutil
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="siked-attacks-"))
    folder.chmod(0o777)
    shutil.copy(ATTACKS, folder / "attacks.txt")
    yield folder
    shutil.rmtree(folder)


def classes() -> list[str]:
    return [block.split("\n")[0].rstrip(" +") for block in ATTACKS.read_text().split("\n=== ")[1:]]


def check(report: dict[str, Any]) -> None:
    attacks, witnesses = report["outcomes"][::2], report["outcomes"][1::2]
    assert len(attacks) == len(witnesses) == len(classes()) >= 260
    # No effect.
    assert report["changed"] == []
    assert report["heard"] == []
    assert report["sibling"] == 0, "the other process lives, at its own priority"
    assert not [row for row in attacks if report["secret"] in f"{row[1]}{row[2]}"]
    # What siked is told of them is short and is text.
    said = [text for row in attacks for text in row[1:3] if text is not None]
    "".join(said).encode()
    assert [ascii(text[:80]) for text in said if len(text) > 1024 or "\0" in text] == []
    # Every program after an attack has its own answer.
    wrong = [(n, row) for n, row in enumerate(witnesses) if row[0] == "ok" and row[1] != str(n)]
    assert wrong == []
    # Bounded in time and memory. The server itself takes part of the memory.
    slow = [row for row in attacks if row[3] > report["cpu"] * 1.5 + 0.2]
    assert slow == []
    assert report["wall"] < len(attacks) * report["cpu"] + 60
    assert report["peak"] < (report["workers"] * (report["memory"] + 150) + 100) << 20
    # Nothing is left.
    assert report["left"] == []
    assert report["descriptors"] == []


def check_refusals(report: dict[str, Any]) -> None:
    """What reaches out of the sandbox does not come back as an answer."""
    for kind, row in zip(classes(), report["outcomes"][::2], strict=True):
        if kind in ("file write", "processes") and row[0] == "ok":
            assert row[1] in _HARMLESS, row


_HARMLESS = ("-1", "-1; -1; -1", "nothing", "0", "1", "32512")
"""What a program can answer that swallowed all refusals, or was told -1 by each."""


@linux
@pytest.mark.parametrize("sandbox", ["confined", pytest.param("auto", marks=pytest.mark.slow)])
def test_attacks_have_no_effect(sandbox: str, open_folder: Path) -> None:
    report = harness(sandbox, folder=open_folder)
    check(report)
    check_refusals(report)
    witnesses = report["outcomes"][1::2]
    assert [row for row in witnesses if row[0] != "ok"] == []


@linux
def test_attacks_by_an_ordinary_user_have_no_effect(
    ordinary: tuple[list[str], dict[str, str]], open_folder: Path
) -> None:
    if os.getuid() != 0:
        pytest.skip("not root: the other tests ran as an ordinary user already")
    report = harness("auto", ordinary=ordinary, folder=open_folder)
    assert report["uid"] == 65534
    check(report)
    check_refusals(report)
    assert [row for row in report["outcomes"][1::2] if row[0] != "ok"] == []


def test_attacks_on_monty_have_no_effect(open_folder: Path) -> None:
    check(harness("monty", folder=open_folder))


@linux
def test_the_attacks_are_real(open_folder: Path) -> None:
    report = harness("control", "CONTROL", folder=open_folder)
    assert report["tried"] >= 25
    assert report["harmless"] == []
