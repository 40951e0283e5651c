"""The starts of a run: what it was made with each time that it started or went on."""

from __future__ import annotations

import time
import uuid
from typing import Any, NamedTuple

from siked.journal.opening import from_json
from siked.journal.read import Reader
from siked.journal.write import Journal
from siked.records import Call

_KIND = "started"


def starts(journal: Reader) -> list[dict[str, Any]]:
    """Return every start, first to last: its ``time`` (seconds since 1970) and what was recorded."""
    rows = journal.db.execute("SELECT time, data FROM events WHERE kind = ? ORDER BY id", (_KIND,))
    return [{"time": at, **from_json(data, journal.path)} for at, data in rows]


def run_id(journal: Reader) -> str:
    """Return the id that the run got at its first start, or '' where it had none yet.

    It names this run among all others; what two equal runs share does not hold it.
    """
    found = starts(journal)
    return str(found[0]["id"]) if found else ""


class Spent(NamedTuple):
    """What calls to engines and providers have used."""

    calls: int
    tokens: int
    """Read and written."""
    cost: float

    def plus(self, call: Call) -> Spent:
        """Return this and one call more."""
        tokens = call.prompt_tokens + call.completion_tokens
        return Spent(self.calls + 1, self.tokens + tokens, self.cost + call.cost)


def spent(journal: Reader) -> Spent:
    """Return what all calls of a run have used."""
    return Spent(
        *journal.db.execute(
            "SELECT count(*), coalesce(sum(prompt_tokens + completion_tokens), 0), coalesce(sum(cost), 0.0)"
            " FROM calls"
        ).fetchone()
    )


def add_start(journal: Journal, values: dict[str, Any]) -> None:
    """Record a start; earlier ones stay."""
    journal.event(_KIND, **values, id=run_id(journal) or uuid.uuid4().hex)


def iso(seconds: float) -> str:
    """Return seconds since 1970 as a time in UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
