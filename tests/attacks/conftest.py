"""A Python that every user may read, for attacks as an ordinary user."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

_LEFT_OUT = shutil.ignore_patterns(
    "site-packages", "dist-packages", "test", "tests", "idlelib", "tkinter", "turtledemo", "ensurepip",
    "lib2to3", "config-*", "pydoc_data", "*.a",
)  # fmt: skip
_NEEDED = "import siked.execution.auto, pydantic_monty, sympy, mpmath, siked.hookspecs"


@pytest.fixture(scope="session")
def ordinary() -> Iterator[tuple[list[str], dict[str, str]]]:
    """Yield (command, environment) of a Python that any user can run, with siked in it.

    The one that runs the tests may lie below a folder that is closed to others: then it is copied
    with all it needs to where they can read it. Fails where that cannot be done.
    """
    folder = Path(tempfile.mkdtemp(prefix="siked-ordinary-"))
    folder.chmod(0o755)
    try:
        command, environment = _copy(folder)
        done = subprocess.run(
            [*command, "-c", _NEEDED], env=environment, user=65534, group=65534, extra_groups=[], cwd="/",
            capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode:
            pytest.fail(f"no Python that an ordinary user can run: {done.stderr[-800:]}")
        yield command, environment
    finally:
        shutil.rmtree(folder)


def _copy(folder: Path) -> tuple[list[str], dict[str, str]]:
    packages = folder / "packages"
    packages.mkdir()
    for source in _packages():
        target = packages / source.name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("tests"))
        else:
            shutil.copy2(source, target)
    monty = shutil.which("monty", path=str(Path(sys.executable).parent)) or shutil.which("monty")
    assert monty is not None
    shutil.copy2(monty, folder / "monty")
    environment = {"PYTHONPATH": str(packages), "MONTY_BIN": str(folder / "monty"), "PATH": os.defpath}
    return _python(folder, environment), environment


def _packages() -> list[Path]:
    """Return the top-level packages outside of the standard library that the sandboxes need."""
    script = (
        f"import sys\nbefore = set(sys.modules)\n{_NEEDED}\n"
        "for name in sorted({n.partition('.')[0] for n in set(sys.modules) - before}):\n"
        "    file = getattr(sys.modules.get(name), '__file__', None)\n"
        "    if file and name not in sys.stdlib_module_names: print(file)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    files = [Path(line) for line in done.stdout.splitlines()]
    return [file.parent if file.name == "__init__.py" else file for file in files]


def _python(folder: Path, environment: dict[str, str]) -> list[str]:
    """Return the command of this Python, or of a copy where others may not read it."""
    base = Path(sys.base_prefix)
    python = Path(os.path.realpath(sys.executable))
    if all(path.stat().st_mode & 0o005 == 0o005 for path in [python, *python.parents, base, *base.parents]):
        return [str(python)]
    home = folder / "python"
    library = Path(sysconfig.get_path("stdlib"))
    shutil.copytree(library, home / library.relative_to(base), ignore=_LEFT_OUT, symlinks=True)
    (home / "bin").mkdir()
    shutil.copy2(python, home / "bin" / python.name)
    for shared in (base / "lib").glob("libpython*.so*"):
        shutil.copy2(shared, home / "lib", follow_symlinks=False)
    environment["PYTHONHOME"] = str(home)
    environment["LD_LIBRARY_PATH"] = str(home / "lib")
    return [str(home / "bin" / python.name)]
