"""Two strategies of a run never share a tag, and the student can write each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import siked
from siked.config import check_components, parse
from siked.errors import ConfigError, PreflightError
from siked.journal import Reader, Stage
from siked.registry import load_registry

STRATEGY = """
from dataclasses import dataclass
from siked import hookimpl
from siked.records import Answer, Message

class Mine:
    name, tag, version = {name!r}, {tag!r}, "1"
    @dataclass(frozen=True)
    class Options: pass
    def __init__(self, options): pass
    def teacher_messages(self, problem): return [Message("user", problem.question)]
    def read(self, text): return Answer(text)

@hookimpl
def siked_register_strategies(register):
    register({name!r}, __name__ + ":Mine")
"""
CHECKING = """
from siked import hookimpl
from siked.errors import PreflightError
from siked.testing.fakes import ScriptedBackend

class Checking(ScriptedBackend):
    name = "checking"
    def check_tags(self, tags):
        if "[tot]" in tags:
            raise PreflightError(f"no token ends with the tag [tot] of {tags}")

@hookimpl
def siked_register_backends(register):
    register("checking", "acme_backend:Checking")
"""


@pytest.mark.parametrize(
    ("tag", "reason"),
    [
        ("[cot]", r"strategy 'cot' of siked \S+ and strategy 'tot' of acme-ways 1.0 share the tag '\[cot\]'"),
        (
            "[cot] x",
            r"tag '\[cot\]' of strategy 'cot' of siked \S+ starts the tag '\[cot\] x' of strategy 'tot'",
        ),
        ("[", r"tag '\[' of strategy 'tot' of acme-ways 1.0 starts the tag '\[cot\]' of strategy 'cot'"),
        ("", "strategy 'tot' of acme-ways 1.0: its tag is ''"),
        (" [tot]", "its tag is ' "),
        (7, "its tag is 7"),
    ],
)
def test_tags_that_cannot_be_told_apart_are_refused(install: Any, tag: Any, reason: str) -> None:
    install("acme-ways", STRATEGY.format(name="tot", tag=tag))
    with pytest.raises(ConfigError, match=reason):
        check_components(parse({"strategies": ["cot", "tot"]}), load_registry())
    check_components(parse({"strategies": ["cot", "pot"]}), load_registry())


def test_one_strategy_under_two_names_is_refused() -> None:
    with pytest.raises(ConfigError, match="share the tag"):
        check_components(parse({"strategies": ["cot", "siked/cot"]}), load_registry())


def test_a_tag_that_the_student_cannot_write_stops_the_run_before_it_spends(
    settings: dict[str, Any], install: Any, tmp_path: Path
) -> None:
    install("acme-ways", STRATEGY.format(name="tot", tag="[tot]"))
    install("acme-backend", CHECKING)
    plan = {**settings, "backend": {"name": "checking"}, "iterations": 0, "controls": []}
    with pytest.raises(PreflightError, match=r"the tag \[tot\]"):
        siked.run({**plan, "strategies": ["cot", "tot"]}, tmp_path / "stopped")
    journal = Reader.at(tmp_path / "stopped")
    assert journal.count_requests(Stage("main", 0, "teach:cot")) == (0, 0)
    assert siked.run({**plan, "strategies": ["cot", "pot"]}, tmp_path / "run").summary["iterations"]
