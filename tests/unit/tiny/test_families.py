"""`siked families` counts what stands in a journal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from siked.cli.families import command, criteria, family_table, telling_words
from siked.errors import UsageError
from siked.journal import Journal, Stage, VerifierKey
from siked.records import Completion, DevProblem, Outcome, Status, Verdict

JUDGE = VerifierKey("numeric", "1", "{}")
FAMILIES = ("easy", "hard")
SOLVES = {
    ("easy", "cot"): {0, 1, 2, 3, 4},
    ("easy", "pot"): {0},
    ("hard", "cot"): {1},
    ("hard", "pot"): {2, 3, 4, 5, 6},
}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run folder whose journal has ten dev problems a family and their forced verdicts."""
    journal = Journal.create(tmp_path / "run.db")
    problems = [
        DevProblem(id=f"{f}-{n}", question=f"Take {n} of these apples", gold="1", dataset="d", family=f)
        for f in FAMILIES
        for n in range(10)
    ]
    with journal.saving():
        journal.judged_by("scores", JUDGE)
        journal.problems((p, False) for p in problems)
        asked = [(p, s) for p in problems for s in ("cot", "pot")]
        journal.requests(
            (Stage("main", 0, "forced:dev"), problems.index(p) + 1, s, 0, 0, f"{p.id}{s}") for p, s in asked
        )
        for row, (problem, strategy) in enumerate(asked, 1):
            journal.completion(row, Completion(key="", outcome=Outcome.OK, text="x"), strategy)
            number = int(problem.id.split("-")[1])
            right = number in SOLVES[problem.family, strategy]
            status = Status.CORRECT if right else Status.WRONG
            journal.verdict(row, JUDGE, Verdict(status=status, answer="1", rule="number"))
    return tmp_path


def test_the_table_counts_each_family_and_any_strategy(run: Path) -> None:
    result = CliRunner().invoke(command, [str(run), "--json"], catch_exceptions=False)
    read = json.loads(result.output)
    families = {row["family"]: row for row in read["families"]}
    assert families["easy"] == {"family": "easy", "n": 10, "forced": {"cot": 0.5, "pot": 0.1}, "any": 0.5}
    assert families["hard"] == {"family": "hard", "n": 10, "forced": {"cot": 0.1, "pot": 0.5}, "any": 0.6}
    assert read["all"]["any"] == pytest.approx(0.55)
    assert [c["holds"] for c in read["criteria"]] == [True, True, True, True]
    assert result.exit_code == 0


def test_people_get_a_table(run: Path) -> None:
    result = CliRunner().invoke(command, [str(run), "--check"], catch_exceptions=False)
    assert "hard     10    10.0    50.0    60.0" in result.output
    assert result.exit_code == 0


def test_a_lead_of_less_than_ten_points_fails() -> None:
    solved = [(n, "f", s, n < right) for s, right in (("cot", 55), ("pot", 50)) for n in range(100)]
    rows, total = family_table(solved)
    assert [c.holds for c in criteria(rows, total, {"a": 0.5})] == [False, False, False, True]


def test_a_lead_of_exactly_ten_points_holds() -> None:
    solved = [(n, "f", s, n < right) for s, right in (("cot", 35), ("pot", 25)) for n in range(100)]
    rows, total = family_table(solved)
    assert [c.holds for c in criteria(rows, total, {"a": 0.5})] == [True, False, False, True]


def test_a_telling_word_is_found() -> None:
    texts = [("f", "buy bread")] * 40 + [("g", "carry bread")] * 40 + [("g", "rare")] * 5
    telling = telling_words(texts)
    assert telling == {"buy": 1.0, "carry": 1.0, "bread": 0.5}
    rows, total = family_table([(1, "f", "cot", True)])
    assert not criteria(rows, total, telling)[-1].holds


def test_a_run_without_forced_evaluation_is_named(run: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no forced evaluation on dev at iteration 7"):
        CliRunner().invoke(command, [str(run), "--iteration", "7"], catch_exceptions=False)
