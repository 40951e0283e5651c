"""The project's own endings, labelled by hand by the policy of docs/explanation/answers.md."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from siked.answers import RULES, judge, text_of
from siked.answers.extract import find
from siked.records import Answer

ROWS: list[dict[str, Any]] = [
    json.loads(line) for line in (Path(__file__).parent / "endings.jsonl").read_text().splitlines()
]


def same_answer(found: str | None, wanted: str | None) -> bool:
    if found is None or wanted is None:
        return found is wanted
    return found == wanted or judge(wanted, Answer(found, form="value")).correct is True


@pytest.mark.parametrize("row", ROWS, ids=[f"{row['id']}-{row['category']}" for row in ROWS])
def test_ending(row: dict[str, Any]) -> None:
    judged = judge(row["gold"], Answer(row["text"], form=row["form"]))
    assert judged.correct is row["correct"], judged
    assert same_answer(judged.found.text, row["answer"]), judged
    assert judged.rule in RULES


def test_there_are_enough_of_every_kind() -> None:
    counts = Counter(row["category"] for row in ROWS)
    assert sum(counts.values()) >= 500
    for kind in ("words", "mixed", "latex", "run-on", "units", "clock", "refusal", "cut-off"):
        assert counts[kind] >= 15, kind
    assert 0.3 < sum(row["correct"] for row in ROWS) / len(ROWS) < 0.8


def test_without_a_gold_the_same_number_is_found() -> None:
    """Where the answer is one plain number, knowing the gold makes no difference."""
    checked = 0
    for row in ROWS:
        wanted = row["answer"]
        if wanted is None or not wanted.lstrip("-").isdigit() or row["category"] in ("ordinal", "ratio"):
            continue
        found = find(Answer(row["text"], form=row["form"]), None)
        assert found.value is not None, row
        assert same_answer(text_of(found.value), wanted), row
        checked += 1
    assert checked > 150
