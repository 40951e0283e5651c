"""Answers of the journal about verdicts."""

from pathlib import Path

import pytest

from siked.journal import Journal, Stage, VerifierKey
from siked.journal.queries import verdicts
from siked.records import Completion, Outcome, Status, TrainProblem, Verdict

SAMPLE = Stage("main", 1, "sample")
KEY = VerifierKey("numeric", "1", "{}")
TEXTS = [
    (Outcome.OK, Status.CORRECT, ()),
    (Outcome.OK, Status.CORRECT, ("wrong-equation",)),
    (Outcome.CUT, Status.CORRECT, ()),
    (Outcome.OK, Status.WRONG, ()),
]
"""Whole and right; right with a flag; right but cut off; wrong."""


@pytest.mark.parametrize(("flagged", "kept"), [(True, 2), (False, 1)])
def test_a_pass_is_a_text_that_can_be_kept(tmp_path: Path, flagged: bool, kept: int) -> None:
    journal = Journal.create(tmp_path / "run.db")
    with journal.saving():
        journal.problems([(TrainProblem(id="p", question="q", gold="1", dataset="d"), True)])
        journal.judged_by("labels", KEY)
        journal.requests((SAMPLE, 1, "cot", k, k, f"key{k}") for k in range(len(TEXTS) + 1))
        for request, (outcome, status, flags) in enumerate(TEXTS, 1):
            journal.completion(request, Completion(key="", outcome=outcome, text=f"{request}"), "cot")
            journal.verdict(request, KEY, Verdict(status=status, answer="1", rule="r", flags=flags))
    assert verdicts.pass_counts(journal, SAMPLE, flagged=flagged) == {("p", "cot"): (kept, 5)}
