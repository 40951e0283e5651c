"""Problems from tables of any kind, with columns of any name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from siked.builtin.datasets.table import SECONDS, Table, TableOptions
from siked.errors import ConfigError, DataError
from siked.registry import load_registry
from siked.runs.solver import load_tests

ROWS = [
    {
        "key": "a",
        "Body": "A crate holds 12 jars.",
        "Ask": "How many do 3 hold?",
        "solution": "12 * 3 = 36 #### 36",
    },
    {
        "key": "b",
        "Body": 'Ann has 1,080 pens, "blue"',
        "Ask": "and sells half;\nhow many?",
        "solution": "#### 540",
    },
]
MAPPING: dict[str, Any] = {
    "question": ["Body", "Ask"],
    "gold": "solution",
    "gold_pattern": r"####\s*(.+)",
    "id": "key",
}


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    kind = path.suffix
    if kind == ".parquet":
        pyarrow = pytest.importorskip("pyarrow")
        pytest.importorskip("pyarrow.parquet").write_table(pyarrow.Table.from_pylist(rows), path)
    elif kind in (".csv", ".tsv"):
        import csv

        with path.open("w", newline="", encoding="utf-8-sig") as file:
            writer = csv.DictWriter(file, list(rows[0]), delimiter="\t" if kind == ".tsv" else ",")
            writer.writeheader()
            writer.writerows(rows)
    else:
        path.write_text(json.dumps(rows) if kind == ".json" else "".join(json.dumps(r) + "\n" for r in rows))
    return path


def load(path: Path, **options: Any) -> list[Any]:
    return list(Table(TableOptions(path=str(path), **options)).load("train"))


@pytest.mark.parametrize("kind", ["csv", "tsv", "parquet", "json", "jsonl"])
def test_every_kind_of_table_gives_the_same_problems(tmp_path: Path, kind: str) -> None:
    problems = load(write(tmp_path / f"p.{kind}", ROWS), **MAPPING)
    assert [(p.id, p.question, p.gold) for p in problems] == [
        ("a", "A crate holds 12 jars. How many do 3 hold?", "36"),
        ("b", 'Ann has 1,080 pens, "blue" and sells half;\nhow many?', "540"),
    ]


@pytest.mark.parametrize("kind", ["csv", "parquet", "json", "jsonl"])
def test_a_wrong_column_is_answered_with_those_that_are_there(tmp_path: Path, kind: str) -> None:
    path = write(tmp_path / f"p.{kind}", ROWS)
    with pytest.raises(ConfigError, match=r"no column 'question'; there are: key, Body, Ask, solution"):
        load(path, skip_bad=True)
    with pytest.raises(ConfigError, match=r"dataset\.family=COLUMN"):
        load(path, **MAPPING, family="kind")


@pytest.mark.parametrize(
    ("value", "gold"), [(36, "36"), (2.5, "2.5"), (36.0, "36"), (None, None), ("", None)]
)
def test_numbers_are_golds_and_nothing_is_none(tmp_path: Path, value: object, gold: str | None) -> None:
    pytest.importorskip("pyarrow")
    data = Table(TableOptions(path=str(write(tmp_path / "p.parquet", [{"question": "q", "gold": value}]))))
    (problem,) = data.load("train")
    assert problem.gold == gold
    assert bool(data.notes) == (gold is None)


def test_a_damaged_row_is_named_or_skipped(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("question,gold\nHow many?,#### 1\nHow much?,nothing\n")
    with pytest.raises(DataError, match=r"p\.csv:3: gold_pattern is not in 'gold'"):
        load(path, gold_pattern="#### (.+)")
    assert len(load(path, gold_pattern="#### (.+)", skip_bad=True)) == 1
    path.write_text("question,gold\nHow many?,1,2\n")
    with pytest.raises(DataError, match="more cells than the header"):
        load(path)
    path.write_text("a;b\n1;2\n")
    assert [p.gold for p in load(path, question="a", gold="b", delimiter=";")] == ["2"]


def test_a_pattern_that_takes_for_ever_is_stopped(tmp_path: Path) -> None:
    import time

    path = write(tmp_path / "p.jsonl", [{"question": "q", "gold": "a" * 5000 + "!"}])
    began = time.monotonic()
    with pytest.raises(DataError, match="took more than"):
        load(path, gold_pattern="(?:a|a|aa)+$")
    assert time.monotonic() - began < 20 * SECONDS
    with pytest.raises(ConfigError, match="gold_pattern"):
        load(path, gold_pattern="(")


def test_a_folder_has_a_file_for_each_split(tmp_path: Path) -> None:
    write(tmp_path / "train.csv", ROWS)
    write(tmp_path / "test.json", ROWS[:1])
    data = Table(TableOptions(data_dir=str(tmp_path), **MAPPING))
    assert data.tests == ("table",)
    assert [len(list(data.load(split))) for split in ("train", "dev", "test")] == [2, 0, 1]
    write(tmp_path / "test.csv", ROWS)
    with pytest.raises(DataError, match="two test files"):
        Table(TableOptions(path=str(tmp_path), **MAPPING))


def test_a_data_set_is_loaded_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("datasets")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    folder = tmp_path / "owner" / "mine"
    folder.mkdir(parents=True)
    write(folder / "train.jsonl", ROWS)
    write(folder / "test.jsonl", ROWS[:1])
    data = Table(TableOptions(hub=str(folder), **MAPPING))
    assert [len(list(data.load(split))) for split in ("train", "dev", "test")] == [2, 0, 1]
    with pytest.raises(ConfigError, match="no split 'exam'; there are: train, test"):
        list(Table(TableOptions(hub=str(folder), split_test="exam", **MAPPING)).load("test"))
    with pytest.raises(DataError, match="cannot be loaded from the Hub"):
        list(Table(TableOptions(hub="no-such-owner/no-such-name")).load("train"))


def test_files_or_a_hub_data_set_and_not_both() -> None:
    for options in (TableOptions(), TableOptions(path="a.csv", hub="a/b")):
        with pytest.raises(ConfigError, match="files or a Hub data set"):
            Table(options)


def test_a_table_is_a_test_set(tmp_path: Path) -> None:
    path = write(tmp_path / "p.csv", ROWS)
    problems = load_tests(load_registry(), "table", {"path": str(path), **MAPPING}, None)
    assert [(p.split, p.gold) for p in problems] == [("test", "36"), ("test", "540")]
