"""What siked brings for TRL's trainers; they train on it in tests/e2e."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

import siked
from siked.errors import UsageError
from siked.trl import CorrectAnswer, preferences, prompts

pytestmark = pytest.mark.train
pytest.importorskip("trl")


@pytest.fixture
def run(settings: dict[str, Any], tmp_path: Path) -> siked.Run:
    return siked.run({**settings, "iterations": 1, "controls": []}, tmp_path / "run")


def turn(role: str, text: str) -> list[dict[str, str]]:
    return [{"role": role, "content": text}]


def test_a_text_is_worth_what_the_verifier_says(run: siked.Run) -> None:
    texts = [
        "[cot]\nThe answer is 5.",
        "[pot]\nanswer = 2 + 4",
        "[pot]\nwhile True: pass",
        "The answer is 5.",
    ]
    extra: dict[str, list[Any]] = {}
    metrics: dict[str, float] = {}
    reward = pickle.loads(pickle.dumps(CorrectAnswer(run)))
    found = reward(
        prompts=[turn("user", "What is 2 + 3?")] * 4,
        completions=[turn("assistant", text) for text in texts],
        completion_ids=[[]] * 4,
        gold=["5"] * 4,
        log_extra=extra.__setitem__,
        log_metric=metrics.__setitem__,
    )
    reward.close()
    assert found == [1.0, 0.0, None, 0.0]
    assert extra == {"strategy": ["cot", "pot", "pot", ""], "answer": ["5", "6", None, None]}
    assert metrics == {"chose/cot": 0.25, "chose/l2m": 0, "chose/pot": 0.5, "chose/none": 0.25}
    assert reward.__name__ == "correct_answer"


def test_pairs_are_of_one_problem_one_right_and_one_wrong(run: siked.Run) -> None:
    rows = {
        (row["problem"], f"[{row['strategy']}]\n{row['text']}"): row
        for row in run.rationales()
        if row["split"] == "train" and row["track"] == "main"
    }
    found = preferences(run, pairs=3)
    assert found.column_names == ["prompt", "chosen", "rejected", "problem", "strategy", "rejected_strategy"]
    pairs = [(p["problem"], p["chosen"][0]["content"], p["rejected"][0]["content"]) for p in found]
    assert len(set(pairs)) == len(pairs) > 0
    for problem, chosen, rejected in pairs:
        assert rows[problem, chosen]["status"] == "correct"
        assert rows[problem, rejected]["status"] == "wrong"
        assert rows[problem, chosen]["strategy"] == rows[problem, rejected]["strategy"]
    assert list(found) == list(preferences(run.folder, pairs=3))
    across = preferences(run, across=True, pairs=100)
    assert {p["strategy"] == p["rejected_strategy"] for p in across} == {True, False}
    taught = preferences(run, written_by="teacher", across=True, pairs=100)
    assert 0 < len(taught) < len(across)


def test_prompts_are_the_training_problems(run: siked.Run) -> None:
    rows = list(prompts(run))
    wanted = [problem for _, problem in run.journal.load_problems("train")]
    assert [(r["problem"], r["gold"], r["prompt"][0]["content"]) for r in rows] == [
        (p.id, p.gold, p.question) for p in wanted
    ]


def test_a_run_without_pairs_says_so(settings: dict[str, Any], tmp_path: Path) -> None:
    sure = {**settings, "teacher": {"name": "scripted", "skill": 1.0}, "iterations": 0, "controls": []}
    run = siked.run(sure, tmp_path / "run")
    with pytest.raises(UsageError, match="has no problem with a right and a wrong text"):
        preferences(run)
