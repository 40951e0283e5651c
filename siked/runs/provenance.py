"""Provenance: from a training row back to the request that made it."""

from __future__ import annotations

import re
from typing import Any

from siked.errors import UsageError
from siked.journal.queries import mixtures
from siked.runs.run import Run


def origin(run: Run, place: str) -> dict[str, Any]:
    """Return all that is known of row ``[TRACK:]ITERATION:ROW``: its mixture, why it is there, its problem,
    request, text, verdict, and the hash of the student that wrote it, where that was a student.

    Raises :class:`UsageError` where there is no such row.
    """
    parts = re.fullmatch(r"(?:([^:]+):)?([0-9]{1,15}):([0-9]{1,15})", place)
    if parts is None:
        raise UsageError(f"{place!r}: write ITERATION:ROW, such as 1:0")
    track, iteration, position = parts.groups()
    name = track or "main"
    row = mixtures.provenance(run.journal, name, int(iteration), int(position))
    if row is None:
        known = mixtures.sizes(run.journal)
        there = ", ".join(f"{where}:{at}:0..{n - 1}" for where, at, n in known) or "none yet"
        raise UsageError(f"no row {place!r}; there are: {there}")
    return {"mixture": {"track": name, "iteration": int(iteration), "position": int(position)}, **row}


def chain(run: Run, place: str) -> list[str]:
    """Return the lines that tell where a row comes from; see :func:`origin`."""
    row = origin(run, place)
    name, iteration, position = row["mixture"].values()
    writer = f"student {row['iteration'] - 1} (weights {row['hash'][:12]})" if row["hash"] else "the teacher"
    lines = [
        f"row {position} of {row['rows']} in the mixture of iteration {iteration} ({name}),"
        f" schedule {row['schedule']}, alpha {row['alpha']:.3f}",
        f"  chosen because  {row['reason']}"
        + (f", weight {row['weight']:.3g}" if row["weight"] != 1 else ""),
        f"  problem         {row['dataset']}/{row['split']}/{row['name']}, gold {row['gold']}",
        f"                  {row['question']}",
        f"  written by      {writer}, strategy {row['strategy']}, sample {row['sample']},"
        f" {row['completion_tokens']} tokens, outcome {row['outcome']}",
        f"  request         {row['step']} of iteration {row['iteration']}, seed {row['seed']}",
        f"                  key {row['key']}",
        f"  verdict         {row['status']} by {row['verifier']} {row['version']}, rule {row['rule']},"
        f" answer {row['answer']}" + (f", flags {row['flags']}" if row["flags"] else ""),
    ]
    if row["sandbox"]:
        lines.append(f"  program         {row['program']} in {row['sandbox']}")
    return [*lines, "  text", *("    " + line for line in row["text"].strip().splitlines())]
