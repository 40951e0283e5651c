"""The closed list of rules, and the pages that describe it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import siked.answers
from siked.answers import FLAGS, MEANINGS, RULES, How, Where, Why, judge
from siked.answers.rules import AGREED, ENDED, OUTVOTED
from siked.records import Answer

DOCS = Path(__file__).parents[3] / "docs"


PUBLIC = (
    "AGREED FLAGS MEANINGS OUTVOTED RULES Found Gold How Judgement Number Pair Several Value Where Why Word"
    " equal extract find flags groups judge key majority read_gold text_of"
)


def test_the_public_names_are_pinned() -> None:
    names = PUBLIC.split()
    assert siked.answers.__all__ == names
    assert all(getattr(siked.answers, name) is not None for name in names)


def test_every_half_of_a_rule_has_a_meaning() -> None:
    assert set(MEANINGS) == {*Where, *How, *Why}
    assert len(RULES) == len(Where) * len(How) + len(Why) + len(AGREED) + len(OUTVOTED) + len(ENDED)
    assert all(re.fullmatch(r"[a-z-]+(?:[/:][a-z_-]+|-\d+)?", rule) for rule in RULES)


def test_the_reference_lists_them_all() -> None:
    page = (DOCS / "reference" / "verify.md").read_text()
    for part in (*Where, *How, *Why):
        assert f"| `{part.value}` | {MEANINGS[part]} |" in page, part
    for rule in (*ENDED, AGREED[0], AGREED[-1], OUTVOTED[0], OUTVOTED[-1]):
        assert f"`{rule}`" in page, rule


def test_the_explanation_names_all_flags_and_verifiers() -> None:
    page = (DOCS / "explanation" / "answers.md").read_text()
    for name in (*FLAGS, "numeric", "symbolic", "choice", "exact", "agreement"):
        assert f"`{name}`" in page, name


def test_the_example_of_the_reference_is_true() -> None:
    page = (DOCS / "reference" / "verify.md").read_text()
    given, shown = re.findall(r"^(?:\$ echo ')?(\{.*\})(?:' \| siked verify -)?$", page, re.MULTILINE)
    asked, said = json.loads(given), json.loads(shown)
    judged = judge(asked["gold"], Answer(asked["text"]))
    assert (said["correct"], said["answer"], said["rule"]) == (judged.correct, judged.found.text, judged.rule)


def test_the_results_page_is_kept() -> None:
    page = (DOCS / "results" / "answers-bench.md").read_text()
    assert "python tests/bench/bench_answers.py" in page
    assert "| siked `numeric` | 100.0 % | 0 | 0 |" in page
