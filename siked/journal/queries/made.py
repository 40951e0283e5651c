"""What a run has made so far, by what decided it."""

from __future__ import annotations

from typing import NamedTuple

from siked.journal.read import Reader


class Made(NamedTuple):
    """How many rows of each kind a journal holds."""

    problems: int
    taught: int
    """Requests to the teacher."""
    sampled: int
    """Requests for the student's own rationales."""
    scored: int
    """Requests for the answers of students, controls included."""
    verdicts: int
    mixtures: int
    students: int


def made(journal: Reader) -> Made:
    """Return what stands in the journal of a run."""
    return Made(
        *journal.db.execute(
            "SELECT (SELECT count(*) FROM problems),"
            " (SELECT count(*) FROM requests WHERE step LIKE 'teach:%'),"
            " (SELECT count(*) FROM requests WHERE step = 'sample'),"
            " (SELECT count(*) FROM requests WHERE step NOT LIKE 'teach:%' AND step != 'sample'),"
            " (SELECT count(*) FROM verdicts), (SELECT count(*) FROM mixtures),"
            " (SELECT count(*) FROM students)"
        ).fetchone()
    )
