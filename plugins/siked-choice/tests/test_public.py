"""The public data sets: upstream's files, the Hub's layout, and what stays apart."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from siked.errors import DataError
from siked.testing.suites import DatasetContract

pytest.importorskip("siked_choice", reason="pip install -e plugins/siked-choice")

from siked_choice.public import ArcChallenge, ArcEasy, BoolQ, CommonsenseQA, Public, PublicOptions, StrategyQA

SETS: tuple[type[Public], ...] = (ArcEasy, ArcChallenge, CommonsenseQA, StrategyQA, BoolQ)
Row = Mapping[str, Any]


def _choices(labels: str = "ABCD") -> list[dict[str, str]]:
    return [{"text": f"thing {n}", "label": label} for n, label in enumerate(labels)]


def arc(n: int, labels: str = "ABCD", key: str = "C") -> Row:
    return {"id": f"q{n}", "question": {"stem": f"Stem {n}?", "choices": _choices(labels)}, "answerKey": key}


def csqa(n: int) -> Row:
    inner = {"question_concept": f"concept {n // 3}", "choices": _choices("ABCDE"), "stem": f"Stem {n}?"}
    return {"answerKey": "E", "id": f"q{n}", "question": inner}


def strategy(n: int) -> Row:
    return {"qid": f"{n:05d}", "term": f"Term {n // 2}", "question": f"Is {n} odd?", "answer": n % 2 == 1}


def boolq(n: int, passage: str = "") -> Row:
    passage = passage or f"Passage {n // 2}."
    return {"question": f"is {n} odd", "title": "t", "answer": n % 2 == 1, "passage": passage}


def lines(path: Path, rows: Iterable[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture
def upstream(tmp_path: Path) -> Path:
    """All in upstream's files; ARC's training has a question of its test, BoolQ's a passage of its dev."""
    for which in ("ARC-Easy", "ARC-Challenge"):
        for at, part in enumerate(("Train", "Dev", "Test")):
            rows = [arc(n) for n in range(10 * at, 10 * at + 10)]
            lines(
                tmp_path / which / f"{which}-{part}.jsonl", [*rows, *([arc(25)] if part == "Train" else [])]
            )
    lines(tmp_path / "train_rand_split.jsonl", [csqa(n) for n in range(120)])
    lines(tmp_path / "dev_rand_split.jsonl", [csqa(n) for n in range(120, 150)])
    (tmp_path / "strategyqa_train.json").write_text(json.dumps([strategy(n) for n in range(200)]))
    lines(tmp_path / "boolq/train.jsonl", [*(boolq(n) for n in range(100)), boolq(7, "Shared  passage.")])
    lines(tmp_path / "boolq/dev.jsonl", [boolq(201, "Shared passage."), boolq(203)])
    return tmp_path


@pytest.mark.parametrize("kind", SETS)
class TestPublic(DatasetContract):
    @pytest.fixture
    def dataset(self, kind: type[Public], upstream: Path) -> Public:
        return kind(PublicOptions(data_dir=str(upstream)))


@pytest.mark.parametrize("kind", SETS)
def test_no_question_stands_in_two_splits(kind: type[Public], upstream: Path) -> None:
    data = kind(PublicOptions(data_dir=str(upstream)))
    train, dev, test = ({p.question for p in data.load(split)} for split in ("train", "dev", "test"))  # type: ignore[arg-type]
    assert train
    assert dev
    assert test
    assert not train & dev
    assert not train & test
    assert not dev & test


def test_what_questions_share_stays_on_one_side(upstream: Path) -> None:
    options = PublicOptions(data_dir=str(upstream))
    for kind, group in ((CommonsenseQA, lambda n: n // 3), (StrategyQA, lambda n: n // 2)):
        data = kind(options)
        sides = {
            split: {group(int(p.id.strip("q"))) for p in data.load(split)}  # type: ignore[arg-type, no-untyped-call]
            for split in ("train", "dev", "test")
        }
        assert not sides["train"] & sides["dev"]
        assert not sides["train"] & sides["test"]
    boolq_set = BoolQ(options)
    passages = {p.question.partition("\n")[0] for p in boolq_set.load("train")}
    assert "Shared passage." not in passages
    assert boolq_set.notes == ["boolq: 1 training questions left out that dev or test share"]


def test_golds_and_questions_read_as_upstream_means_them(upstream: Path) -> None:
    options = PublicOptions(data_dir=str(upstream))
    (first, *_) = ArcEasy(options).load("test")
    assert first.question == "Stem 20?\n(A) thing 0\n(B) thing 1\n(C) thing 2\n(D) thing 3"
    assert first.gold == "C"
    assert next(iter(CommonsenseQA(options).load("test"))).gold == "E"
    assert [p.gold for p in BoolQ(options).load("test")] == ["yes", "yes"]
    assert next(iter(BoolQ(options).load("test"))).question == "Shared passage.\nIs 201 odd?"
    assert {p.gold for p in StrategyQA(options).load("test")} == {"yes", "no"}


def test_choices_that_are_numbered_get_letters(tmp_path: Path) -> None:
    for part in ("Train", "Dev", "Test"):
        lines(tmp_path / f"ARC-Easy-{part}.jsonl", [arc(1, labels="1234", key="2")])
    (problem,) = ArcEasy(PublicOptions(data_dir=str(tmp_path))).load("test")
    assert problem.gold == "B"
    assert "(B) thing 1" in problem.question


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "is not JSON"),
        ("[1]", "is no JSON object"),
        ('{"id": "a"}', "it has no 'question'"),
        (json.dumps(arc(1, key="F")), "answerKey is 'F', none of A, B, C, D"),
        (json.dumps(arc(1, labels="AABC")), "labelled A, A, B, C"),
        ('{"id": 1, "question": null, "answerKey": "A"}', "is no question of arc-easy"),
    ],
)
def test_a_damaged_line_is_named(tmp_path: Path, line: str, reason: str) -> None:
    (tmp_path / "ARC-Easy-Test.jsonl").write_text(f"\n{line}\n")
    with pytest.raises(DataError, match=r"ARC-Easy-Test\.jsonl:2: ") as caught:
        ArcEasy(PublicOptions(data_dir=str(tmp_path))).load("test")
    assert reason in str(caught.value)


def test_a_folder_without_the_files_says_what_it_looked_for(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"has none of dev_rand_split\.jsonl"):
        CommonsenseQA(PublicOptions(data_dir=str(tmp_path))).load("test")


def hub_rows(kind: type[Public], part: str) -> list[Row]:
    start = {"train": 0, "validation": 60, "test": 90}[part]
    numbers = range(start, start + 30)
    if kind is StrategyQA:
        return [strategy(n) for n in numbers]
    if kind is BoolQ:
        return [boolq(n) for n in numbers]
    made = [csqa(n) if kind is CommonsenseQA else arc(n) for n in numbers]
    return [
        {
            "id": row["id"],
            "question": row["question"]["stem"],
            "question_concept": row["question"].get("question_concept", ""),
            "choices": {
                "label": [c["label"] for c in row["question"]["choices"]],
                "text": [c["text"] for c in row["question"]["choices"]],
            },
            "answerKey": row["answerKey"],
        }
        for row in made
    ]


@pytest.mark.train
@pytest.mark.parametrize("kind", SETS)
def test_the_layout_of_the_hub_is_read_with_datasets(
    kind: type[Public], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("datasets")
    import pyarrow
    import pyarrow.parquet

    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    config = kind.config or "default"
    parts = ["train", "test"] if kind is StrategyQA else list(kind.parts.values())
    parts = [part for part in parts if not (kind is BoolQ and part == "test")]
    repo = tmp_path / "repo"
    (repo / config).mkdir(parents=True)
    entries = []
    for part in parts:
        table = pyarrow.Table.from_pylist(hub_rows(kind, part))
        pyarrow.parquet.write_table(table, repo / config / f"{part}-00000-of-00001.parquet")
        entries.append(f"  - split: {part}\n    path: {config}/{part}-*")
    header = f"configs:\n- config_name: {config}\n  data_files:\n" + "\n".join(entries)
    (repo / "README.md").write_text(f"---\n{header}\n---\n")
    data = kind(PublicOptions(hub=str(repo)))
    found = {split: list(data.load(split)) for split in ("train", "dev", "test")}  # type: ignore[arg-type]
    assert all(found.values())
    assert sum(map(len, found.values())) >= 50
    golds = {p.gold for problems in found.values() for p in problems}
    assert golds <= {"A", "B", "C", "D", "E", "yes", "no"}
