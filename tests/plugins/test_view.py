"""``siked plugins``, ``show`` and ``check``: what is there, what it takes, whether it keeps its contracts."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import siked
from siked.cli.main import cli
from siked.errors import PluginError, UsageError
from siked.testing.fixtures import fake_run

FILE = """
from dataclasses import dataclass, field
from typing import Annotated, Literal
from annotated_types import Ge
from siked import hookimpl
from siked.records import Answer, Message

class Mine:
    '''Thinks {adverb}.

    And more.
    '''
    name, tag, version = "mine", "[{tag}]", "7"
    @dataclass(frozen=True)
    class Options:
        depth: Annotated[int, Ge(1)] = field(default=2, metadata={{"help": "How deep."}})
        tone: Literal["dry", "kind"] = field(default="dry", metadata={{"help": "How it sounds."}})
        examples: tuple[str, ...] | None = field(default=None, metadata={{"help": "Files."}})
    def __init__(self, options): pass
    def teacher_messages(self, problem): return [Message("user", problem.question)]
    def read(self, text): return Answer(text)

@hookimpl
def siked_register_strategies(register):
    register("mine", __name__ + ":Mine")

@hookimpl
def siked_run_finished(event):
    {observed}
"""


def write(folder: Path, **changes: str) -> str:
    path = folder / "mine.py"
    path.write_text(FILE.format(**{"adverb": "slowly", "tag": "mine", "observed": "pass", **changes}))
    return str(path)


def siked_(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["plugins", *arguments])


def test_the_view_is_by_distribution_and_plugin(install: Any, tmp_path: Path) -> None:
    install("acme-ways", Path(write(tmp_path)).read_text().replace('"mine"', '"cot"'), "1.2")
    install("bolt-broken", "1 / 0")
    done = siked_()
    assert done.exit_code == 0
    blocks = done.stdout.split("\nacme-ways 1.2\n")[1]
    assert blocks.startswith(
        "  acme-ways (acme_ways)\n    strategy   acme-ways/cot\n    observes   siked_run_finished\n"
    )
    assert "skipped   bolt-broken" in done.stderr
    assert "ZeroDivisionError" in done.stderr
    listed = json.loads(siked_("--json").stdout)
    (mine,) = [plugin for plugin in listed["plugins"] if plugin["owner"] == "acme-ways"]
    assert mine["components"] == [{"kind": "strategy", "name": "cot"}]
    assert mine["hooks"] == ["siked_register_strategies", "siked_run_finished"]


def test_show_tells_every_option_with_type_default_limits_and_help(tmp_path: Path) -> None:
    done = siked_("show", "mine", "--plugin", write(tmp_path))
    assert done.stdout.splitlines()[1] == "  Thinks slowly."
    assert "version  7" in done.stdout
    for line in (
        "depth: whole number, at least 1; default 2\n      How deep.",
        "tone: one of dry, kind; default dry\n      How it sounds.",
        "examples: list of text or not set; default not set",
    ):
        assert line in done.stdout
    (shown,) = json.loads(siked_("show", "mine.py/mine", "--json", "--plugin", write(tmp_path)).stdout)
    assert shown["options"][0] == {
        "name": "depth",
        "type": "whole number",
        "default": "2",
        "limits": "at least 1",
        "help": "How deep.",
    }


def test_every_component_of_siked_can_be_shown() -> None:
    done = siked_("show", "siked")
    assert done.exit_code == 0
    assert done.stdout.count("asked as") >= 30
    assert "cannot be used" not in done.stdout


def test_what_is_not_there_is_told_with_its_reason(install: Any) -> None:
    install("bolt-broken", "1 / 0")
    install("acme-watch", "from siked import hookimpl\n@hookimpl\ndef siked_run_finished(event): pass")
    for name, said in (
        ("bolt-broken", "is skipped: cannot be imported: ZeroDivisionError"),
        ("acme-watch", "acme-watch 1.0 offers no component; its hooks: siked_run_finished"),
        ("nothing", "no component, distribution or plugin named 'nothing'; components: "),
    ):
        done = siked_("show", name)
        assert isinstance(done.exception, UsageError)
        assert said in str(done.exception)


def test_check_runs_the_suite_and_lets_observers_hear_a_run(tmp_path: Path) -> None:
    done = siked_("check", write(tmp_path))
    assert done.exit_code == 0, done.output
    first, second = done.output.splitlines()
    assert first.startswith("ok    strategy 'mine' of mine.py ")
    assert first.endswith(" checks passed")
    assert second.startswith("ok    plugin 'mine' of mine.py ")
    assert second.endswith("heard a run by siked_run_finished")


def test_check_says_what_fails_and_where_the_rule_stands(tmp_path: Path) -> None:
    done = siked_("check", write(tmp_path, tag="cot", observed="event.nothing"))
    assert done.exit_code == 1
    assert "tag [cot] is that of strategy 'cot' of siked" in done.output
    assert "(rule: siked.contracts.Strategy.tag)" in done.output
    assert "failed in siked_run_finished: AttributeError" in done.output


def test_check_of_a_file_that_cannot_be_loaded_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("import nothing_at_all")
    done = siked_("check", str(tmp_path / "mine.py"))
    assert isinstance(done.exception, PluginError)
    assert "ModuleNotFoundError: No module named 'nothing_at_all'" in str(done.exception)


def test_check_tells_of_a_class_that_is_not_there(install: Any) -> None:
    code = "from siked import hookimpl\n@hookimpl\ndef siked_register_strategies(register):\n"
    install("acme-ways", code + "    register('tot', 'acme_ways:Nothing')")
    done = siked_("check", "tot")
    assert done.exit_code == 1
    assert "FAIL  strategy 'tot' of acme-ways 1.0 cannot be used: AttributeError" in done.output


def test_check_takes_options(tmp_path: Path) -> None:
    done = siked_("check", "jsonl", "--set", "path=nothing.jsonl")
    assert done.exit_code == 1
    assert "nothing.jsonl" in done.output


@pytest.mark.usefixtures("fake_run")
def test_a_whole_run_on_fakes_takes_a_plugin(fake_run: Callable[..., siked.Run], tmp_path: Path) -> None:
    run = fake_run(plugins=[write(tmp_path)], strategies=["cot", "mine"])
    assert run.summary["strategies"] == ["cot", "mine"]
    assert len(run.summary["iterations"]) == 2


__all__ = ["fake_run"]
