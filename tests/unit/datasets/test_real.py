"""The real data sets, where the folder that SIKED_DATA names has them."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from siked.builtin.datasets.asdiv import Asdiv
from siked.builtin.datasets.gsm8k import Gsm8k
from siked.builtin.datasets.multiarith import MultiArith, MultiArithOptions, MultiArithWhole
from siked.builtin.datasets.sources import SourceOptions
from siked.builtin.datasets.svamp import Svamp, SvampWhole
from siked.contracts import Dataset
from siked.records import Problem, SplitName
from siked.text.normalize import masked, masked_body, normal_form


@pytest.fixture(scope="module")
def data() -> Path:
    folder = os.environ.get("SIKED_DATA")
    if not folder:
        pytest.skip("SIKED_DATA names no folder with the real data sets")
    return Path(folder)


def load(dataset: Dataset, split: SplitName) -> list[Problem]:
    problems = list(dataset.load(split))
    assert len({p.id for p in problems}) == len(problems)
    assert all(p.gold and p.question == " ".join(p.question.split()) for p in problems)
    return problems


def test_gsm8k(data: Path) -> None:
    dataset = Gsm8k(SourceOptions(data_dir=str(data)))
    train, test = load(dataset, "train"), load(dataset, "test")
    assert (len(train), len(test), dataset.notes) == (7473, 1319, [])
    assert (sum("," in str(p.gold) for p in train), sum("," in str(p.gold) for p in test)) == (79, 14)
    assert not {normal_form(p.question) for p in train} & {normal_form(p.question) for p in test}


def test_svamp(data: Path) -> None:
    dataset = Svamp(SourceOptions(data_dir=str(data)))
    train, test = load(dataset, "train"), load(dataset, "test")
    split = json.loads((data / "splits" / "svamp_chilled.json").read_text())
    assert [p.id for p in train] == split["train"]
    assert [p.id for p in test] == split["test"]
    assert {p.id: p.gold for p in train}["chal-680"] == "5"
    assert not {masked(p.question) for p in train} & {masked(p.question) for p in test}
    told = {masked_body(p.question) for p in train}
    assert Counter(masked_body(p.question) in told for p in test) == {True: 130, False: 170}
    whole = load(SvampWhole(SourceOptions(data_dir=str(data))), "test")
    assert [p.id for p in whole] == [f"chal-{n}" for n in range(1, 1001)]


def test_multiarith(data: Path) -> None:
    split = json.loads((data / "splits" / "multiarith_chilled.json").read_text())
    every = MultiArith(MultiArithOptions(data_dir=str(data), repeats=True))
    assert [int(p.id) for p in load(every, "train")] == split["train"]
    assert [int(p.id) for p in load(every, "test")] == split["test"]
    unique = MultiArith(MultiArithOptions(data_dir=str(data)))
    train = {normal_form(p.question) for p in load(unique, "train")}
    assert len(train) == 402
    assert not train & {normal_form(p.question) for p in load(unique, "test")}
    whole = load(MultiArithWhole(MultiArithOptions(data_dir=str(data))), "test")
    assert [p.id for p in whole] == [str(n) for n in range(600)]


def test_asdiv(data: Path) -> None:
    test = load(Asdiv(SourceOptions(data_dir=str(data))), "test")
    assert len(test) == 2305
    golds = [str(p.gold) for p in test]
    assert sum(";" in gold for gold in golds) == 90
    assert sum(gold.count("(") == 1 and gold[0].isdigit() for gold in golds) > 1900
    assert "9 (apples)" in golds
    assert "Yes" in golds
