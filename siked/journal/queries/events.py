"""Questions about what happened, told for people and for going on."""

from __future__ import annotations

from typing import Any

from siked.journal.opening import from_json
from siked.journal.read import Reader


def events(journal: Reader, kind: str) -> list[dict[str, Any]]:
    """Return the data of all events of a kind, in order."""
    return [
        from_json(data, journal.path)
        for (data,) in journal.db.execute("SELECT data FROM events WHERE kind = ? ORDER BY id", (kind,))
    ]


def started(journal: Reader) -> float | None:
    """Return when the run began, in seconds since 1970."""
    ((time,),) = journal.db.execute("SELECT min(time) FROM events")
    return None if time is None else float(time)
