"""Controls and votes beside a whole run on the fakes."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import siked
from siked.cli.main import cli
from siked.journal.canonical import digest
from siked.runs.run import resume

ALL = ["equal-steps", "off-policy", "off-policy-steps", "adaptive", "permuted", "votes", "best-strategy"]
ROUTED = {"schedule": {"name": "routed"}, "controls": ALL}


@pytest.fixture
def run(settings: dict[str, Any], tmp_path: Path) -> siked.Run:
    return siked.run({**settings, **ROUTED}, tmp_path / "run")


def mixture(run: siked.Run, track: str) -> list[dict[str, Any]]:
    return run.journal.rows(
        "SELECT w.rationale, r.strategy, q.problem, w.weight, w.tag_weight"
        " FROM mixtures m JOIN mixture_rows w ON w.mixture = m.id"
        " JOIN rationales r ON r.id = w.rationale JOIN requests q ON q.id = r.request"
        " WHERE m.track = ? AND m.iteration = 2 ORDER BY w.position",
        track,
    )


def tags_of(rows: list[dict[str, Any]]) -> dict[int, dict[str, float]]:
    """Return what the tags of each problem count."""
    found: dict[int, dict[str, float]] = {}
    for row in rows:
        weight = row["weight"] if row["tag_weight"] is None else row["tag_weight"]
        own = found.setdefault(row["problem"], {})
        if weight:
            own[row["strategy"]] = own.get(row["strategy"], 0.0) + weight
    return found


def test_each_control_trains_what_it_says(run: siked.Run) -> None:
    summary = run.summary
    steps = {c["name"]: c["training"]["steps"] for c in summary["controls"]}
    main = [values["training"]["steps"] for values in summary["iterations"]]
    assert list(steps) == ALL[:-2]
    assert steps["equal-steps"] == steps["permuted"] == main[2]
    assert steps["off-policy-steps"] == sum(main)
    assert mixture(run, "off-policy") == mixture(run, "off-policy-steps") == mixture(run, "main")
    for control in summary["controls"]:
        assert set(control["accuracy"]) == {"dev", "additions"}
        assert set(control["forced"]) == {"cot", "l2m", "pot"}
        assert control["choice_quality"]["best_single"] == max(control["forced"].values())


def test_the_papers_mixture_is_the_same_rationales_with_tags_like_any_token(run: siked.Run) -> None:
    own, papers = mixture(run, "main"), mixture(run, "adaptive")
    assert [row["rationale"] for row in own] == [row["rationale"] for row in papers]
    assert {row["tag_weight"] for row in papers} == {None}
    assert "adaptive" in {row["against"] for row in run.summary["comparisons"]}


def test_a_run_mixed_as_in_the_paper_has_no_control_of_it(settings: dict[str, Any], tmp_path: Path) -> None:
    schedule = {"name": "adaptive"}
    run = siked.run({**settings, "schedule": schedule, "controls": ["adaptive"]}, tmp_path / "run")
    assert run.summary["controls"] == []


def test_permuting_keeps_rationales_and_shares_and_parts_tags_from_problems(run: siked.Run) -> None:
    own, permuted = mixture(run, "main"), mixture(run, "permuted")
    assert {row["rationale"] for row in own} == {row["rationale"] for row in permuted if row["weight"]}
    tags, others = tags_of(own), tags_of(permuted)
    for strategy in ("cot", "l2m", "pot"):
        mass = [sum(own.get(strategy, 0) for own in found.values()) for found in (tags, others)]
        assert mass[0] == pytest.approx(mass[1])
    assert any(tags[problem] != others.get(problem) for problem in tags)


def test_votes_are_scored_beside_single_texts(run: siked.Run) -> None:
    rows = {row["mode"]: row for row in run.summary["votes"]["additions"]}
    forced = run.summary["iterations"][-1]["forced"]
    best = max(forced, key=lambda name: forced[name])
    modes = {"free", "forced:cot", "forced:l2m", "forced:pot", "any", "majority"}
    assert set(rows) == {*modes, f"pass:{best}", f"majority:{best}"}
    assert {row["texts"] for row in rows.values()} == {1, 3}
    singles = [rows[f"forced:{name}"]["value"] for name in ("cot", "l2m", "pot")]
    assert rows["any"]["value"] >= max(singles)
    assert rows["any"]["value"] >= rows["majority"]["value"]
    assert rows[f"pass:{best}"]["value"] >= rows[f"majority:{best}"]["value"]


def test_one_strategy_throughout_stands_beside_the_choice(run: siked.Run) -> None:
    forced = {row["mode"]: row["value"] for row in run.summary["votes"]["additions"]}
    mine, control = run.summary["best_strategy"]
    assert (mine["track"], control["track"]) == ("main", "equal-steps")
    assert mine["accuracy"]["additions"]["value"] == forced[f"forced:{mine['strategy']}"]
    last = run.summary["iterations"][-1]["accuracy"]["additions"]["value"]
    (one,) = [row for row in run.summary["comparisons"] if row["against"] == "best-strategy"]
    assert one["difference"] == pytest.approx(last - mine["accuracy"]["additions"]["value"])
    shown = CliRunner().invoke(cli, ["show", str(run.folder)]).output
    assert f"always {mine['strategy']}" in shown
    assert "SIKeD's last student solves" in shown


def test_the_choice_is_measured_on_dev(run: siked.Run) -> None:
    for values in run.summary["iterations"]:
        found = values["choice_quality"]
        assert found["n"] == 8
        assert found["mass"] == pytest.approx(0.9)
        assert found["oracle"] == values["any_strategy"]
        assert found["best_single"] == max(values["forced"].values())


def test_tables_show_them(run: siked.Run) -> None:
    shown = CliRunner().invoke(cli, ["show", str(run.folder)]).output
    for text in ("tags permuted over problems", "majority of the strategies", "concordance"):
        assert text in shown


def test_controls_after_more_iterations_equal_those_of_a_longer_run(
    settings: dict[str, Any], run: siked.Run, tmp_path: Path
) -> None:
    again = siked.run({**settings, **ROUTED}, tmp_path / "again")
    assert digest(again.journal) == digest(run.journal)
    assert resume(run.folder).summary["controls"] == run.summary["controls"]


def test_voting_at_test_time_tells_answers_and_cost(run: siked.Run) -> None:
    def call(*args: str) -> Any:
        return CliRunner().invoke(cli, list(args), catch_exceptions=False)

    one = json.loads(call("eval", str(run.folder), "-d", "additions", "--json").stdout)
    three = json.loads(call("eval", str(run.folder), "-d", "additions", "--vote", "1", "--json").stdout)
    nine = json.loads(call("eval", str(run.folder), "-d", "additions", "--vote", "3", "--json").stdout)
    assert (three["texts"], nine["texts"]) == (3 * one["texts"], 9 * one["texts"])
    assert nine["tokens"] > three["tokens"] > one["tokens"]
    assert three["n"] == nine["n"] == one["n"]
    told = call("solve", str(run.folder), "What is 20 + 22?", "--vote", "3").output
    assert re.search(r"answer: 4[23] \([3-9] of 9 texts, \d+ tokens\)", told)
    refused = CliRunner().invoke(cli, ["solve", str(run.folder), "What?", "--vote", "2", "-s", "cot"])
    assert refused.exit_code == 2


def test_votes_are_weighed_by_how_probable_a_strategy_is(run: siked.Run) -> None:
    def scored(*args: str) -> Any:
        called = CliRunner().invoke(cli, ["eval", str(run.folder), "-d", "additions", *args, "--json"])
        return json.loads(called.stdout)

    once, everywhere = scored(), scored("--vote", "1", "--weigh")
    assert everywhere["texts"] == 3 * once["texts"]
    nowhere = scored("--vote", "1", "--unsure", "0")
    assert (nowhere["texts"], nowhere["value"]) == (once["texts"], once["value"])
    refused = CliRunner().invoke(cli, ["eval", str(run.folder), "-d", "additions", "--weigh"])
    assert refused.exit_code == 2
    assert "--vote" in refused.output
