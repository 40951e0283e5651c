"""A verifier or a format that changed between two sessions of a run."""

import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import siked
from siked.cli.main import cli
from siked.journal import Journal, Reader
from siked.journal.migrate import VERSION
from siked.journal.queries import mixtures, scores, verdicts
from siked.runs.run import resume

OLD = [Path(__file__).parent / name for name in ("format3", "format4")]

VERIFIER = """
from siked import hookimpl
from siked.answers import judge
from siked.records import Status, Verdict

class Strict:
    name = "strict"
    version = {version!r}
    from dataclasses import dataclass
    @dataclass(frozen=True)
    class Options:
        pass
    def __init__(self, options):
        pass
    def verify(self, problem, answers):
        found = [judge(problem.gold, a) for a in answers]
        even = [{even} or int(problem.gold) % 2 == 0] * len(answers)
        return [
            Verdict(
                status=Status.CORRECT if f.correct and e else Status.WRONG,
                answer=f.found.text, rule=str(f.rule),
            )
            for f, e in zip(found, even)
        ]

@hookimpl
def siked_register_verifiers(register):
    register("strict", "siked_strict:Strict")
"""


def put_verifier(site: Path, version: str, even: bool) -> None:
    """Install version ``version``; with ``even`` false it accepts even golds only."""
    import sys

    sys.modules.pop("siked_strict", None)
    (site / "siked_strict.py").write_text(VERIFIER.format(version=version, even=even))
    shutil.rmtree(site / "__pycache__", ignore_errors=True)


def numbers(run: siked.Run) -> dict[str, Any]:
    """Return what a reader sees of the last iteration, and the funnel."""
    last = run.summary["iterations"][-1]
    return {
        "rows": last["rows"],
        "alpha": last["alpha"],
        "sources": last["sources"],
        "funnel": [row for row in verdicts.funnel(run.journal) if row.writer != "iteration 1"],
    }


@pytest.fixture
def strict(settings: dict[str, Any], site: Path, install: Any) -> dict[str, Any]:
    install("siked-strict", VERIFIER.format(version="1", even=True))
    return {**settings, "verifier": {"name": "strict"}, "controls": [], "iterations": 0}


def test_an_upgrade_that_changes_nothing_loses_nothing(
    strict: dict[str, Any], site: Path, tmp_path: Path
) -> None:
    upgraded = siked.run(strict, tmp_path / "upgraded")
    plain = siked.run(strict, tmp_path / "plain")
    put_verifier(site, "2", even=True)
    longer = resume(upgraded.folder, iterations=1)
    put_verifier(site, "1", even=True)
    same = resume(plain.folder, iterations=1)
    assert numbers(longer) == numbers(same)
    assert numbers(longer)["sources"]["teacher"]
    notes = [e["text"] for e in _notes(longer)]
    assert any("strict 1 is now strict 2" in note and "0 verdicts are others" in note for note in notes)


def test_after_an_upgrade_no_read_mixes_versions(strict: dict[str, Any], site: Path, tmp_path: Path) -> None:
    run = siked.run(strict, tmp_path / "run")
    before = {(e.set, e.mode): e.correct for e in scores.evaluations(run.journal)}
    texts = len(list(run.rationales()))
    put_verifier(site, "2", even=False)
    again = resume(run.folder)
    rows = list(again.rationales())
    assert len(rows) == texts
    assert all(row["status"] == "wrong" for row in rows if int(row["gold"]) % 2 and row["status"])
    after = {(e.set, e.mode): e.correct for e in scores.evaluations(again.journal)}
    assert after.keys() == before.keys()
    assert sum(after.values()) < sum(before.values())
    assert again.summary["iterations"][0]["accuracy"]["dev"]["value"] * 8 == after["dev", "free"]
    assert mixtures.no_longer_correct(again.journal)
    assert any("are not correct by the verdicts that count now" in e["text"] for e in _notes(again))
    told = again.journal.rows("SELECT DISTINCT version FROM verdicts ORDER BY 1")
    assert [row["version"] for row in told] == ["1", "2"]


def test_a_report_is_of_current_verdicts(strict: dict[str, Any], site: Path, tmp_path: Path) -> None:
    run = siked.run(strict, tmp_path / "run")
    put_verifier(site, "2", even=False)
    result = CliRunner().invoke(cli, ["report", str(run.folder)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert {key.version for key in _keys(run.folder)} == {"2"}
    now = siked.Run(run.folder)
    dev = next(e for e in scores.evaluations(now.journal) if (e.set, e.mode) == ("dev", "free"))
    assert now.summary["iterations"][0]["accuracy"]["dev"]["value"] == dev.correct / dev.n


def test_an_upgrade_that_is_cut_off_goes_on(
    strict: dict[str, Any], site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = siked.run(strict, tmp_path / "run")
    put_verifier(site, "2", even=False)
    with monkeypatch.context() as patch:
        patch.setattr("siked.engine.upgrade.name_verifiers", _cut_off)
        with pytest.raises(KeyboardInterrupt):
            resume(run.folder)
    assert {e.version for e in _keys(run.folder)} == {"1"}
    again = resume(run.folder)
    assert {e.version for e in _keys(run.folder)} == {"2"}
    assert again.summary["iterations"][0]["accuracy"]["dev"]["n"] == 8


def test_scores_are_given_again_all_or_none(
    strict: dict[str, Any], site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = siked.run(strict, tmp_path / "run")
    before = {(e.set, e.mode) for e in scores.evaluations(run.journal)}
    put_verifier(site, "2", even=False)
    with monkeypatch.context() as patch:
        record = Journal.evaluation
        patch.setattr(
            Journal, "evaluation", lambda self, *a: record(self, *a) if a[0].step == "free" else 1 / 0
        )
        with pytest.raises(ZeroDivisionError):
            resume(run.folder)
    assert scores.evaluations(Reader.at(run.folder)) == []
    again = resume(run.folder)
    assert {(e.set, e.mode) for e in scores.evaluations(again.journal)} == before


def _cut_off(state: Any) -> None:
    raise KeyboardInterrupt


def _keys(folder: Path) -> list[Any]:
    reader = Reader.at(folder)
    return [key for role in ("labels", "scores") if (key := reader.verifier(role))]  # type: ignore[arg-type]


def _notes(run: siked.Run) -> list[dict[str, Any]]:
    from siked.journal.queries.events import events

    return events(run.journal, "note")


@pytest.fixture(params=OLD, ids=lambda path: path.name)
def old(fakes: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A run folder as an older format was written."""
    folder = tmp_path / "old"
    shutil.copytree(request.param, folder)
    db = sqlite3.connect(folder / "run.db")
    db.executescript((folder / "run.sql").read_text())
    db.close()
    (folder / "run.sql").unlink()
    return folder


def test_an_older_run_is_shown_without_being_touched(old: Path) -> None:
    before = (old / "run.db").read_bytes()
    for words in (["show", str(old)], ["why", str(old), "1:0"], ["report", str(old)]):
        result = CliRunner().invoke(cli, words, catch_exceptions=False)
        assert result.exit_code == 0, result.output
    assert (old / "run.db").read_bytes() == before
    assert "correct by" in CliRunner().invoke(cli, ["why", str(old), "1:0"]).output


def test_an_older_run_goes_on_and_keeps_its_numbers(old: Path) -> None:
    kept = siked.Run(old)
    was = (kept.summary, numbers(kept))
    kept.journal.close()
    again = resume(old, trust=True)
    assert again.journal.rows("PRAGMA user_version") == [{"user_version": VERSION}]
    assert again.journal.rows("PRAGMA foreign_key_check") == []
    assert again.journal.rows("PRAGMA integrity_check") == [{"integrity_check": "ok"}]
    now = again.summary
    for mine, theirs in zip(was[0]["iterations"], now["iterations"], strict=True):
        assert mine["accuracy"] == theirs["accuracy"]
        assert mine["alpha"] == theirs["alpha"]
    assert numbers(again) == was[1]
    longer = resume(old, iterations=2, trust=True)
    assert len(longer.summary["iterations"]) == 3


def test_a_migrated_journal_has_the_schema_of_a_new_one(
    old: Path, settings: dict[str, Any], tmp_path: Path
) -> None:
    resume(old, trust=True)
    fresh = siked.run({**settings, "iterations": 0, "controls": []}, tmp_path / "fresh")
    assert _schema(old / "run.db") == _schema(fresh.folder / "run.db")


def _schema(path: Path) -> list[str]:
    db = sqlite3.connect(path)
    return sorted(
        " ".join(sql.split()) for (sql,) in db.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")
    )
