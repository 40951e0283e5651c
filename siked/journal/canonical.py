"""The part of a journal that two equal runs share bit for bit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

from siked.journal.read import Reader

# Everything but row ids, times, durations, attempts, usage and events, sorted by natural key.
_PLACE = "p.dataset, p.split, p.name"
_ASKED = f"q.track, q.iteration, q.step, {_PLACE}, q.strategy, q.sample"
_QUERIES = {
    "facts": "SELECT key, value FROM facts ORDER BY key",
    "problems": f"SELECT {_PLACE}, question, gold, family, body_seen FROM problems p ORDER BY {_PLACE}",
    "rationales": (
        f"SELECT {_ASKED}, q.seed, q.key, r.outcome, r.reason, r.strategy, r.text FROM requests q"
        " JOIN problems p ON p.id = q.problem"
        f" LEFT JOIN current_rationale r ON r.request = q.id ORDER BY {_ASKED}"
    ),
    "verdicts": (
        f"SELECT {_ASKED}, v.verifier, v.version, v.options, v.status, v.answer, v.rule, v.flags, v.sandbox,"
        " v.program FROM verdicts v JOIN current_rationale r ON r.id = v.rationale"
        " JOIN requests q ON q.id = r.request JOIN problems p ON p.id = q.problem"
        f" ORDER BY {_ASKED}, v.verifier, v.version, v.options"
    ),
    "verifiers": "SELECT role, verifier, version, options FROM verifiers ORDER BY role, id",
    "mixtures": (
        "SELECT track, iteration, schedule, options, rows, alpha, tokens, alpha_tokens, shares, sources, kl,"
        " entropy, aims, dropped FROM mixtures ORDER BY track, iteration"
    ),
    "mixture_rows": (
        f"SELECT m.track, m.iteration, w.position, {_ASKED}, w.weight, w.tag_weight, w.reason"
        " FROM mixture_rows w JOIN mixtures m ON m.id = w.mixture JOIN rationales r ON r.id = w.rationale"
        " JOIN requests q ON q.id = r.request JOIN problems p ON p.id = q.problem"
        " ORDER BY m.track, m.iteration, w.position"
    ),
    "students": (
        "SELECT track, iteration, weights, hash, steps, tokens, loss, rows, dropped"
        " FROM students ORDER BY track, iteration"
    ),
    "evaluations": (
        "SELECT track, iteration, dataset, split, mode, n, correct, unverified, choice, verifier, version,"
        " options FROM evaluations"
        " ORDER BY track, iteration, dataset, split, mode, verifier, version, options"
    ),
    "tag_scores": (
        f"SELECT t.track, t.iteration, {_PLACE}, t.strategy, t.logprob FROM tag_scores t"
        f" JOIN problems p ON p.id = t.problem ORDER BY t.track, t.iteration, {_PLACE}, t.strategy"
    ),
    "steps": "SELECT track, iteration, step FROM steps ORDER BY track, iteration, step",
}


def canonical(journal: Reader) -> Iterator[str]:
    """Yield one JSON line for each row, in natural order.

    On one machine with the same versions and thread count, on a CPU, two runs of one
    configuration give the same lines, however often each was killed and resumed.
    """
    for table, query in _QUERIES.items():
        for row in journal.db.execute(query):
            yield json.dumps([table, *row], ensure_ascii=False)


def digest(journal: Reader) -> str:
    """Return the SHA-256 of :func:`canonical`."""
    sha = hashlib.sha256()
    for line in canonical(journal):
        sha.update(line.encode())
        sha.update(b"\n")
    return sha.hexdigest()
