"""Endings that real models wrote, and real rationales; both need the data folder."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from siked.answers import flags, judge
from siked.records import Answer

DATA = os.environ.get("SIKED_DATA")
pytestmark = pytest.mark.skipif(not DATA, reason="SIKED_DATA names no folder with real endings")


def rows(name: str) -> Iterator[dict[str, Any]]:
    path = Path(DATA or "") / name
    if not path.exists():
        pytest.skip(f"SIKED_DATA has no {name}")
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def answer(row: dict[str, Any]) -> Answer:
    return Answer(row["text"], form="subquestions" if row.get("strategy") == "l2m" else "text")


def test_labelled_endings() -> None:
    """At least 99 % right, and no false positive."""
    wrong: list[str] = []
    false_positives: list[str] = []
    labelled = list(rows("verifier/real.jsonl"))
    for row in labelled:
        judged = judge(row["gold"], answer(row))
        if judged.correct is not row["correct"]:
            wrong.append(row["id"])
        if judged.correct and not row["correct"]:
            false_positives.append(row["id"])
    assert len(labelled) >= 388
    assert len(wrong) <= len(labelled) // 100, wrong
    assert not false_positives


def test_answers_of_the_labelled_endings() -> None:
    """The answer a careful reader takes is the one that is reported, with one exception in 388."""
    differing = []
    for row in rows("verifier/real.jsonl"):
        found, wanted = judge(row["gold"], answer(row)).found.text, row["answer"]
        if (found is None) != (wanted is None) or (
            found is not None and not judge(wanted, Answer(found, form="value")).correct
        ):
            differing.append(row["id"])
    assert len(differing) <= 1, differing


@pytest.mark.parametrize("split", ["train", "test"])
def test_solutions_written_by_people_lose_their_marker(split: str) -> None:
    """GSM8K without its `#### N`: the concluding sentence gives the gold in 99 of 100."""
    right = total = 0
    for row in rows(f"gsm8k/{split}.jsonl"):
        body, _, gold = row["answer"].rpartition("####")
        right += judge(gold.strip(), Answer(body.strip())).correct is True
        total += 1
    assert right / total > 0.985


def test_solutions_written_by_people_are_rarely_flagged() -> None:
    flagged = total = 0
    for row in islice(rows("gsm8k/train.jsonl"), 2000):
        judged = judge(row["answer"].rpartition("####")[2].strip(), Answer(row["answer"]))
        flagged += bool(flags("text", row["answer"], judged.found.text))
        total += 1
    assert flagged / total < 0.01


def test_calculator_marks_change_nothing() -> None:
    for row in rows("gsm8k/test.jsonl"):
        body, _, gold = row["answer"].rpartition("####")
        plain = re.sub(r"<<[^<>]*>>", "", body)
        assert judge(gold.strip(), Answer(body)).correct is judge(gold.strip(), Answer(plain)).correct
