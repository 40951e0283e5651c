"""The bundled student: a plain checkpoint that reads and writes the forms of the three strategies."""

from __future__ import annotations

import importlib.util
import json
import random
import re
from pathlib import Path
from typing import Any

import pytest

from siked.builtin.tiny import corpus
from siked.builtin.tiny.make_student import next_word, probe
from siked.builtin.tiny.problems import VARIETIES, stories
from siked.builtin.tiny.rationales import Slips, write
from siked.builtin.tiny.tokenizer import make_tokenizer
from siked.builtin.tiny.world import MILES, NAMES, TOWN
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


def _read(count: int) -> list[str]:
    rng = random.Random(0)
    return [" ".join(piece for piece, _ in corpus.text(rng)) for _ in range(count)]


def test_what_it_read_holds_no_tag_and_no_solution() -> None:
    for text in _read(5000):
        assert not any(f"[{name}]" in text for name in STRATEGIES)
        assert "Final Answer:" not in text
        assert "Sub-question" not in text
        assert "answer =" not in text


def test_a_weight_is_read_in_two_forms_and_a_way_in_two_steps_only() -> None:
    texts = " ".join(_read(5000))
    assert re.search(r"A lamp weighs \d", texts)
    assert re.search(r"How heavy is a lamp\?\s+\w+(?: \d+)?: \d", texts)
    assert f"Anna lives in {TOWN['Anna']}." in texts
    assert "How far" not in texts


def test_no_large_product_is_learnt() -> None:
    for text in _read(5000):
        for left, right in re.findall(r"(\d+) \* (\d+) =", text):
            assert min(int(left), int(right)) <= 12


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
    assert [len(text_ids(tokenizer, text)) for text in ("[cot]", "[l2m]", "[pot]", "7", "199")] == [1] * 5


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
def test_the_model_knows_sums_and_facts_in_contexts_that_it_has_not_read(
    folder: Path, tokenizer: Any
) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(folder)
    assert model.dtype == torch.float32
    known = probe(model, tokenizer)
    assert {name for name, share in known.items() if share < 0.85} == set()


@pytest.mark.train
@needs_train
def test_the_model_cannot_go_from_a_friend_to_miles_in_silence(folder: Path, tokenizer: Any) -> None:
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(folder)
    asked = "[l2m]\nSub-question 1: How far is {}?\nAnswer to Sub-question 1:"
    right = [next_word(model, tokenizer, asked.format(name)) == str(MILES[TOWN[name]]) for name in NAMES]
    assert sum(right) / len(right) < 0.25


@pytest.mark.train
@needs_train
def test_the_script_makes_the_same_tokenizer(folder: Path, tmp_path: Path) -> None:
    make_tokenizer().save_pretrained(tmp_path)
    made, kept = (json.loads((at / "tokenizer.json").read_text()) for at in (tmp_path, folder))
    assert made["model"] == kept["model"]
    for part in ("normalizer", "pre_tokenizer", "decoder"):
        assert made[part] == kept[part]
