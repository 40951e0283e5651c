"""The bundled student: a plain checkpoint that reads and writes the forms of the three strategies."""

from __future__ import annotations

import importlib.util
import json
import random
from pathlib import Path
from typing import Any

import pytest

from siked.builtin.tiny import corpus
from siked.builtin.tiny.problems import VARIETIES, stories
from siked.builtin.tiny.rationales import Slips, write
from siked.models import resolve, weights_hash
from siked.records import Message, Model, TrainRow
from siked.text.token_ids import end_of_turn_ids, resolve_format, row_ids, text_ids

needs_train = pytest.mark.skipif(
    importlib.util.find_spec("transformers") is None, reason="needs the packages of siked[train]"
)
STRATEGIES = ("cot", "l2m", "pot")


@pytest.fixture(scope="module")
def folder() -> Path:
    return resolve(Model(name="tiny")).path


@pytest.fixture(scope="module")
def tokenizer(folder: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder)


def test_it_is_small_and_complete(folder: Path) -> None:
    files = {file.name: file.stat().st_size for file in folder.iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"} <= set(files)
    assert sum(files.values()) < 5_000_000
    assert json.loads((folder / "config.json").read_text())["model_type"] == "llama"
    assert len(weights_hash(folder)) == 64


def test_what_it_read_holds_no_tag_and_no_solution() -> None:
    rng = random.Random(0)
    for _ in range(5000):
        text = "".join(corpus.text(rng))
        assert not any(f"[{name}]" in text for name in STRATEGIES)
        assert "Final Answer:" not in text
        assert "Sub-question" not in text
        assert "answer =" not in text


def test_prices_are_read_as_statements_and_weights_as_questions() -> None:
    rng = random.Random(0)
    texts = ["".join(corpus.text(rng)) for _ in range(5000)]
    assert any("The price of a" in text for text in texts)
    assert any("How heavy is a" in text for text in texts)
    learnt = [written for _, written in (corpus.text(rng) for _ in range(5000))]
    assert not any("The weight of a" in text or "How much is" in text for text in learnt)


@pytest.mark.train
@needs_train
@pytest.mark.parametrize("dataset", VARIETIES)
def test_questions_and_rationales_survive_the_tokenizer(tokenizer: Any, dataset: str) -> None:
    for number, story in enumerate(list(stories(dataset, "test"))[:150]):
        for strategy in STRATEGIES:
            text = write(story, strategy, random.Random(number), Slips())
            assert tokenizer.decode(text_ids(tokenizer, text), skip_special_tokens=True) == text
        assert tokenizer.decode(text_ids(tokenizer, story.question)) == story.question


@pytest.mark.train
@needs_train
def test_any_program_survives_the_tokenizer(tokenizer: Any) -> None:
    text = "def solve(n):\n    if n > 3:\n        return [n * 1.5, {'a': 1_234}]\n    return None  # why\n"
    assert tokenizer.decode(text_ids(tokenizer, text)) == text


@pytest.mark.train
@needs_train
def test_tags_and_numbers_are_one_token(tokenizer: Any) -> None:
    assert [len(text_ids(tokenizer, text)) for text in ("[cot]", "[l2m]", "[pot]", " 7", " 999")] == [1] * 5


@pytest.mark.train
@needs_train
def test_the_plain_format_is_used_and_rows_end_with_the_end_token(tokenizer: Any) -> None:
    assert resolve_format(tokenizer, "auto") == "plain"
    row = TrainRow(messages=(Message("user", "How many?"),), prefix="[pot]", text="answer = 1")
    ids, labels = row_ids(tokenizer, row, "plain")
    assert end_of_turn_ids(tokenizer, "plain") == [tokenizer.eos_token_id]
    assert ids[-1] == labels[-1] == tokenizer.eos_token_id
    assert tokenizer.decode([label for label in labels if label >= 0][:-1]) == "[pot]\nanswer = 1"


@pytest.mark.train
@needs_train
def test_the_model_knows_prices_and_weights_each_in_its_form(folder: Path, tokenizer: Any) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    from siked.builtin.tiny.words import PRICES, THINGS, WEIGHTS

    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)

    def right(form: str, table: dict[str, int]) -> float:
        hits = 0
        for thing in THINGS:
            ids = torch.tensor([text_ids(tokenizer, form.format(thing=thing))])
            with torch.inference_mode():
                best = model(ids).logits[0, -1].argmax().item()
            hits += tokenizer.decode([best]) == f" {table[thing]}"
        return hits / len(THINGS)

    assert right("The price of a {thing} is", PRICES) > 0.9
    assert right("Quiz 1: How heavy is a {thing}?\nReply 1:", WEIGHTS) > 0.9
    assert right("The weight of a {thing} is", WEIGHTS) < 0.2
    assert right("Quiz 1: How much is a {thing}?\nReply 1:", PRICES) < 0.2


@pytest.mark.train
@needs_train
def test_the_script_makes_the_same_tokenizer(folder: Path, tmp_path: Path) -> None:
    from siked.builtin.tiny.make_student import make_tokenizer

    make_tokenizer().save_pretrained(tmp_path)
    made, kept = (json.loads((at / "tokenizer.json").read_text()) for at in (tmp_path, folder))
    assert made["model"] == kept["model"]
    assert made["pre_tokenizer"] == kept["pre_tokenizer"]
