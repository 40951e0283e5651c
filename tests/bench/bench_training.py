"""Training: what rows drawn at random cost beside batches of like length, in padding and in processor time.

    python tests/bench/bench_training.py > docs/results/training-bench.md

Forward and backward passes of the trainer's own loss over one epoch's steps of eight rows, one thread, no
optimiser. Two students: the bundled one on the bundled teacher's rows, and one with the shape of
SmolLM2-135M and random weights on rows as long as those of a SVAMP run. Ways alternate over rounds; medians
of processor time count.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import time
from typing import Any

os.environ.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")

import torch
import transformers
from transformers.trainer_pt_utils import LengthGroupedSampler
from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

from siked.builtin.trainers import fitting
from siked.builtin.trainers.batches import Limits, plan
from siked.builtin.trainers.loss import labelled_loss
from siked.engine.generate import student_prompt
from siked.models.locate import resolve
from siked.records import Completion, Model, Request, TrainRow
from siked.registry import load_registry
from siked.text import token_ids

Row = tuple[list[int], list[int]]
Steps = list[list[list[int]]]

SVAMP = {"cot": (123, 275), "l2m": (213, 283), "pot": (58, 251)}
"""Mean labels and rows by strategy of a SVAMP run's mixture; a prompt has about 85 tokens there."""


def bundled(count: int) -> tuple[Any, list[Row]]:
    """The bundled student and rows of the bundled teacher."""
    path = resolve(Model(name="tiny")).path
    tokenizer = transformers.AutoTokenizer.from_pretrained(path)
    registry = load_registry()
    strategies = [registry.make("strategy", name) for name in ("cot", "l2m", "pot")]
    asked = {
        f"{problem.id} {strategy.name}": (problem, strategy)
        for problem in list(registry.make("dataset", "wordproblems").load("train"))[: count // 3]
        for strategy in strategies
    }
    requests = [
        Request(key=key, messages=(), question=problem.question, strategy=strategy.name)
        for key, (problem, strategy) in asked.items()
    ]
    rows = [
        TrainRow(
            messages=student_prompt(asked[told.key][0].question),
            prefix=asked[told.key][1].tag,
            text=told.text,
        )
        for told in registry.make("backend", "tiny-teacher").generate(requests)
        if isinstance(told, Completion)
    ]
    model = transformers.AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32)
    return model, [token_ids.row_ids(tokenizer, row, "plain") for row in rows]


def smollm2(count: int) -> tuple[Any, list[Row]]:
    """A student of the shape of SmolLM2-135M, and random rows with the lengths of a SVAMP run's."""
    rng = random.Random(0)
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=49152, hidden_size=576, intermediate_size=1536, num_hidden_layers=30,
        num_attention_heads=9, num_key_value_heads=3, tie_word_embeddings=True,
    )  # fmt: skip
    rows = []
    for name in rng.choices(list(SVAMP), [share for _, share in SVAMP.values()], k=count):
        prompt, labels = (
            round(rng.gauss(85, 12)),
            max(20, round(rng.gauss(SVAMP[name][0], SVAMP[name][0] / 3))),
        )
        ids = rng.choices(range(1000), k=prompt + labels)
        rows.append((ids, [-100] * prompt + ids[prompt:]))
    return transformers.LlamaForCausalLM(config), rows


def grouped(lengths: list[int]) -> Steps:
    """Steps of eight rows of like length, as Trainer's ``group_by_length`` makes them."""
    generator = torch.Generator().manual_seed(0)
    order = list(LengthGroupedSampler(8, lengths=lengths, generator=generator))
    return [[order[at : at + 8]] for at in range(0, len(order), 8)]


def drawn(lengths: list[int], overhead: float) -> Steps:
    """Steps of rows drawn at random."""
    limits = Limits(rows=8, accumulation=1, overhead=overhead)
    return plan(lengths, limits, epochs=1, max_steps=None, seed=0).steps


def seconds(model: Any, rows: list[Row], steps: Steps, flat: bool) -> float:
    """Processor time of one epoch of forward and backward passes."""
    collate = DataCollatorForLanguageModeling(pad_token_id=0, padding_free=flat)
    start = time.process_time()
    for step in steps:
        for part in step:
            batch = collate([{"input_ids": rows[row][0], "labels": rows[row][1]} for row in part])
            labelled_loss(model, batch)[0].backward()
        model.zero_grad()
    return time.process_time() - start


def compare(name: str, model: Any, rows: list[Row], rounds: int) -> None:
    """Print a table of one student's ways."""
    lengths = [len(ids) for ids, _ in rows]
    ways: dict[str, tuple[Steps, bool]] = {
        "rows of like length (what Trainer groups)": (grouped(lengths), False),
        "random rows, one batch": (drawn(lengths, 1e9), False),
        "random rows, sorted inside the step (the default)": (drawn(lengths, fitting.overhead("cpu")), False),
        "random rows, one behind the other (packing)": (
            [[step[0]] for step in drawn(lengths, 1e9)],
            True,
        ),
    }
    times: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, (plan_of, flat) in ways.items():
            times[way].append(seconds(model, rows, plan_of, flat))
    print(f"\n## {name}: {len(rows)} rows, {sum(lengths)} tokens\n")
    print("| batches | tokens with padding | micro-batches a step | seconds | beside grouped |")
    print("| --- | --- | --- | --- | --- |")
    first = statistics.median(next(iter(times.values())))
    for way, (plan_of, flat) in ways.items():
        parts = [part for step in plan_of for part in step]
        padded = sum(
            sum(lengths[r] for r in p) if flat else len(p) * max(lengths[r] for r in p) for p in parts
        )
        median = statistics.median(times[way])
        print(
            f"| {way} | {padded} | {len(parts) / len(plan_of):.1f} | {median:.1f} | {median / first:.2f} |",
            flush=True,
        )


def main() -> None:
    """Print both tables."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--rows", type=int, nargs=2, default=(600, 96), help="of the two students")
    given = asked.parse_args()
    torch.set_num_threads(1)
    print(__doc__ and __doc__.strip().replace("\n\n    ", "\n\n    ", 1))
    compare("Bundled student", *bundled(given.rows[0]), given.rounds)
    compare("SmolLM2-135M's shape", *smollm2(given.rows[1]), given.rounds)


if __name__ == "__main__":
    main()
