"""lm-eval's own evaluator scores texts as siked does; the texts of a real student in tests/e2e."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import siked
from siked.cli.main import cli
from siked.config import parse
from siked.errors import UsageError
from siked.lm_eval import Tasks, write_tasks
from siked.records import TestProblem
from siked.registry import load_registry

pytest.importorskip("lm_eval")
TEXTS = {
    "What is 2 + 3?": "[cot]\nTwo and three are five. The answer is 5.",
    "What is 2 + 4?": "[cot]\nThe answer is 7.",
    "What is 20 * 30?": "[pot]\nanswer = 20 * 30",
    "What is 20 * 31?": "[pot]\nwhile True:\n    pass",
    "What is 20 * 32?": "[pot]\nimport os\nanswer = os.system('true')",
    "What is 5 - 2?": "The answer is 3.",
    "Wie viel ist 5 - 1?\n\nSchreibe eine Zahl.": (
        " [l2m]\nSub-question 1: How many are left?\nAnswer to Sub-question 1: 5 - 1 = 4.\nFinal Answer: 4"
    ),
}
GOLDS = ("5", "6", "600", "620", "640", "3", "4")
WANTED = (1, 0, 1, 0, 0, 0, 1)


def canned() -> Any:
    from lm_eval.api.model import LM

    class Canned(LM):
        tokenizer_name = "canned"

        def apply_chat_template(self, chat_history: Any, add_generation_prompt: bool = True) -> str:
            return json.dumps(chat_history)

        def chat_template(self, chat_template: Any = False) -> str:
            return "canned"

        def generate_until(self, requests: Any, disable_tqdm: bool = False) -> list[str]:
            turns = [json.loads(request.args[0]) for request in requests]
            assert all(len(turn) == 1 and turn[0]["role"] == "user" for turn in turns)
            assert {request.args[1]["max_gen_toks"] for request in requests} == {77}
            return [TEXTS[turn[0]["content"]] for turn in turns]

        def loglikelihood(self, requests: Any) -> Any:
            raise NotImplementedError

        def loglikelihood_rolling(self, requests: Any) -> Any:
            raise NotImplementedError

    return Canned()


def evaluated(folder: Path, tasks: list[str]) -> dict[str, Any]:
    from lm_eval import simple_evaluate
    from lm_eval.tasks import TaskManager

    found: dict[str, Any] = simple_evaluate(
        canned(),
        tasks=tasks,
        task_manager=TaskManager(include_path=str(folder), include_defaults=False),
        apply_chat_template=True,
        bootstrap_iters=0,
    )
    return found


def test_lm_eval_gives_the_verdicts_of_siked(tmp_path: Path) -> None:
    problems = [
        TestProblem(id=str(n), question=q, gold=g, dataset="own")
        for n, (q, g) in enumerate(zip(TEXTS, GOLDS, strict=True))
    ]
    config = parse({"evaluate": {"max_new_tokens": 77}, "sandbox": {"name": "auto", "cpu": 0.5}})
    names = write_tasks(
        tmp_path / "tasks", config, load_registry(), {"Own/set": problems, "own-2": problems[:1]}
    )
    assert names == ["siked_own_set", "siked_own_2"]
    found = evaluated(tmp_path / "tasks", ["siked"])
    scores = found["results"]["siked_own_set"]
    assert scores["correct,none"] == sum(WANTED) / 7
    assert scores["unverified,none"] == 1 / 7
    assert scores["chose_pot,none"] == 3 / 7
    assert scores["chose_none,none"] == 1 / 7
    rows = sorted(found["samples"]["siked_own_set"], key=lambda row: row["doc_id"])
    assert tuple(row["correct"] for row in rows) == WANTED
    assert [row["doc"]["id"] for row in rows] == [p.id for p in problems]
    assert found["results"]["siked_own_2"]["correct,none"] == 1
    assert found["configs"]["siked_own_set"]["metadata"]["dataset"] == "Own/set"


def test_tasks_of_a_run_hold_its_test_problems_and_those_of_a_file_its_own(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    run = siked.run({**settings, "iterations": 0, "controls": []}, tmp_path / "run")
    done = CliRunner().invoke(cli, ["tasks", str(run.folder), "--to", str(tmp_path / "a")])
    assert done.exit_code == 0, done.output
    assert "siked_additions: 8 problems" in done.output
    own = [problem for _, problem in run.journal.load_problems("test")]
    loaded = Tasks(tmp_path / "a").problems("siked_additions")["test"]
    assert [(row["id"], row["question"], row["gold"]) for row in loaded] == [
        (p.id, p.question, p.gold) for p in own
    ]
    file = tmp_path / "mine.jsonl"
    file.write_text('{"question": "What is 2 + 3?", "answer": "5"}\n')
    asked = ["tasks", str(run.folder), "--to", str(tmp_path / "b"), "-d", "jsonl", "--set", f"path={file}"]
    done = CliRunner().invoke(cli, asked)
    assert done.exit_code == 0, done.output
    (row,) = Tasks(tmp_path / "b").problems("siked_jsonl")["test"]
    assert row["question"] == "What is 2 + 3?"


def test_what_cannot_be_a_task_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for words, said in ((["tasks", str(tmp_path / "empty"), "--to", str(tmp_path / "out")], "no run there"),):
        done = CliRunner().invoke(cli, words)
        assert said in str(done.exception)
    with pytest.raises(UsageError, match="too much alike"):
        write_tasks(tmp_path / "out", parse({}), load_registry(), {"a b": [], "a-b": []})
    assert not (tmp_path / "out").exists()
