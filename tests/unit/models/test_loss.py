"""A label weighs the same in whatever company its row is trained on."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from siked.builtin.trainers import loss
from siked.builtin.trainers.sft import Sft
from siked.records import Message, Model, TrainRow, TrainSettings
from siked.text import token_ids

pytestmark = pytest.mark.train
torch: Any = pytest.importorskip("torch")

TAGS = ("[cot]", "[l2m]", "[pot]")
LENGTHS = {"[cot]": 12, "[l2m]": 36, "[pot]": 3}


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def rows(problems: int = 7) -> list[TrainRow]:
    rng = random.Random(5)
    return [
        TrainRow(
            messages=(Message("user", f"{rng.randrange(100)} + {n}?"),),
            prefix=tag,
            text="".join(rng.choice("abcdef ") for _ in range(LENGTHS[tag])),
        )
        for n in range(problems)
        for tag in TAGS
    ]


def weighted(taught: list[TrainRow]) -> list[TrainRow]:
    return [replace(row, weight=(0.25, 1.0, 3.0, 0.0)[n % 4]) for n, row in enumerate(taught)]


def tagged(taught: list[TrainRow]) -> list[TrainRow]:
    return [replace(row, tag_weight=(0.0, 5.0, None)[n % 3]) for n, row in enumerate(weighted(taught))]


def mean_gradient(folder: Path, taught: list[TrainRow], tokenizer: Any) -> dict[str, Any]:
    """Of the weighted mean cross entropy over the labels of all rows, each row by itself."""
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(folder)
    total = mass = 0.0
    for row in taught:
        ids, labels = token_ids.row_ids(tokenizer, row)
        logs = model(torch.tensor([ids])).logits[0].log_softmax(-1)
        start = labels.index(next(label for label in labels if label != -100))
        for place in range(start, len(ids)):
            in_tag = place < start + len(row.prefix + "\n")
            weight = row.tag_weight if in_tag and row.tag_weight is not None else row.weight
            total = total - weight * logs[place - 1, labels[place]]
            mass += weight
    (total / mass).backward()
    return {name: parameter.grad for name, parameter in model.named_parameters()}


@pytest.fixture
def summed(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Gradients before they are clipped, summed over the steps of the training that follows."""
    seen: dict[str, Any] = {}
    original = loss.trainer_class

    def recording(fused: bool) -> Any:
        base = original(fused or "fused" in seen)

        class Recording(base):  # type: ignore[misc]
            def training_step(self, model: Any, *args: Any) -> Any:
                told = super().training_step(model, *args)
                for name, parameter in model.named_parameters():
                    seen[name] = seen.get(name, 0.0) + parameter.grad.clone()
                return told

        return Recording

    monkeypatch.setattr(loss, "trainer_class", recording)
    return seen


@pytest.mark.parametrize("weigh", [list, weighted, tagged])
@pytest.mark.parametrize(
    "options",
    [
        {"batch_size": 21, "accumulation": 1},
        {"batch_size": 4, "accumulation": 1},
        {"batch_size": 2, "accumulation": 4},
        {"batch_size": 1, "accumulation": 2},
        {"batch_size": 2, "accumulation": 2, "packing": True, "max_length": 100},
        {"batch_size": 3, "accumulation": 2, "fused": True},
    ],
    ids=str,
)
def test_the_gradient_of_an_epoch_is_that_of_all_rows_in_one_batch(
    folder: Path,
    tmp_path: Path,
    chat_tokenizer: Any,
    summed: dict[str, Any],
    options: dict[str, Any],
    weigh: Callable[[list[TrainRow]], list[TrainRow]],
) -> None:
    taught = weigh(rows())
    options = dict(options)
    if options.pop("fused", False):
        summed["fused"] = True
    trainer = Sft(Sft.Options(method="full", learning_rate=0.0, weight_decay=0.0, **options))
    trained = trainer.train(
        Model(name=str(folder)),
        taught,
        TrainSettings(epochs=1, seed=1),
        tmp_path / "a",
        lambda *told: None,
    )
    summed.pop("fused", None)
    expected = mean_gradient(folder, taught, chat_tokenizer)
    assert summed.keys() == expected.keys()
    for name, gradient in expected.items():
        assert torch.allclose(summed[name] / trained.steps, gradient, atol=2e-5), name


def test_tags_learn_their_shares_of_the_rows_whatever_their_rationales_length(
    make_folder: Callable[..., Path], tmp_path: Path, chat_tokenizer: Any
) -> None:
    from transformers import AutoModelForCausalLM

    folder = make_folder(1, initializer_range=0.02)
    options = Sft.Options(method="full", learning_rate=1e-2, warmup_steps=5, batch_size=8, accumulation=1)
    taught = [replace(row, text="a" * len(row.text)) for row in rows(24)]
    settings = TrainSettings(epochs=12, seed=2)
    Sft(options).train(Model(name=str(folder)), taught, settings, tmp_path / "a", lambda *told: None)
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "a").eval()
    shares = []
    for row in taught[::3]:
        prompt = token_ids.prompt_ids(chat_tokenizer, row.messages)
        ids = [prompt + token_ids.tag_ids(chat_tokenizer, tag) for tag in TAGS]
        with torch.no_grad():
            logs = model(torch.tensor(ids)).logits.log_softmax(-1)
        places = range(len(prompt), len(ids[0]))
        shares.append([sum(logs[n, at - 1, ids[n][at]] for at in places).exp() for n in range(3)])
    assert torch.tensor(shares).mean(0).tolist() == pytest.approx([1 / 3] * 3, abs=0.05)
