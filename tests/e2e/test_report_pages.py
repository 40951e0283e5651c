"""Pages of an unfinished run, of several runs and of a study; numbers are counted again from the journals."""

from __future__ import annotations

import csv
import html
import json
import re
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

import siked
from siked.cli.main import cli
from siked.engine.evaluate import evaluate
from siked.engine.mix import mix
from siked.engine.prepare import preflight, prepare
from siked.engine.sample import sample
from siked.engine.state import MAIN, State
from siked.engine.teach import teach
from siked.engine.train import train
from siked.errors import RunError, UsageError
from siked.report import files, several, standing
from siked.report.html import page, run_figures
from siked.runs.diff import diff
from siked.runs.run import Run
from siked.testing.runs import FAKES, fake_settings, run_on_fakes

DATA = {"name": "additions", "train": 16, "dev": 12, "test": 24}


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def halfway(state: State) -> None:
    prepare(state)
    preflight(state)
    teach(state)
    mix(state, 0)
    train(state, 0)
    evaluate(state, MAIN, 0, tests=True, forced=True)
    sample(state, 1)
    mix(state, 1)
    raise RunError("stopped here")


def early(state: State) -> None:
    prepare(state)
    raise RunError("stopped here")


def stopped(folder: Path, loop: Any) -> Path:
    with pytest.raises(RunError, match="stopped here"):
        siked.run(fake_settings(dataset=DATA), folder, plugins=[FAKES], loop=loop)
    return folder


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("runs")
    run_on_fakes(folder / "first", settings={"dataset": DATA, "iterations": 2, "controls": ["equal-steps"]})
    run_on_fakes(folder / "second", settings={"dataset": DATA, "schedule": {"name": "all"}, "seed": 5})
    return {
        "first": folder / "first",
        "second": folder / "second",
        "half": stopped(folder / "half", halfway),
        "early": stopped(folder / "early", early),
    }


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    values = {
        "seeds": [0, 1],
        "base": fake_settings(dataset=DATA),
        "cells": {"combined": {"iterations": 0}, "self": {"schedule": {"name": "self"}}},
    }
    values["base"].pop("seed")
    (folder / "grid.yaml").write_text(yaml.safe_dump(values, sort_keys=False))
    done = invoke("study", folder / "grid.yaml", "--out", folder / "out", "--plugin", FAKES)
    assert done.exit_code == 0, done.output
    return folder / "out"


def texts_of(place: Path, step: str) -> int:
    with sqlite3.connect(place / "run.db") as db:
        return int(db.execute("SELECT count(*) FROM requests WHERE step = ?", (step,)).fetchone()[0])


def test_an_unfinished_run_says_where_it_stands(places: dict[str, Path]) -> None:
    place = places["half"]
    run = Run(place)
    rows = {(row[0], row[1]): row[2:] for row in standing.table(run).rows}
    assert rows["iteration 0", "train"][0] == rows["iteration 1", "sample"][0] == "done"
    assert rows["iteration 1", "train"] == ["next", ""]
    assert rows["iteration 1", "dev"] == ["to do", ""]
    done = invoke("report", place)
    assert done.output == f"{place / 'report.html'}\n"
    text = html.unescape((place / "report.html").read_text(encoding="utf-8"))
    assert f"1 of 2 students are trained; nothing works on it; go on with: siked resume {place.name}" in text
    assert "best iteration by dev:" not in text
    assert "Accuracy, free choice" in text
    with sqlite3.connect(place / "run.db") as db:
        (right,) = db.execute(
            "SELECT sum(v.status = 'correct') FROM verdicts v JOIN rationales r ON r.id = v.rationale"
            " JOIN requests q ON q.id = r.request WHERE q.step = 'free:additions'"
        ).fetchone()
    assert f'<td class="n">{100 * right / 24:.1f}\n[' in text


def test_a_sampling_under_way_counts_its_texts(tmp_path: Path, places: dict[str, Path]) -> None:
    place = tmp_path / "cut"
    shutil.copytree(places["half"], place)
    asked = texts_of(place, "sample")
    with sqlite3.connect(place / "run.db") as db:
        db.execute("DELETE FROM steps WHERE iteration = 1")
        db.execute("DELETE FROM mixture_rows WHERE mixture IN (SELECT id FROM mixtures WHERE iteration = 1)")
        db.execute("DELETE FROM mixtures WHERE iteration = 1")
        of_it = "(SELECT r.id FROM rationales r JOIN requests q ON q.id = r.request WHERE q.step = 'sample')"
        db.execute(f"DELETE FROM verdicts WHERE rationale IN {of_it}")
        db.execute(
            f"DELETE FROM rationales WHERE id IN (SELECT id FROM rationales WHERE id IN {of_it} LIMIT 5)"
        )
    rows = {(row[0], row[1]): row[2:] for row in standing.table(Run(place)).rows}
    assert rows["iteration 1", "sample"] == ["next", f"{asked - 5} of {asked} texts"]
    assert "Where it stands" in page(Run(place))


def test_a_run_without_a_student_has_a_page_too(places: dict[str, Path]) -> None:
    text = html.unescape(page(Run(places["early"])))
    assert "0 of 2 students are trained" in text
    assert "Accuracy, free choice" not in text
    assert run_figures(Run(places["early"])) == []
    assert invoke("report", places["early"], "--figures", places["early"].parent / "none").exit_code == 0


def test_a_finished_run_has_the_curve_of_any_strategy_and_the_choice_on_every_set(
    places: dict[str, Path],
) -> None:
    run = Run(places["first"])
    found = {figure.name: figure for figure in run_figures(run)}
    assert {"accuracy-dev", "accuracy-additions", "choice-dev", "choice-additions", "any-strategy"} <= set(
        found
    )
    assert {"forced", "loss", "alpha", "kl", "mixtures"} <= set(found)
    with sqlite3.connect(run.folder / "run.db") as db:
        for t in range(3):
            solved = db.execute(
                "SELECT q.problem, max(v.status = 'correct') FROM requests q"
                " JOIN rationales r ON r.request = q.id"
                " JOIN verdicts v ON v.rationale = r.id WHERE q.step = 'forced:dev' AND q.track = 'main'"
                " AND q.iteration = ? GROUP BY q.problem",
                (t,),
            ).fetchall()
            wanted = 100 * sum(right for _, right in solved) / len(solved)
            (row,) = [row for row in found["any-strategy"].rows if row[:2] == ["any strategy", str(t)]]
            assert float(row[2]) == pytest.approx(wanted)
            counts = dict(
                db.execute(
                    "SELECT r.strategy, count(*) FROM requests q JOIN rationales r ON r.request = q.id"
                    " WHERE q.step = 'free:additions' AND q.track = 'main' AND q.iteration = ? GROUP BY 1",
                    (t,),
                )
            )
            for name in ("cot", "pot", "none"):
                (row,) = [r for r in found["choice-additions"].rows if r[:2] == [f"iteration {t}", name]]
                assert float(row[2]) == pytest.approx(counts.get("" if name == "none" else name, 0) / 24)


def test_several_runs_are_compared_with_the_first(places: dict[str, Path], tmp_path: Path) -> None:
    names = ["first", "second", "half"]
    out, folder = tmp_path / "all.html", tmp_path / "figures"
    done = invoke("report", *(places[name] for name in names), "--out", out, "--figures", folder)
    assert done.exit_code == 0, done.output
    assert done.output.startswith(f"{out}\n")
    text = html.unescape(out.read_text(encoding="utf-8"))
    members = several.members([places[name] for name in names])
    against = several.compare(members)
    tests = []
    for one, name in zip(against, names[1:], strict=True):
        alone = diff(Run(places["first"]), Run(places[name]))
        for mine, wanted in zip(one.results, alone.results, strict=True):
            assert (mine.n, mine.gained, mine.lost, mine.p) == (
                wanted.n,
                wanted.gained,
                wanted.lost,
                wanted.p,
            )
            assert f"{mine.set}: {one.letter} is " in text
            tests += [mine] if mine.set != "dev" else []
    assert len(tests) == 2
    least, most = sorted(tests, key=lambda one: one.p or 0)
    assert (least.p_holm, most.p_holm) == (
        pytest.approx(min(1, 2 * (least.p or 0))),
        pytest.approx(max(min(1, 2 * (least.p or 0)), most.p or 0)),
    )
    assert "not finished" in text
    with (folder / "accuracy-additions.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    told = Run(places["first"]).summary["iterations"][2]["accuracy"]["additions"]
    (row,) = [row for row in rows if (row["series"], row["iteration"]) == ("A", "2")]
    assert float(row["value"]) == pytest.approx(100 * told["value"])
    assert [float(row["low"]), float(row["high"])] == pytest.approx([100 * end for end in told["ci95"]])
    assert (folder / "accuracy-additions.svg").exists()
    assert (folder / "accuracy-additions.pdf").exists() == files.can_pdf()
    assert list(folder.glob("table-accuracy*.tex"))


def test_the_page_of_two_runs_lists_problems_and_texts_stay_texts(places: dict[str, Path]) -> None:
    text = several.page(several.members([places["first"], places["second"]]))
    found = diff(Run(places["first"]), Run(places["second"]))
    assert found.apart
    assert "Solved by one alone" in text
    assert found.apart[0].problem in text
    assert "<script" not in text
    assert "default-src 'none'" in html.unescape(text)


def test_a_page_is_written_over_ours_only(places: dict[str, Path], tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    arguments = ("report", places["first"], places["second"], "--out", out)
    assert invoke(*arguments).exit_code == 0
    assert invoke(*arguments).exit_code == 0
    out.write_text("<p>mine</p>")
    assert "is no page of siked's" in str(invoke(*arguments).exception)
    assert out.read_text() == "<p>mine</p>"
    assert "named twice" in str(invoke("report", places["first"], places["first"]).exception)


def test_what_does_not_fit_together_ends_in_a_line(places: dict[str, Path], tmp_path: Path) -> None:
    place = tmp_path / "odd"
    shutil.copytree(places["second"], place)
    values = json.loads((place / "summary.json").read_text())
    del values["iterations"][0]["accuracy"]["dev"]["ci95"]
    (place / "summary.json").write_text(json.dumps(values))
    done = invoke("report", places["first"], place, "--out", tmp_path / "odd.html")
    assert "does not fit together (KeyError" in str(done.exception)
    assert not (tmp_path / "odd.html").exists()


def test_a_study_has_a_page_of_its_cells(study: Path, tmp_path: Path) -> None:
    done = invoke("report", study, "--figures", tmp_path / "figures")
    assert done.exit_code == 0, done.output
    text = html.unescape((study / "report.html").read_text(encoding="utf-8"))
    found = json.loads((study / "study.json").read_text())
    assert "4 of 4 runs; seeds 0, 1; compared with combined" in text
    assert "Fewer than 5 seeds" in text
    for cell, values in found["tests"]["additions"]["last"].items():
        assert re.search(rf'<th scope="row">{cell}</th><td class="n">{100 * values["value"]:.1f}\n\[', text)
    with (tmp_path / "figures" / "accuracy-additions.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            values = found["tests"]["additions"]["last"][row["row"]]
            assert float(row["value"]) == pytest.approx(100 * values["value"])
            singles = [float(one) for one in row["single values"].split()]
            assert singles == pytest.approx([100 * one for one in values["by_seed"].values()])
    with (tmp_path / "figures" / "any-strategy.csv").open(encoding="utf-8") as file:
        rows = {(row["series"], row["iteration"]): float(row["value"]) for row in csv.DictReader(file)}
    each = [Run(study / "runs" / "self" / f"seed-{seed}").summary["iterations"] for seed in (0, 1)]
    assert rows["self", "1"] == pytest.approx(50 * sum(its[1]["any_strategy"] for its in each))


def test_an_unfinished_study_says_which_runs_are_missing(study: Path, tmp_path: Path) -> None:
    place = tmp_path / "part"
    shutil.copytree(study, place)
    shutil.rmtree(place / "runs" / "self" / "seed-1")
    (place / "study.json").unlink()
    assert invoke("report", place).exit_code == 0
    text = html.unescape((place / "report.html").read_text(encoding="utf-8"))
    assert "3 of 4 runs" in text
    assert '<th scope="row">self</th><td>finished</td><td>not begun</td>' in text


def test_a_study_of_an_older_siked_is_read_by_its_results(study: Path, tmp_path: Path) -> None:
    place = tmp_path / "old"
    shutil.copytree(study, place)
    (place / "study.yaml").unlink()
    assert invoke("report", place, "--out", tmp_path / "old.html").exit_code == 0
    assert "4 of 4 runs" in (tmp_path / "old.html").read_text(encoding="utf-8")
    with pytest.raises(UsageError, match="a study has a page of its own"):
        raise invoke("report", place, study).exception or AssertionError
