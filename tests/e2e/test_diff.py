"""Two runs beside each other; the numbers are counted again from their journals by other means."""

from __future__ import annotations

import json
import math
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

import siked
from siked.cli.main import cli
from siked.engine.evaluate import evaluate
from siked.engine.mix import mix
from siked.engine.prepare import preflight, prepare
from siked.engine.sample import sample
from siked.engine.state import MAIN, State
from siked.engine.teach import teach
from siked.engine.train import train
from siked.errors import RunError
from siked.report import compared, terminal
from siked.runs.diff import diff, mcnemar
from siked.runs.run import Run
from siked.testing.runs import FAKES, fake_settings, run_on_fakes

DATA = {"name": "additions", "train": 16, "dev": 12, "test": 24}


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[siked.Run, siked.Run]:
    folder = tmp_path_factory.mktemp("runs")
    first = run_on_fakes(folder / "first", settings={"dataset": DATA, "iterations": 2})
    second = run_on_fakes(
        folder / "second",
        settings={"dataset": DATA, "schedule": {"name": "all"}, "seed": 5, "iterations": 1},
    )
    return first, second


@pytest.fixture(scope="module")
def unfinished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def half(state: State) -> None:
        prepare(state)
        preflight(state)
        teach(state)
        mix(state, 0)
        train(state, 0)
        evaluate(state, MAIN, 0, tests=True, forced=True)
        sample(state, 1)
        raise RunError("stopped here")

    folder = tmp_path_factory.mktemp("runs") / "half"
    with pytest.raises(RunError, match="stopped here"):
        siked.run(fake_settings(dataset={**DATA, "test": 20}), folder, plugins=[FAKES], loop=half)
    return folder


def solved(run: siked.Run, iteration: int, step: str) -> dict[str, bool]:
    """Which problems a student solved, from the tables alone: there is one verifier and one attempt."""
    with sqlite3.connect(run.folder / "run.db") as db:
        return dict(
            db.execute(
                "SELECT p.name, v.status = 'correct' FROM verdicts v JOIN rationales r ON r.id = v.rationale"
                " JOIN requests q ON q.id = r.request JOIN problems p ON p.id = q.problem"
                " WHERE q.track = 'main' AND q.iteration = ? AND q.step = ?",
                (iteration, step),
            )
        )


@pytest.mark.parametrize(("at", "first", "second"), [("last", 2, 1), (0, 0, 0), (1, 1, 1)])
def test_results_are_those_of_the_journals_problem_by_problem(
    runs: tuple[siked.Run, siked.Run], at: Any, first: int, second: int
) -> None:
    found = diff(*runs, at)
    assert (found.a.iteration, found.b.iteration) == (first, second)
    assert [one.set for one in found.results] == ["dev", "additions"] if at != 1 else ["dev"]
    for one in found.results:
        a, b = (solved(r, t, f"free:{one.set}") for r, t in zip(runs, (first, second), strict=True))
        gained = {p for p in a if b[p] and not a[p]}
        lost = {p for p in a if a[p] and not b[p]}
        assert gained or lost
        assert (one.n, one.gained, one.lost) == (len(a), len(gained), len(lost))
        assert one.both == sum(a[p] and b[p] for p in a)
        assert one.difference == pytest.approx((sum(b.values()) - sum(a.values())) / len(a))
        assert one.ci95 is not None
        assert one.ci95[0] < one.difference < one.ci95[1]
        here = [each for each in found.apart if each.set == one.set]
        assert {each.problem for each in here if each.solved_by == "b"} == gained
        assert {each.problem for each in here if each.solved_by == "a"} == lost
    for run, score in zip(runs, (found.results[0].a, found.results[0].b), strict=True):
        told = run.summary["iterations"][first if run is runs[0] else second]
        assert score is not None
        assert score["value"] == told["accuracy"]["dev"]["value"]
        assert score["choice"] == told["choice"]


def test_what_differs_is_told_and_nothing_else(runs: tuple[siked.Run, siked.Run]) -> None:
    found = diff(*runs)
    assert {one.what: (one.a, one.b) for one in found.settings} == {
        "schedule.name": ("adaptive", "all"),
        "seed": ("1", "5"),
        "iterations": ("2", "1"),
    }
    assert [one.what for one in found.versions] == ["schedule"]
    assert [(one.split, one.a, one.b, one.same) for one in found.data] == [
        ("train", 16, 16, 16),
        ("dev", 10, 10, 10),  # two of its twelve are among the training problems
        ("test", 24, 24, 24),
    ]
    for one in found.mixtures:
        for run, made in zip(runs, (one.a, one.b), strict=True):
            told = run.summary["iterations"]
            wanted = told[one.iteration] if one.iteration < len(told) else None
            assert (made is None) == (wanted is None)
            assert made is None or (made["rows"], made["kl"]) == (wanted["rows"], wanted["kl"])
    same = diff(runs[0], runs[0])
    assert (same.settings, same.versions, same.apart) == ([], [], [])
    assert compared.remarks(same)[:2] == ["settings: all the same", "versions: all the same"]


def test_an_unfinished_run_of_other_tests_is_compared_by_what_it_has(
    runs: tuple[siked.Run, siked.Run], unfinished: Path
) -> None:
    done = invoke("diff", runs[0].folder, unfinished)
    assert done.exit_code == 0, done.output
    assert "half: seed 1, not finished; the student of iteration 0" in done.output
    assert "additions: only 20 problems are the same in both runs (24 in A, 20 in B)" in done.output
    half = Run(unfinished)
    (test,) = [one for one in diff(runs[0], half).results if one.set == "additions"]
    mine, theirs = solved(runs[0], 2, "free:additions"), solved(half, 0, "free:additions")
    assert test.n == 20
    assert test.difference == pytest.approx(sum(theirs[p] - mine[p] for p in theirs) / 20)


def test_a_run_without_a_student_and_wrong_words_end_in_a_line(
    runs: tuple[siked.Run, siked.Run], tmp_path: Path
) -> None:
    def early(state: State) -> None:
        prepare(state)
        raise RunError("stopped here")

    with pytest.raises(RunError):
        siked.run(fake_settings(dataset=DATA), tmp_path / "early", plugins=[FAKES], loop=early)
    done = invoke("diff", runs[0].folder, tmp_path / "early")
    assert done.exit_code == 0, done.output
    assert "B has no student that was scored yet, so there are no results to compare" in done.output
    for words, line in {
        ("--at", "7"): "iteration 7 was not scored; there are: 0, 1, 2",
        ("--at", "first"): "write last, best, or the number of an iteration",
        ("--set", "gsm8k"): "no set 'gsm8k' was scored; there are: dev, additions",
    }.items():
        done = invoke("diff", *(run.folder for run in runs), *words)
        assert done.exit_code == 2 or isinstance(done.exception, siked.SikedError)
        assert line in done.output + str(done.exception)
    assert isinstance(invoke("diff", runs[0].folder, tmp_path / "none").exception, siked.SikedError)


def test_texts_of_both_are_shown_on_request_and_in_json(runs: tuple[siked.Run, siked.Run]) -> None:
    folders = [run.folder for run in runs]
    plain = json.loads(invoke("diff", *folders, "--json").stdout)
    assert "question" not in plain["apart"][0]
    whole = json.loads(invoke("diff", *folders, "--json", "--rationales", "--set", "dev").stdout)
    assert {one["set"] for one in whole["apart"]} == {"dev"}
    shown = invoke("diff", *folders, "--problems", "--rationales", "--set", "dev", "--most", 1000).output
    assert "Solved by one alone" in shown
    assert whole["apart"]
    with sqlite3.connect(runs[0].folder / "run.db") as db:
        for one in whole["apart"]:
            (text,) = db.execute(
                "SELECT r.text FROM rationales r JOIN requests q ON q.id = r.request JOIN problems p"
                " ON p.id = q.problem WHERE q.iteration = 2 AND q.step = 'free:dev' AND p.name = ?",
                (one["problem"],),
            ).fetchone()
            assert one["a"]["text"] == text
            assert one["question"] in shown
            for line in text.splitlines():
                assert line in shown
    few = invoke("diff", *folders, "--problems", "--most", 1).output
    assert f"1 of {len(plain['apart'])} problems are shown" in few


def test_the_tables_fit_eighty_columns(runs: tuple[siked.Run, siked.Run]) -> None:
    console = Console(width=80, record=True, highlight=False, markup=False)
    found = diff(*runs)
    for table in [*compared.tables(found), compared.apart(found.apart)]:
        terminal.print_table(console, table)
    lines = console.export_text().splitlines()
    assert max(map(len, lines)) <= 80
    text = "\n".join(lines)
    assert "…" not in text
    for one in found.results:
        assert compared.interval(*(one.ci95 or (0, 0))) in text


@pytest.mark.parametrize(("gained", "lost"), [(3, 0), (1, 4), (10, 12), (40, 20), (5, 5)])
def test_the_test_counts_splits_that_are_as_uneven_and_its_own_half(gained: int, lost: int) -> None:
    n = gained + lost
    chances = [math.comb(n, k) / 2**n for k in range(n + 1)]
    more = sum(chance for k, chance in enumerate(chances) if abs(k - n / 2) > abs(gained - n / 2))
    same = sum(chance for k, chance in enumerate(chances) if abs(k - n / 2) == abs(gained - n / 2))
    assert mcnemar(gained, lost) == pytest.approx(more + same / 2)


def test_the_test_has_no_step_where_it_changes_its_way() -> None:
    assert mcnemar(0, 0) == 1.0
    assert mcnemar(530, 471) == pytest.approx(mcnemar(530, 470), abs=0.005)
    assert mcnemar(5000, 0) < 1e-9
