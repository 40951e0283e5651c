"""The tutorial, typed step by step as it is printed, in an environment of its own outside the repository."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "tutorial.md"


def script(blocks: list[Any]) -> str:
    """Return all blocks as one session: files are written, commands typed."""
    typed = ["set -euo pipefail"]
    for block in blocks:
        if block.file:
            path = Path(block.file)
            if path.parent != Path("."):
                typed.append(f"mkdir -p {path.parent}")
            typed.append(f"cat > {shlex.quote(block.file)} <<'END OF FILE'\n{block.code}END OF FILE")
        elif block.language == "sh":
            typed.append(block.code)
    return "\n".join(typed)


def session(typed: str, home: Path, where: Path, **environment: str) -> str:
    """Type a session in an empty environment but for the path and pip's settings; return what it prints."""
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "HF_", "LANG"))}
    kept |= {"HOME": str(home), "PATH": "/usr/local/bin:/usr/bin:/bin", "TOKENIZERS_PARALLELISM": "false"}
    done = subprocess.run(
        ["bash", "-c", typed], cwd=where, env={**kept, **environment}, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout


def check_printed(blocks: list[Any], printed: str) -> None:
    """Check that what the page shows as printed was printed."""
    lines = {" ".join(line.split()) for line in printed.splitlines()}
    shown = [
        line
        for block in blocks
        if block.language == "text" and not block.file
        for line in block.code.splitlines()
    ]
    assert shown
    assert [line for line in shown if " ".join(line.split()) not in lines] == []


def path_to(folder: Path) -> str:
    return f"{folder}{os.pathsep}/usr/local/bin:/usr/bin:/bin"


def test_what_takes_no_training_is_typed(blocks_of: Callable[[Path], list[Any]], tmp_path: Path) -> None:
    """All but the installs and the trainings, in a new environment that sees the packages of this one."""
    env = tmp_path / "env"
    venv.create(env, with_pip=False, symlinks=True)
    site = sysconfig.get_path("purelib", vars={"base": str(env), "platbase": str(env)})
    here = sysconfig.get_path("purelib")
    (Path(site) / "here.pth").write_text(f"import site; site.addsitedir({here!r})\n")
    for name, code in (
        ("siked", "from siked.cli.main import main; main()"),
        ("pip", "import runpy; runpy.run_module('pip', run_name='__main__')"),
    ):
        command = env / "bin" / name
        command.write_text(f"#!{env / 'bin' / 'python'}\n{code}\n")
        command.chmod(0o755)
    blocks = blocks_of(PAGE)
    typed = script([block for block in blocks if block.mark in ("", "file")])
    assert "siked run" in typed
    printed = session(
        typed,
        tmp_path,
        tmp_path,
        PATH=path_to(env / "bin"),
        MONTY_BIN=os.environ.get("MONTY_BIN", str(Path(sys.executable).parent / "monty")),
        # Nothing is asked of an index: what builds a package is here already.
        PIP_NO_BUILD_ISOLATION="0",
        PIP_NO_DEPS="1",
        PIP_NO_INDEX="1",
        PYTHONWARNINGS="ignore",
    )
    check_printed(blocks, printed)


@pytest.mark.slow
@pytest.mark.train
def test_it_is_typed_as_a_whole(blocks_of: Callable[[Path], list[Any]], tmp_path: Path) -> None:
    """From nothing: a new environment, all packages from pip's index, all runs."""
    (tmp_path / "siked").symlink_to(ROOT)
    blocks = blocks_of(PAGE)
    typed = script([block for block in blocks if block.mark != "not run"])
    printed = session(
        typed,
        tmp_path,
        tmp_path,
        PIP_CONSTRAINT=str(ROOT / "constraints.txt"),
        PATH=path_to(Path(getattr(sys, "_base_executable", sys.executable)).parent),
    )
    check_printed(blocks, printed)
    assert (tmp_path / "siked-tutorial" / "first" / "report.html").is_file()
    assert (tmp_path / "siked-tutorial" / "studies" / "study" / "study.md").is_file()
    assert len(list((tmp_path / "siked-tutorial" / "siked-mine" / "dist").iterdir())) == 2
