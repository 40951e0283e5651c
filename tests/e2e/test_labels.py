"""Training labels without golds."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import siked
from siked.cli.main import cli


@pytest.fixture
def run(settings: dict[str, Any], tmp_path: Path) -> siked.Run:
    return siked.run({**settings, "labels": {"name": "agreement"}, "controls": []}, tmp_path / "run")


def test_agreement_decides_what_is_trained_on_and_golds_what_is_scored(run: siked.Run) -> None:
    rows = run.journal.rows(
        "SELECT DISTINCT q.step LIKE 'teach:%' OR q.step = 'sample' AS trained, v.verifier FROM verdicts v"
        " JOIN rationales r ON r.id = v.rationale JOIN requests q ON q.id = r.request ORDER BY 1"
    )
    assert [(row["trained"], row["verifier"]) for row in rows] == [(0, "numeric"), (1, "agreement")]


def test_the_strategies_of_a_problem_vote_together(run: siked.Run) -> None:
    rows = run.journal.rows(
        "SELECT q.problem, group_concat(v.status || ' ' || coalesce(v.answer, '')) AS votes, count(*) AS n"
        " FROM requests q JOIN rationales r ON r.request = q.id JOIN verdicts v ON v.rationale = r.id"
        " WHERE q.step LIKE 'teach:%' GROUP BY q.problem"
    )
    for row in rows:
        votes = [vote.split(" ") for vote in row["votes"].split(",")]
        right = {answer for status, answer in votes if status == "correct"}
        assert len(votes) == 3
        assert len(right) <= 1
        assert all(sum(answer in right for _, answer in votes) >= 2 for _ in right)


def test_the_error_of_the_labels_is_measured_and_shown(run: siked.Run) -> None:
    teacher, *later = run.summary["labels"]
    assert (teacher["step"], teacher["problems"]) == ("teacher", 16)
    assert len(later) == 2
    golds = {row["name"]: row["gold"] for row in run.journal.rows("SELECT name, gold FROM problems")}
    labels = {
        row["name"]: row["answer"]
        for row in run.journal.rows(
            "SELECT DISTINCT p.name, v.answer FROM verdicts v JOIN rationales r ON r.id = v.rationale"
            " JOIN requests q ON q.id = r.request JOIN problems p ON p.id = q.problem"
            " WHERE v.status = 'correct' AND q.step LIKE 'teach:%'"
        )
    }
    assert teacher["labelled"] == teacher["with_gold"] == len(labels)
    assert teacher["wrong"] == sum(golds[name] != answer for name, answer in labels.items())
    shown = CliRunner().invoke(cli, ["show", str(run.folder)]).output
    assert f"{teacher['wrong']} of {teacher['with_gold']} with a gold are wrong" in shown


def test_problems_without_golds_can_be_trained_on(settings: dict[str, Any], tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    lines = {
        split: [f'{{"id": "{split}{i}", "question": "What is {i} + {10 + i}?"' for i in range(12)]
        for split in ("train", "dev", "test")
    }
    for split, texts in lines.items():
        golds = ["}" if split == "train" else f', "gold": "{10 + 2 * i}"}}' for i in range(12)]
        (data / f"{split}.jsonl").write_text("\n".join(map("".join, zip(texts, golds, strict=True))))
    dataset = {"name": "jsonl", "path": str(data)}
    run = siked.run(
        {**settings, "dataset": dataset, "labels": {"name": "agreement"}, "controls": [], "iterations": 1},
        tmp_path / "run",
    )
    assert run.summary["labels"][0] == {
        **run.summary["labels"][0],
        "problems": 12,
        "with_gold": 0,
        "error": None,
    }
    assert run.summary["iterations"][1]["rows"] > 0
