"""A user's own problems."""

from __future__ import annotations

from pathlib import Path

import pytest

from siked.builtin.datasets.jsonl import Jsonl, JsonlOptions
from siked.errors import ConfigError, DataError
from siked.records import DevProblem, TestProblem, TrainProblem

GOOD = (
    '{"question": "How many is 2 and 3?", "gold": 5, "id": "a", "source": "mine"}\n'
    "\n"
    '{"question": "  How much is half of 3?\\n(in kg) ", "gold": 1.50}\n'
    '{"question": "How many stars are there?"}\n'
)


def load(path: Path, text: str | bytes, skip_bad: bool = False) -> tuple[Jsonl, list[TrainProblem]]:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    data = Jsonl(JsonlOptions(path=str(path), skip_bad=skip_bad))
    return data, [p for p in data.load("train") if isinstance(p, TrainProblem)]


def test_lines_become_problems(tmp_path: Path) -> None:
    data, problems = load(tmp_path / "mine.jsonl", GOOD)
    assert [(p.id, p.question, p.gold) for p in problems] == [
        ("a", "How many is 2 and 3?", "5"),
        ("line-3", "How much is half of 3?\n(in kg)", "1.50"),
        ("line-4", "How many stars are there?", None),
    ]
    assert data.without_gold == 1
    assert data.tests == ()
    (note,) = data.notes
    assert note.endswith("1 of 3 problems have no gold; answers to them stay unverified")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"question": "q"', "is not JSON: "),
        ('{"question": "q", "gold": NaN}', "is not JSON: NaN is not allowed"),
        ("[1, 2]", "is not a JSON object"),
        ('{"gold": 1}', "has no text in 'question'"),
        ('{"question": 5}', "has no text in 'question'"),
        ('{"question": " "}', "has no text in 'question'"),
        ('{"question": "q", "gold": true}', "'gold' is a truth value"),
        ('{"question": "q", "gold": [1]}', "'gold' is a list"),
        ('{"question": "q", "id": null}', "'id' is null"),
        ('{"question": "q", "id": ""}', "'id' is empty"),
        ('{"question": "q", "id": "a"}', "the id 'a' stands in line 1 already"),
        ('{"question": "\\ud83d"}', "holds half a character"),
        ("[" * 100_000, "is not JSON: "),
    ],
)
def test_a_damaged_line_stops_or_is_counted(tmp_path: Path, line: str, reason: str) -> None:
    text = GOOD + line + "\n" + '{"question": "last"}\n'
    with pytest.raises(DataError, match=rf"mine\.jsonl:5: .*{reason}"):
        load(tmp_path / "mine.jsonl", text)
    data, problems = load(tmp_path / "mine.jsonl", text, skip_bad=True)
    assert [p.id for p in problems] == ["a", "line-3", "line-4", "line-6"]
    assert data.skipped == 1
    assert f"1 damaged problems left out (first: line 5: {reason}" in data.notes[0]


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"mine\.jsonl:1: is not UTF-8 \(byte 14\)"):
        load(tmp_path / "mine.jsonl", b'{"question": "\xff"}')
    data, problems = load(tmp_path / "mine.jsonl", b'\xef\xbb\xbf{"question": "\xc3\xa9"}\r\n')
    assert [p.question for p in problems] == ["\u00e9"]
    assert data.skipped == 0


def test_whole_characters_in_escapes_are_fine(tmp_path: Path) -> None:
    _, problems = load(tmp_path / "mine.jsonl", '{"question": "\\ud83d\\ude00"}\n')
    assert [p.question for p in problems] == ["\U0001f600"]


def test_a_folder_holds_the_splits(tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text('{"question": "a"}\n')
    (tmp_path / "test.jsonl").write_text('{"question": "b"}\n')
    data = Jsonl(JsonlOptions(path=str(tmp_path)))
    assert [type(p) for p in data.load("train")] == [TrainProblem]
    assert list(data.load("dev")) == []
    assert [type(p) for p in data.load("test")] == [TestProblem]
    assert data.tests == ("jsonl",)
    other = tmp_path / "other.jsonl"
    other.write_text('{"question": "c"}\n')
    named = Jsonl(JsonlOptions(path=str(tmp_path), path_dev=str(other)))
    assert [(type(p), p.question) for p in named.load("dev")] == [(DevProblem, "c")]


def test_nothing_named_or_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="needs a file"):
        Jsonl(JsonlOptions())
    with pytest.raises(DataError, match=r"none\.jsonl: cannot be read"):
        list(Jsonl(JsonlOptions(path=str(tmp_path / "none.jsonl"))).load("train"))
    with pytest.raises(DataError, match=r"has none of train\.jsonl"):
        list(Jsonl(JsonlOptions(path=str(tmp_path))).load("train"))
