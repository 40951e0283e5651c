"""Questions that two runs are asked to set them beside each other."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from siked.journal.read import Reader
from siked.journal.stage import Stage


class Answered(NamedTuple):
    """What a student made of a problem of a set, with what the verifier in force says of it."""

    question: str
    gold: str | None
    family: str
    strategy: str
    """As it chose; empty where it wrote no tag."""
    status: str
    answer: str | None
    rule: str
    text: str


def answers(journal: Reader, stage: Stage) -> dict[str, Answered]:
    """Return, by the problem's name, the judged text of a step that asks once, in the data set's order."""
    return {
        name: Answered(*values)
        for name, *values in journal.db.execute(
            "SELECT p.name, p.question, p.gold, p.family, r.strategy, v.status, v.answer, v.rule, r.text"
            " FROM requests q JOIN current_rationale r ON r.request = q.id"
            " JOIN current_verdict v ON v.rationale = r.id JOIN problems p ON p.id = q.problem"
            " WHERE q.track = ? AND q.iteration = ? AND q.step = ? ORDER BY p.id",
            stage,
        )
    }


def problems(journal: Reader) -> dict[tuple[str, str], dict[str, str]]:
    """Return, by (data set, split), a hash of the question and gold of each problem by its name."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for dataset, split, name, question, gold in journal.db.execute(
        "SELECT dataset, split, name, question, gold FROM problems ORDER BY id"
    ):
        digest = hashlib.sha256(repr((question, gold)).encode("utf-8", "surrogatepass")).hexdigest()
        found.setdefault((dataset, split), {})[name] = digest
    return found
