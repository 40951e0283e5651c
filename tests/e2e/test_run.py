"""Whole runs on the fakes: real workers, journal, sandbox and verifier, no model."""

import json
from pathlib import Path
from typing import Any

import pytest

import siked
from siked.errors import RunLocked, UsageError
from siked.journal.canonical import digest
from siked.runs.provenance import chain
from siked.runs.run import resume


@pytest.fixture
def finished(settings: dict[str, Any], tmp_path: Path) -> siked.Run:
    return siked.run(settings, tmp_path / "run")


def test_a_run_ends_in_a_summary_of_the_documented_shape(finished: siked.Run) -> None:
    summary = finished.summary
    assert summary["format"] == 1
    assert [values["iteration"] for values in summary["iterations"]] == [0, 1, 2]
    first, *later = summary["iterations"]
    assert first["alpha"] == 1.0
    assert first["kl"] is None
    for values in later:
        assert 0 <= values["alpha"] <= 1
        assert values["kl"] >= 0
        assert set(values["forced"]) == {"cot", "l2m", "pot"}
        assert abs(sum(values["choice"].values()) - 1) < 1e-9
    for values in summary["iterations"]:
        for score in values["accuracy"].values():
            assert score["ci95"][0] <= score["value"] <= score["ci95"][1]
        assert values["any_strategy"] >= max(values["forced"].values())
    (control,) = summary["controls"]
    assert control["training"]["steps"] == later[-1]["training"]["steps"]
    assert control["alpha"] == 1.0
    assert summary["best_iteration"] in (0, 1, 2)


def test_training_makes_the_student_better_and_it_shows(finished: siked.Run) -> None:
    forced = [sum(v["forced"].values()) for v in finished.summary["iterations"]]
    assert forced[-1] > forced[0]


def test_adaptive_takes_the_teacher_only_where_the_student_failed(finished: siked.Run) -> None:
    rows = finished.journal.rows(
        "SELECT q.step, p.name, r.strategy FROM mixtures m JOIN mixture_rows w ON w.mixture = m.id"
        " JOIN rationales r ON r.id = w.rationale JOIN requests q ON q.id = r.request"
        " JOIN problems p ON p.id = q.problem WHERE m.track = 'main' AND m.iteration = 1"
    )
    own = {(row["name"], row["strategy"]) for row in rows if row["step"] == "sample"}
    taught = {(row["name"], row["strategy"]) for row in rows if row["step"].startswith("teach")}
    assert own
    assert taught
    assert not own & taught


def test_only_correct_training_rationales_enter_a_mixture(finished: siked.Run) -> None:
    rows = finished.journal.rows(
        "SELECT DISTINCT v.status, r.outcome, p.split FROM mixture_rows w"
        " JOIN rationales r ON r.id = w.rationale"
        " JOIN verdicts v ON v.rationale = r.id JOIN requests q ON q.id = r.request"
        " JOIN problems p ON p.id = q.problem"
    )
    assert rows == [{"status": "correct", "outcome": "ok", "split": "train"}]


def test_why_tells_the_whole_chain(finished: siked.Run) -> None:
    text = "\n".join(chain(finished, "1:0"))
    for word in ("chosen because", "problem", "written by", "request", "key", "verdict", "text"):
        assert word in text
    with pytest.raises(UsageError, match="there are"):
        chain(finished, "9:0")


def test_the_same_seed_gives_the_same_journal_and_another_does_not(
    settings: dict[str, Any], finished: siked.Run, tmp_path: Path
) -> None:
    again = siked.run(settings, tmp_path / "again")
    other = siked.run({**settings, "seed": 4}, tmp_path / "other")
    assert digest(finished.journal) == digest(again.journal)
    assert digest(finished.journal) != digest(other.journal)


def test_more_iterations_equal_a_run_that_had_them_from_the_start(
    settings: dict[str, Any], finished: siked.Run, tmp_path: Path
) -> None:
    short = siked.run({**settings, "iterations": 1, "controls": []}, tmp_path / "short")
    whole = siked.run({**settings, "controls": []}, tmp_path / "whole")
    longer = resume(short.folder, iterations=2)
    assert digest(longer.journal) == digest(whole.journal)
    assert longer.summary["iterations"][2] == {
        **whole.summary["iterations"][2],
        "seconds": longer.summary["iterations"][2]["seconds"],
    }


def test_resuming_a_finished_run_asks_and_trains_nothing(finished: siked.Run) -> None:
    before = finished.journal.rows(
        "SELECT (SELECT count(*) FROM calls) AS c, (SELECT count(*) FROM students) AS s"
    )
    again = resume(finished.folder)
    after = again.journal.rows(
        "SELECT (SELECT count(*) FROM calls) AS c, (SELECT count(*) FROM students) AS s"
    )
    assert before == after


def test_what_cannot_be_is_not_recorded(finished: siked.Run) -> None:
    with pytest.raises(UsageError, match="has no option 'max_cost'"):
        resume(finished.folder, budget={"max_cost": 1.0})
    assert resume(finished.folder).summary == finished.summary


def test_a_run_folder_is_never_written_over(settings: dict[str, Any], finished: siked.Run) -> None:
    with pytest.raises(UsageError, match="exists already"):
        siked.run(settings, finished.folder)


def test_two_processes_never_work_on_one_run(finished: siked.Run) -> None:
    import fcntl

    with (finished.folder / "lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(RunLocked, match="works on it"):
            resume(finished.folder)


def test_a_dying_worker_is_started_again_and_nothing_is_lost(
    settings: dict[str, Any], finished: siked.Run, tmp_path: Path
) -> None:
    dying = {"name": "scripted", "die_after": 20, "die_once": str(tmp_path / "died")}
    run = siked.run({**settings, "backend": dying}, tmp_path / "dying")
    assert (tmp_path / "died").exists()
    notes = [
        json.loads(row["data"])["text"]
        for row in run.journal.rows("SELECT data FROM events WHERE kind='note'")
    ]
    assert any("starting it again" in note for note in notes)
    texts = [(r["problem"], r["strategy"], r["step"], r["text"]) for r in run.rationales()]
    assert sorted(texts) == sorted(
        (r["problem"], r["strategy"], r["step"], r["text"]) for r in finished.rationales()
    )


def test_an_observer_that_raises_is_told_and_harms_nothing(
    settings: dict[str, Any], install: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SIKED_STRICT_PLUGINS", raising=False)
    install(
        "acme-watch",
        "from siked import hookimpl\nseen = []\n"
        "@hookimpl\ndef siked_iteration_finished(event):\n"
        "    seen.append(event.iteration)\n    raise KeyError('no')\n"
        "@hookimpl\ndef siked_run_finished(event):\n    seen.append(event.summary['format'])\n",
    )
    run = siked.run({**settings, "iterations": 0, "controls": []}, tmp_path / "watched")
    import acme_watch

    assert acme_watch.seen == [0, 1]
    assert run.summary["iterations"]
