"""Names are completed in the shell, without the packages of training."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from siked.cli.main import cli


def offered(*words: str) -> list[str]:
    """What is offered for the last word."""
    *typed, last = words
    return [
        item.value for item in ShellComplete(cli, {}, "siked", "_SIKED_COMPLETE").get_completions(typed, last)
    ]


@pytest.mark.parametrize(
    ("words", "some"),
    [
        (("run", "--schedule", ""), {"adaptive", "kl", "routed"}),
        (("run", "--dataset", "sva"), {"svamp", "svamp-1000"}),
        (("run", "--teacher", "re"), {"replay"}),
        (("run", "--strategy", "cot,l"), {"cot,l2m"}),
        (("run", "--labels", "agr"), {"agreement"}),
        (("run", "--preset", "t"), {"tiny"}),
        (("run", "--student", "smo"), {"smollm2", "smo"}),
        (("check", "--schedule", "ad"), {"adaptive"}),
        (("eval", "RUN", "--strategy", "p"), {"pot"}),
        (("verify", "--verifier", "num"), {"numeric"}),
        (("exec", "--sandbox", "m"), {"monty"}),
    ],
)
def test_names_are_offered(words: tuple[str, ...], some: set[str]) -> None:
    found = offered(*words)
    assert some <= set(found)
    assert all(name.startswith(words[-1]) for name in found)


def test_what_was_named_is_not_offered_again_nor_a_model_after_the_colon() -> None:
    assert "cot,cot" not in offered("run", "--strategy", "cot,")
    assert "cot,pot" in offered("run", "--strategy", "cot,")
    assert offered("run", "--teacher", "replay:ra") == []


def test_runs_are_offered_by_their_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("runs/a-001", "runs/a-002", "elsewhere/b", "runs/no-run"):
        Path(name).mkdir(parents=True)
        if "no-run" not in name:
            (Path(name) / "run.db").touch()
    assert offered("show", "") == ["runs/a-001", "runs/a-002"]
    assert offered("why", "runs/a-001", "") == []
    assert offered("report", "runs/") == ["runs/a-001", "runs/a-002"]
    assert offered("serve", "elsewhere/") == ["elsewhere/b"]
    assert offered("browse", "nowhere/x") == ["nowhere/x"]  # the shell's own completion of folders


def test_a_shell_gets_names_without_the_packages_of_training(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from siked.cli.main import main\n"
        "try:\n    main([])\nfinally:\n"
        "    heavy = {'torch', 'transformers', 'trl', 'datasets', 'rich'} & set(sys.modules)\n"
        "    print(sorted(heavy), file=sys.stderr)\n"
    )
    environment = {
        **os.environ,
        "_SIKED_COMPLETE": "bash_complete",
        "COMP_WORDS": "siked run --schedule ada",
        "COMP_CWORD": "3",
    }
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stdout == "plain,adaptive\n"
    assert done.stderr == "[]\n"
