"""What a run was made with is recorded at every start, and told where it changed."""

from __future__ import annotations

import importlib
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

import siked
from siked.errors import UnknownName, UsageError
from siked.journal.canonical import digest
from siked.runs.run import resume

STRATEGY = """
from dataclasses import dataclass
from siked import hookimpl
from siked.records import Answer, Message

class Mine:
    name, tag, version = "tot", {tag!r}, {version!r}
    @dataclass(frozen=True)
    class Options: pass
    def __init__(self, options): pass
    def teacher_messages(self, problem): return [Message("user", {ask!r} + problem.question)]
    def read(self, text): return Answer(text)

@hookimpl
def siked_register_strategies(register):
    register("tot", "acme_ways:Mine")
"""
FIRST = {"tag": "[tot]", "version": "1", "ask": "Solve: "}


@pytest.fixture
def short(settings: dict[str, Any]) -> dict[str, Any]:
    return {**settings, "strategies": ["cot", "tot"], "iterations": 0, "controls": []}


@pytest.fixture
def become(site: Path, install: Any) -> Any:
    """Return a function that puts another acme-ways in place of the one that is there."""

    def other(release: str = "1.0", code: str | None = None, **changed: str) -> None:
        for info in site.glob("acme_ways-*"):
            shutil.rmtree(info)
        shutil.rmtree(site / "__pycache__", ignore_errors=True)
        (site / "acme_ways.py").unlink(missing_ok=True)
        sys.modules.pop("acme_ways", None)
        importlib.invalidate_caches()
        install("acme-ways", code or STRATEGY.format(**FIRST | changed), release)

    return other


def manifest(run: siked.Run) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((run.folder / "manifest.json").read_text())
    return found


def notes(run: siked.Run) -> list[str]:
    rows = run.journal.rows("SELECT data FROM events WHERE kind = 'note' ORDER BY id")
    return [json.loads(row["data"])["text"] for row in rows]


def test_every_component_is_recorded_at_each_start(
    short: dict[str, Any], become: Any, tmp_path: Path
) -> None:
    become()
    run = siked.run({**short, "strategies": [{"name": "cot", "exemplars": 1}, "tot"]}, tmp_path / "run")
    first = manifest(run)
    (start,) = first["starts"]
    assert not start["resumed"]
    by_role = {record["role"]: record for record in start["components"]}
    assert set(by_role) == {
        *("strategy cot", "strategy tot", "teacher of cot", "teacher of tot", "schedule", "verifier"),
        *("sandbox", "stopping", "trainer", "dataset", "student"),
    }
    mine = by_role["strategy tot"]
    assert (mine["distribution"], mine["version"], mine["tag"]) == ("acme-ways 1.0", "1", "[tot]")
    assert by_role["strategy cot"]["options"] == {"exemplars": 1, "prompt_file": None, "domain": "general"}
    assert by_role["verifier"]["distribution"] == f"siked {siked.__version__}"
    assert all(len(record["fingerprint"]) == 16 for record in by_role.values())
    again = manifest(resume(run.folder))
    assert again["id"] == first["id"]
    assert again["starts"][0] == start
    assert again["starts"][1]["resumed"]
    assert again["starts"][1]["components"] == start["components"]
    assert not [note for note in notes(run) if "changed" in note]
    assert manifest(siked.run(short, tmp_path / "other"))["id"] != first["id"]


def test_what_is_recorded_is_no_part_of_what_equal_runs_share(
    short: dict[str, Any], become: Any, tmp_path: Path
) -> None:
    become()
    one, two = siked.run(short, tmp_path / "one"), siked.run(short, tmp_path / "two")
    assert digest(one.journal) == digest(two.journal)


@pytest.mark.parametrize(
    ("release", "changed", "told"),
    [
        ("1.1", {}, "distribution acme-ways 1.0 -> acme-ways 1.1"),
        ("1.0", {"version": "2"}, "version 1 -> 2; another source"),
        ("1.0", {"ask": "Think: "}, "another source; another prompt"),
    ],
)
def test_a_component_that_changed_is_told(
    short: dict[str, Any], become: Any, tmp_path: Path, release: str, changed: dict[str, str], told: str
) -> None:
    become()
    run = siked.run(short, tmp_path / "run")
    become(release, **changed)
    again = resume(run.folder)
    (line,) = [note for note in notes(again) if "changed since" in note]
    assert line == f"strategy tot (acme-ways {release}) changed since this run was last started: {told}"
    recorded = [
        record["distribution"]
        for start in manifest(again)["starts"]
        for record in start["components"]
        if record["role"] == "strategy tot"
    ]
    assert recorded == ["acme-ways 1.0", f"acme-ways {release}"]
    resume(run.folder)
    assert len([note for note in notes(again) if "changed since" in note]) == 1


def test_another_tag_is_an_error_before_anything_is_done(
    short: dict[str, Any], become: Any, tmp_path: Path
) -> None:
    become()
    run = siked.run(short, tmp_path / "run")
    become("1.1", tag="[tree]")
    reason = r"strategy tot \(acme-ways 1.1\): its tag is '\[tree\]' now.*'\[tot\]' of acme-ways 1.0"
    with pytest.raises(UsageError, match=reason):
        resume(run.folder, iterations=1)
    become()
    assert len(resume(run.folder).summary["iterations"]) == 1, "the iterations were not recorded"


def test_a_component_that_is_gone_is_told_with_its_distribution(
    short: dict[str, Any], become: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SIKED_STRICT_PLUGINS", raising=False)
    become()
    run = siked.run(short, tmp_path / "run")
    monkeypatch.setenv("SIKED_PLUGINS", "siked-fakes")
    gone = r"strategy 'tot' is gone; this run had it from acme-ways 1.0\. "
    with pytest.raises(UsageError, match=gone + "no strategy named 'tot'"):
        resume(run.folder)
    monkeypatch.delenv("SIKED_PLUGINS")
    become("1.2", code="1 / 0")
    with pytest.raises(UsageError, match=gone + "acme-ways 1.2 is skipped: .*ZeroDivisionError"):
        resume(run.folder)


def test_what_is_skipped_or_stands_behind_sikeds_own_is_told(
    short: dict[str, Any], install: Any, become: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SIKED_STRICT_PLUGINS", raising=False)
    become(code=STRATEGY.format(**FIRST).replace('register("tot"', 'register("cot"'))
    install("bolt-ways", "1 / 0")
    run = siked.run({**short, "strategies": ["cot"]}, tmp_path / "run")
    told = notes(run)
    assert (
        "plugin 'bolt-ways' of bolt-ways 1.0 is skipped: cannot be imported: ZeroDivisionError: division by"
        in (told[0])
    )
    assert (
        f"strategy 'cot' of siked {siked.__version__} is used; acme-ways offers one too: acme-ways/cot"
        in told
    )
    with pytest.raises(UnknownName):
        siked.run({**short, "strategies": ["tot"]}, tmp_path / "none")
