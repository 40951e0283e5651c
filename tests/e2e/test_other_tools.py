"""A trained student in the tools that people have: lm-eval scores it as siked does, TRL trains it further."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import siked
from siked.cli.main import cli
from siked.trl import CorrectAnswer, preferences, prompts

pytestmark = [pytest.mark.slow, pytest.mark.train]


def done(*words: str) -> str:
    result = CliRunner().invoke(cli, list(words))
    assert result.exit_code == 0, result.output + str(result.exception)
    return result.stdout


def test_lm_eval_agrees_with_siked_eval_on_every_problem(
    run: siked.Run, exported: Path, tmp_path: Path
) -> None:
    pytest.importorskip("lm_eval")
    names = run.journal.test_sets()
    done("tasks", str(run.folder), "--to", str(tmp_path / "tasks"), "--limit", "20")
    words = f"run --model hf --model_args pretrained={exported} --include_path {tmp_path / 'tasks'}"
    words += (
        f" --tasks siked --apply_chat_template --device cpu --batch_size 16 --output_path {tmp_path / 'out'}"
    )
    environment = {**os.environ, "HF_DATASETS_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    subprocess.run(
        [sys.executable, "-m", "lm_eval", *words.split(), "--log_samples"], check=True, env=environment
    )
    (results,) = (tmp_path / "out").rglob("results_*.json")
    scores = json.loads(results.read_text())["results"]
    for name in names:
        task = f"siked_{name.replace('-', '_')}"
        out = tmp_path / f"{task}.jsonl"
        own = json.loads(
            done("eval", str(run.folder), "-d", name, "--limit", "20", "--out", str(out), "--json")
        )
        (samples,) = (tmp_path / "out").rglob(f"samples_{task}_20*.jsonl")
        theirs = {row["doc"]["id"]: row for row in map(json.loads, samples.read_text().splitlines())}
        ours = {row["id"]: row for row in map(json.loads, out.read_text().splitlines())}
        assert theirs.keys() == ours.keys()
        for key, row in ours.items():
            assert theirs[key]["correct"] == (row["status"] == "correct"), key
            assert theirs[key]["filtered_resps"][0].strip().endswith(row["text"].strip()), key
        assert scores[task]["correct,none"] == own["value"]
        assert scores[task]["unverified,none"] == own["unverified"] / own["n"]
        for strategy in ("cot", "l2m", "pot", "none"):
            assert scores[task][f"chose_{strategy},none"] == own["choice"].get(strategy, 0)


def trained(trainer: Any) -> bool:
    """Train a step; say whether weights moved."""
    import torch

    before = {name: weight.clone() for name, weight in trainer.model.state_dict().items()}
    trainer.train()
    return any(not torch.equal(before[name], weight) for name, weight in trainer.model.state_dict().items())


def test_dpo_trains_a_step_on_the_pairs_of_a_run(run: siked.Run, exported: Path, tmp_path: Path) -> None:
    from trl import DPOConfig, DPOTrainer

    trainer = DPOTrainer(
        model=str(exported),
        args=DPOConfig(
            output_dir=str(tmp_path / "dpo"),
            max_steps=1,
            per_device_train_batch_size=4,
            learning_rate=1e-4,
            use_cpu=True,
            bf16=False,
            report_to=[],
        ),
        train_dataset=preferences(run, across=True),
    )
    row, decode = trainer.train_dataset[0], trainer.processing_class.decode
    assert decode(row["chosen_ids"]).startswith("[")
    assert decode(row["chosen_ids"]).endswith("<eos>")
    assert decode(row["rejected_ids"]).endswith("<eos>")
    assert decode(row["prompt_ids"]).startswith("Question:")
    assert trained(trainer)


def test_grpo_trains_a_step_on_the_verdicts_of_siked(run: siked.Run, exported: Path, tmp_path: Path) -> None:
    from trl import GRPOConfig, GRPOTrainer

    reward = CorrectAnswer(run)
    trainer = GRPOTrainer(
        model=str(exported),
        reward_funcs=reward,
        args=GRPOConfig(
            output_dir=str(tmp_path / "grpo"),
            max_steps=1,
            per_device_train_batch_size=16,
            num_generations=8,
            max_completion_length=120,
            learning_rate=1e-4,
            use_cpu=True,
            bf16=False,
            report_to=[],
            logging_steps=1,
        ),
        train_dataset=prompts(run),
    )
    assert trained(trainer)
    reward.close()
    (told,) = [row for row in trainer.state.log_history if "rewards/correct_answer/mean" in row]
    assert 0 < told["rewards/correct_answer/mean"] < 1
    shares = [told[f"chose/{name}"] for name in ("cot", "l2m", "pot", "none")]
    assert sum(shares) == pytest.approx(1)
    assert told["chose/none"] < 0.5
