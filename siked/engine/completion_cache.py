"""Texts that need not be asked for twice: one SQLite file that runs share, also at the same time.

A text is kept under its request's key together with the backend and its options, since numbers
that are rounded elsewhere (another type, another device) give other texts.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

from siked.engine.state import State
from siked.journal import Stage
from siked.journal.cache import TextCache
from siked.journal.queries import texts
from siked.records import Completion
from siked.workers import Spec

FILE = "texts.db"


def take(state: State, spec: Spec, stage: Stage) -> list[tuple[int, Completion, str]]:
    """Return (request, completion, strategy asked) of every open request that the cache has a text for."""
    if state.cache is None:
        return []
    wanted = {_key(spec, key): (row, key, name) for row, key, name in state.journal.open_requests(stage)}
    found = []
    for completion in TextCache(state.cache / FILE).take(list(wanted)):
        row, key, name = wanted[completion.key]
        found.append((row, replace(completion, key=key), name))
    return found


def put(state: State, spec: Spec, stage: Stage) -> None:
    """Keep every whole or cut text of a step; what another run was first with stays."""
    if state.cache is None:
        return
    rows = texts.reusable(state.journal, stage)
    TextCache(state.cache / FILE).put((_key(spec, row[0]), *row[1:]) for row in rows)


def _key(spec: Spec, key: str) -> str:
    text = json.dumps([key, spec.decides, spec.deciding], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
