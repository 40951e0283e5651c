"""What Python offers over a run: rows, frames, students, scores."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

import siked
from siked.errors import RunLocked, UsageError


@pytest.fixture
def finished(settings: dict[str, Any], tmp_path: Path) -> siked.Run:
    return siked.run(settings, tmp_path / "run")


def test_a_run_is_opened_read_and_asked(finished: siked.Run, tmp_path: Path) -> None:
    run = siked.open_run(finished.folder)
    assert repr(run).startswith(f"<Run {finished.folder}: 3 iterations, best ")
    assert "dev " in repr(run)

    # Rationales, by what they are.
    everything = list(run.rationales())
    assert run.rationales().count() == len(everything)
    for name, value in (
        ("writer", "teacher"),
        ("writer", "student"),
        ("strategy", "pot"),
        ("status", "wrong"),
        ("iteration", 1),
        ("track", "equal-steps"),
        ("trained", True),
    ):
        found = run.rationales(**{name: value})
        assert list(found) == [row for row in everything if row[name] == value], name  # type: ignore[literal-required]
        assert found.count() == len(list(found)) > 0, name
    needle = everything[0]["question"][:12]
    searched = list(run.rationales(text=needle.upper()))
    assert searched == [r for r in everything if needle in r["question"] or needle in r["text"]]
    assert run.rationales(text="100%_").count() == 0
    with pytest.raises(UsageError, match="no writer 'nobody'; there are: teacher, student, evaluation"):
        run.rationales(writer="nobody")
    first = run.rationales().first()
    assert first == everything[0]
    assert run.rationales(strategy="none").first() is None

    # Scores are those of the summary.
    summary = run.summary
    scores = {(r["track"], r["iteration"], r["set"], r["mode"]): r for r in run.results()}
    for values in summary["iterations"]:
        row = scores["main", values["iteration"], "dev", "free"]
        assert row["accuracy"] == values["accuracy"]["dev"]["value"]
        assert [row["low"], row["high"]] == values["accuracy"]["dev"]["ci95"]

    # A student solves, by itself and as told, and closes.
    with run.student(1) as student:
        assert repr(student) == f"<Student {finished.folder.name}@1: ready>"
        free, other = student.solve(["What is 3 + 4?", "What is 20 + 5?"])
        assert free.strategy in student.strategies == ("cot", "l2m", "pot")
        assert (free.answer, other.answer) != (None, None)
        assert repr(free) == f"<Solution by {free.strategy}: {free.answer!r}>"
        (forced,) = student.solve("What is 3 + 4?", strategy="pot")
        assert forced.strategy == "pot"
        (election,) = student.vote("What is 3 + 4?")
        assert len(election.texts) == 3
        with pytest.raises(UsageError, match="question 1 is empty"):
            student.solve(["What is 1 + 1?", " "])
        with pytest.raises(UsageError, match="no strategy named 'no' here"):
            student.solve("What is 1 + 1?", strategy="no")
    with pytest.raises(UsageError, match="run@1 is closed"):
        student.solve("What is 3 + 4?")
    with pytest.raises(UsageError, match="no student 9; there are: 0, 1, 2"):
        run.student(9)

    # Scored on a data set as the run scored it, and on problems of one's own.
    made = siked.evaluate(run, "additions", iteration=2, options={"train": 16, "dev": 8, "test": 8})
    assert made.score.value == scores["main", 2, "additions", "free"]["accuracy"]
    assert repr(made).startswith(f"<Evaluation additions: {made.score.correct} of 8 right = ")
    own = [siked.TestProblem(id="a", question="What is 2 + 2?", gold="4", dataset="mine")]
    (row,) = siked.evaluate(finished.folder, own).rows()
    assert (row["problem"], row["gold"], row["status"] in ("correct", "wrong")) == ("a", "4", True)


def test_a_run_that_is_not_finished_says_so(settings: dict[str, Any], tmp_path: Path) -> None:
    done = siked.run({**settings, "iterations": 0, "controls": []}, tmp_path / "run")
    (done.folder / "summary.json").unlink()
    run = siked.open_run(done.folder)
    assert repr(run) == f"<Run {done.folder}: unfinished, 1 of 1 iterations scored>"
    assert [row["set"] for row in run.results() if row["mode"] == "free"] == ["dev", "additions"]
    assert repr(siked.resume(done.folder)).startswith(f"<Run {done.folder}: 1 iterations, best 0")
    with pytest.raises(UsageError, match="no run there"):
        siked.open_run(tmp_path / "none")
    assert issubclass(RunLocked, siked.SikedError)


def test_rows_become_frames_and_tables(
    settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = siked.run({**settings, "iterations": 0, "controls": []}, tmp_path / "run")
    results = run.results()
    assert repr(results).startswith(f"<{results.count()} results: track, iteration, set, mode, n, ")
    page = str(run.rationales()._repr_html_())
    assert page.count("<tr>") == 11
    assert f"and {run.rationales().count() - 10} more" in page
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(UsageError, match="frames need pandas, which is not installed: pip install pandas"):
        results.to_frame()
    monkeypatch.undo()
    pd = pytest.importorskip("pandas")
    frame = results.to_frame()
    assert isinstance(frame, pd.DataFrame)
    assert list(frame.columns) == list(results.columns)
    assert frame["n"].tolist() == [row["n"] for row in results]
    assert list(run.training().to_frame().columns)[:3] == ["track", "iteration", "step"]


def test_a_table_in_a_notebook_shows_hostile_text_as_text() -> None:
    rows = siked.Rows("rows", ["a"], lambda: [{"a": "<script>\x1b[2J</script>"}])
    assert "<td>&lt;script&gt;&lt;/script&gt;</td>" in rows._repr_html_()
