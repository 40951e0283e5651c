"""``--plugin FILE.py``: a plugin without packaging, kept with the run by its content."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import siked
from siked.cli.main import cli
from siked.errors import PluginError, SikedError, UsageError
from siked.registry import load_registry
from siked.runs.run import resume

MINE = """
from dataclasses import dataclass
from siked import hookimpl
from siked.records import Answer, Message
from siked.testing.fakes import InstantTrainer, ScriptedBackend

class Mine:
    name, tag, version = "mine", "[mine]", "1"
    @dataclass(frozen=True)
    class Options: pass
    def __init__(self, options): pass
    def teacher_messages(self, problem): return [Message("user", "{ask}" + problem.question)]
    def read(self, text): return Answer(text)

class Own(ScriptedBackend):
    name = "own"

class Quick(InstantTrainer):
    name = "quick"

@hookimpl
def siked_register_strategies(register):
    register("mine", "mine:Mine")

@hookimpl
def siked_register_backends(register):
    register("own", __name__ + ":Own")

@hookimpl
def siked_register_trainers(register):
    register("quick", f"{{__name__}}:Quick")
"""


@pytest.fixture
def plan(settings: dict[str, Any]) -> dict[str, Any]:
    """A short run whose strategy, backend and trainer come from the file."""
    changed = {"strategies": ["cot", "mine"], "backend": {"name": "own"}, "trainer": {"name": "quick"}}
    return {**settings, **changed, "iterations": 0, "controls": []}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(MINE.format(ask="Solve: "))
    return path


def version(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def notes(run: siked.Run) -> list[str]:
    rows = run.journal.rows("SELECT data FROM events WHERE kind = 'note' ORDER BY id")
    return [json.loads(row["data"])["text"] for row in rows]


def starts(run: siked.Run) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((run.folder / "manifest.json").read_text())["starts"]
    return found


def test_a_file_is_a_distribution_named_after_it_and_versioned_by_its_content(file: Path) -> None:
    registry = load_registry([file])
    offer = registry.find("strategy", "mine")
    assert (offer.owner, offer.version, offer.plugin) == ("mine.py", version(file), "mine")
    assert registry.make("strategy", "mine.py/mine").tag == "[mine]"
    assert load_registry().plugins.files == []


def test_a_run_keeps_the_file_and_finds_it_again(plan: dict[str, Any], file: Path, tmp_path: Path) -> None:
    run = siked.run(plan, tmp_path / "run", plugins=[file])
    copy = run.folder / "plugins" / version(file) / "mine.py"
    assert copy.read_bytes() == file.read_bytes()
    (start,) = starts(run)
    assert start["files"] == [{"name": "mine.py", "version": version(file), "path": str(file)}]
    assert f"mine.py {version(file)}" in start["plugins"]
    (record,) = [one for one in start["components"] if one["role"] == "strategy mine"]
    assert record["distribution"] == f"mine.py {version(file)}"
    file.unlink()
    again = resume(run.folder, iterations=1)
    assert len(again.summary["iterations"]) == 2
    assert starts(again)[1]["files"] == start["files"]
    assert not [note for note in notes(again) if "changed" in note]


def test_a_file_that_changed_is_told_and_taken_only_where_it_is_given(
    plan: dict[str, Any], file: Path, tmp_path: Path
) -> None:
    run = siked.run(plan, tmp_path / "run", plugins=[file])
    first = version(file)
    file.write_text(MINE.format(ask="Think: "))
    second = version(file)
    told = f"plugin {file} is another file now ({second}); the run goes on with its own copy ({first});"
    resume(run.folder)
    assert notes(run)[-1] == f"{told} --plugin {file} takes the new one"
    assert starts(run)[-1]["files"][0]["version"] == first
    resume(run.folder, plugins=[file])
    changed = [note for note in notes(run) if "changed since" in note]
    assert f"plugin mine.py changed since this run was last started: {first} -> {second}" in changed
    strategy = f"strategy mine (mine.py {second}) changed since this run was last started: "
    assert (
        f"{strategy}distribution mine.py {first} -> mine.py {second}; another source; another prompt"
        in changed
    )
    assert starts(run)[-1]["files"][0]["version"] == second
    count = len(notes(run))
    file.unlink()
    resume(run.folder)
    assert starts(run)[-1]["files"][0]["version"] == second
    assert len(notes(run)) == count


def test_a_copy_that_is_gone_is_told(plan: dict[str, Any], file: Path, tmp_path: Path) -> None:
    run = siked.run(plan, tmp_path / "run", plugins=[file])
    copy = run.folder / "plugins" / version(file) / "mine.py"
    copy.unlink()
    with pytest.raises(UsageError, match=f"--plugin {re.escape(str(copy))}: No such file"):
        resume(run.folder)
    assert resume(run.folder, plugins=[file])
    assert copy.exists()


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("mine.py", "1 / 0", "cannot be used: cannot be imported: ZeroDivisionError: division by zero"),
        ("mine.py", "import sys; sys.exit('no')", "cannot be used: cannot be imported: SystemExit: no"),
        ("mine.py", "x = (", "cannot be imported: SyntaxError: '(' was never closed (mine.py, line 1)"),
        ("mine.py", "x = 1", "it implements no hook of siked; its functions need @siked.hookimpl"),
        ("mine.txt", "x = 1", "a plugin without packaging is a file NAME.py"),
        ("gone.py", None, "No such file or directory"),
        (
            "mine.py",
            "from siked import hookimpl\n@hookimpl\ndef siked_register_strategy(register): pass",
            "unknown hook 'siked_register_strategy'",
        ),
        (
            "mine.py",
            "from siked import hookimpl\n@hookimpl\ndef siked_register_strategies(register):\n"
            "    register('a', 'b')",
            "siked_register_strategies: strategy 'a': 'b' is not 'module:Class'",
        ),
    ],
)
@pytest.mark.parametrize(
    "command",
    [["run"], ["check"], ["verify", "-"], ["eval", "tiny", "-d", "wordproblems"], ["solve", "tiny", "1+1"]],
)
def test_a_file_that_cannot_be_used_is_an_error_of_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    text: str | None,
    said: str,
    command: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    if text is not None:
        (tmp_path / name).write_text(text)
    done = CliRunner().invoke(cli, [*command, "--plugin", name])
    assert isinstance(done.exception, SikedError), done.exception
    assert said in str(done.exception)
    assert name in str(done.exception)
    assert "\n" not in str(done.exception)


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "mine.py").write_text(MINE.format(ask="x"))
    with pytest.raises(UsageError, match=r"two files are named mine\.py"):
        load_registry([tmp_path / "a" / "mine.py", tmp_path / "b" / "mine.py"])


@pytest.mark.train
def test_check_and_verify_take_a_file(file: Path) -> None:
    done = CliRunner().invoke(cli, ["check", "-q", "--plugin", str(file), "--strategy", "cot,mine"])
    assert done.exit_code == 0, done.exception
    row = '{"id": 1, "text": "The answer is 4.", "gold": "4", "strategy": "mine"}\n'
    done = CliRunner().invoke(cli, ["verify", "--plugin", str(file), "-"], input=row)
    assert json.loads(done.stdout)["correct"] is True


def test_a_file_that_is_not_asked_for_is_no_plugin(file: Path) -> None:
    done = CliRunner().invoke(cli, ["check", "--strategy", "cot,mine"])
    assert isinstance(done.exception, UsageError)
    assert not isinstance(done.exception, PluginError)
