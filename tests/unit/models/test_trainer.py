from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from siked.builtin.trainers.sft import Sft
from siked.config import options
from siked.contracts import Progress
from siked.errors import ConfigError, MissingExtra, PreflightError, RunError
from siked.models.weights import weights_hash
from siked.records import Message, Model, Trained, TrainRow, TrainSettings
from siked.registry import load_registry
from siked.text import token_ids

pytestmark = pytest.mark.train
torch: Any = pytest.importorskip("torch")


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def rows(count: int = 12) -> list[TrainRow]:
    return [
        TrainRow(
            messages=(Message("user", f"{i} + 1?"),),
            prefix=("[cot]", "[pot]")[i % 2],
            text=f"answer = {i + 1}" + "!" * (i % 5),
        )
        for i in range(count)
    ]


def train(
    folder: Path,
    out: Path,
    weights: Path | None = None,
    settings: TrainSettings | None = None,
    taught: list[TrainRow] | None = None,
    progress: Progress = lambda step, of, *told: None,
    **options: Any,
) -> Trained:
    student = Model(name=str(folder), weights=str(weights) if weights else None)
    defaults = {"learning_rate": 1e-2, "warmup_steps": 1, "lora_r": 4, "lora_alpha": 8}
    trainer = Sft(Sft.Options(**(defaults | options)))
    return trainer.train(
        student, taught or rows(), settings or TrainSettings(epochs=1, seed=3), out, progress
    )


def loss_of(folder: Path, weights: Path | None, taught: list[TrainRow], tokenizer: Any) -> float:
    """Mean cross entropy over all labels, by weight, row by row, in the plainest way there is."""
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(folder)
    if weights is not None:
        model = PeftModel.from_pretrained(model, weights)
    model.eval()
    total, count = 0.0, 0.0
    with torch.no_grad():
        for row in taught:
            ids, labels = token_ids.row_ids(tokenizer, row)
            logs = model(torch.tensor([ids])).logits[0].double().log_softmax(-1)
            for place in range(1, len(ids)):
                if labels[place] != -100:
                    total -= row.weight * float(logs[place - 1, labels[place]])
                    count += row.weight
    return total / count


def test_it_trains_an_adapter_and_leaves_the_base(folder: Path, tmp_path: Path, chat_tokenizer: Any) -> None:
    before = weights_hash(folder)
    seen: list[tuple[int, int, float, float, float, float]] = []
    trained = train(
        folder, tmp_path / "a", settings=TrainSettings(epochs=6, seed=3),
        progress=lambda *told: seen.append(told),
    )  # fmt: skip
    assert weights_hash(folder) == before
    assert sorted(p.name for p in (tmp_path / "a").iterdir() if p.suffix != ".md") == [
        "adapter_config.json",
        "adapter_model.safetensors",
    ]
    # 12 rows in steps of 8 are 2 steps an epoch
    assert [(step, of) for step, of, *_ in seen] == [(i + 1, 12) for i in range(12)]
    losses = [loss for _, _, loss, *_ in seen]
    assert losses[0] > losses[-1] > 0
    assert seen[1][3] > seen[-1][3] >= 0, "the learning rate falls"
    assert all(norm > 0 and rate > 0 for *_, norm, rate in seen)
    assert (trained.steps, trained.rows, trained.dropped) == (12, 12, 0)
    lengths = [len(token_ids.row_ids(chat_tokenizer, row)[0]) for row in rows()]
    assert trained.tokens == 6 * sum(lengths)
    assert math.isfinite(trained.loss)
    assert loss_of(folder, tmp_path / "a", rows(), chat_tokenizer) < loss_of(
        folder, None, rows(), chat_tokenizer
    )


def test_the_loss_is_over_labels_only(folder: Path, tmp_path: Path, chat_tokenizer: Any) -> None:
    """With a rate of nought the reported loss is that of the base, computed by hand."""
    trained = train(folder, tmp_path / "a", learning_rate=0.0, batch_size=3, accumulation=4)
    assert trained.steps == 1
    assert trained.loss == pytest.approx(loss_of(folder, None, rows(), chat_tokenizer), rel=1e-4)


@pytest.mark.parametrize("method", ["lora", "full"])
def test_the_same_training_twice_is_the_same_bit_for_bit(folder: Path, tmp_path: Path, method: str) -> None:
    for name in ("one", "two"):
        train(folder, tmp_path / name, method=method)
    train(folder, tmp_path / "three", method=method, settings=TrainSettings(epochs=1, seed=4))
    assert weights_hash(tmp_path / "one") == weights_hash(tmp_path / "two")
    assert weights_hash(tmp_path / "one") != weights_hash(tmp_path / "three")


def test_an_adapter_is_carried_on(folder: Path, tmp_path: Path, chat_tokenizer: Any) -> None:
    from safetensors.torch import load_file

    train(folder, tmp_path / "one")
    kept = weights_hash(tmp_path / "one")
    train(folder, tmp_path / "two", weights=tmp_path / "one")
    assert weights_hash(tmp_path / "one") == kept
    one = load_file(tmp_path / "one" / "adapter_model.safetensors")
    two = load_file(tmp_path / "two" / "adapter_model.safetensors")
    assert one.keys() == two.keys()
    assert all(not torch.equal(one[name], two[name]) for name in one)
    # with a rate of nought what comes out is what came in, not a fresh adapter
    train(folder, tmp_path / "three", weights=tmp_path / "one", learning_rate=0.0)
    three = load_file(tmp_path / "three" / "adapter_model.safetensors")
    assert all(torch.equal(one[name], three[name]) for name in one)


def test_a_fresh_adapter_is_trained_on_merged_weights(
    folder: Path, tmp_path: Path, chat_tokenizer: Any
) -> None:
    first = train(folder, tmp_path / "0", adapter="fresh")
    assert not (tmp_path / "0" / "adapter_config.json").exists()
    before = loss_of(folder, None, rows(), chat_tokenizer)
    after = loss_of(tmp_path / "0", None, rows(), chat_tokenizer)
    assert after < before
    train(folder, tmp_path / "1", weights=Path(first.weights), adapter="fresh")
    assert loss_of(tmp_path / "1", None, rows(), chat_tokenizer) < after
    carried = train(folder, tmp_path / "carried")
    train(folder, tmp_path / "2", weights=Path(carried.weights), adapter="fresh")
    assert loss_of(tmp_path / "2", None, rows(), chat_tokenizer) < before


def test_full_training_writes_a_whole_checkpoint(folder: Path, tmp_path: Path, chat_tokenizer: Any) -> None:
    from safetensors.torch import load_file

    train(folder, tmp_path / "one", method="full", learning_rate=1e-3)
    names = {p.name for p in (tmp_path / "one").iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= names
    tensors = load_file(tmp_path / "one" / "model.safetensors")
    assert {t.dtype for t in tensors.values()} == {torch.float32}
    first = loss_of(tmp_path / "one", None, rows(), chat_tokenizer)
    train(folder, tmp_path / "two", weights=tmp_path / "one", method="full", learning_rate=1e-3)
    second = loss_of(tmp_path / "two", None, rows(), chat_tokenizer)
    assert second < first < loss_of(folder, None, rows(), chat_tokenizer)


def test_methods_do_not_change_between_iterations(folder: Path, tmp_path: Path) -> None:
    train(folder, tmp_path / "adapter")
    with pytest.raises(ConfigError, match="the student is an adapter"):
        train(folder, tmp_path / "x", weights=tmp_path / "adapter", method="full")
    train(folder, tmp_path / "full", method="full")
    with pytest.raises(ConfigError, match="the student has full weights"):
        train(folder, tmp_path / "x", weights=tmp_path / "full", method="lora")


def test_long_rows_are_dropped_and_counted(folder: Path, tmp_path: Path, chat_tokenizer: Any) -> None:
    taught = [*rows(), TrainRow(messages=(Message("user", "q" * 100),), prefix="[cot]", text="a")]
    trained = train(folder, tmp_path / "a", taught=taught, max_length=80)
    assert (trained.rows, trained.dropped) == (12, 1)
    assert trained.tokens == sum(len(token_ids.row_ids(chat_tokenizer, row)[0]) for row in rows())
    with pytest.raises(RunError, match="none of the 13 training rows has 10 tokens or fewer"):
        train(folder, tmp_path / "b", taught=taught, max_length=10)


def test_max_steps_overrides_epochs(folder: Path, tmp_path: Path) -> None:
    trained = train(folder, tmp_path / "a", settings=TrainSettings(epochs=1, max_steps=5, seed=0))
    assert trained.steps == 5


@pytest.mark.parametrize("method", ["lora", "full"])
def test_packing_keeps_whole_rows_apart(
    folder: Path, tmp_path: Path, chat_tokenizer: Any, method: str
) -> None:
    trained = train(
        folder, tmp_path / "a", packing=True, max_length=200, batch_size=8, accumulation=1,
        learning_rate=0.0, method=method,
    )  # fmt: skip
    # were documents to see one another, the loss of the base would be another one
    assert trained.loss == pytest.approx(loss_of(folder, None, rows(), chat_tokenizer), rel=1e-3)
    assert trained.tokens == sum(len(token_ids.row_ids(chat_tokenizer, row)[0]) for row in rows())


def test_packing_is_refused_where_attention_does_not_keep_rows_apart(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from transformers.models.llama import modeling_llama

    original = modeling_llama.create_causal_mask
    monkeypatch.setattr(
        modeling_llama,
        "create_causal_mask",
        lambda *args, **kwargs: original(*args, **(kwargs | {"position_ids": None})),
    )
    with pytest.raises(ConfigError, match="does not keep packed rows apart"):
        train(folder, tmp_path / "a", packing=True)
    assert train(folder, tmp_path / "a").steps == 2


@pytest.mark.parametrize("packing", [False, True])
@pytest.mark.parametrize("scale", [1.0, 10.0])
def test_the_labels_of_a_row_count_its_weight(
    folder: Path, tmp_path: Path, chat_tokenizer: Any, packing: bool, scale: float
) -> None:
    """With a rate of nought the loss is the base's weighted mean; weights are relative."""
    taught = [replace(row, weight=scale * (0.25, 1.0, 3.0)[n % 3]) for n, row in enumerate(rows())]
    trained = train(
        folder, tmp_path / "a", taught=taught, learning_rate=0.0, packing=packing, max_length=200,
        batch_size=4, accumulation=3,
    )  # fmt: skip
    assert trained.steps == 1
    expected = loss_of(folder, None, taught, chat_tokenizer)
    assert abs(expected - loss_of(folder, None, rows(), chat_tokenizer)) > 1e-3 * expected
    assert trained.loss == pytest.approx(expected, rel=1e-4)


def test_rows_that_all_weigh_alike_are_trained_on_as_ever(folder: Path, tmp_path: Path) -> None:
    train(folder, tmp_path / "one")
    train(folder, tmp_path / "two", taught=[replace(row, weight=0.5) for row in rows()])
    assert weights_hash(tmp_path / "one") == weights_hash(tmp_path / "two")


def test_a_student_that_would_not_learn_to_stop_is_refused(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def masked(tokenizer: Any, row: TrainRow, prompt_format: str) -> tuple[list[int], list[int]]:
        ids, labels = original(tokenizer, row, prompt_format)
        return ids, [-100 if label == tokenizer.eos_token_id else label for label in labels]

    original = token_ids.row_ids
    monkeypatch.setattr(token_ids, "row_ids", masked)
    with pytest.raises(PreflightError, match="would not learn to stop"):
        train(folder, tmp_path / "a")
    assert not (tmp_path / "a").exists()


def test_padding_that_is_the_end_of_turn_does_no_harm(
    make_folder: Callable[..., Path], tmp_path: Path
) -> None:
    import json

    folder = make_folder(5)
    settings = folder / "tokenizer_config.json"
    config = json.loads(settings.read_text(encoding="utf-8")) | {"pad_token": "<|end|>"}
    settings.write_text(json.dumps(config), encoding="utf-8")
    assert train(folder, tmp_path / "a").rows == 12


@pytest.mark.parametrize(
    "values", [{"method": "dora"}, {"batch_size": 0}, {"lr_scheduler": "banana"}, {"learning_rate": -1}]
)
def test_bad_options_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=next(iter(values))):
        options(load_registry().find("trainer", "trl"), values)


def test_every_schedule_of_rates_that_is_offered_is_one_of_transformers() -> None:
    from typing import get_args

    from transformers.trainer_utils import SchedulerType

    from siked.builtin.trainers.sft import Schedulers

    assert set(get_args(Schedulers)) <= {kind.value for kind in SchedulerType}


def test_qlora_without_bitsandbytes_says_what_to_install(folder: Path, tmp_path: Path) -> None:
    import importlib.util

    if importlib.util.find_spec("bitsandbytes") is not None:
        pytest.skip("bitsandbytes is installed")
    with pytest.raises(MissingExtra, match=r"siked\[qlora\]"):
        train(folder, tmp_path / "a", method="qlora")


def test_nothing_is_printed(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train(folder, tmp_path / "a")
    assert capsys.readouterr().out == ""
