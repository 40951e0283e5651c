"""Which requests go through the model together: a pure function of the whole list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from siked.records import Request, Sampling


@dataclass(frozen=True, slots=True)
class Row:
    """One request and the ids of its prompt; ``index`` is its place in the list."""

    index: int
    request: Request
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of one sampling setting; rows of equal prompt stand together."""

    rows: tuple[Row, ...]
    sampling: Sampling

    @property
    def done(self) -> bool:
        """Whether every text of this batch is known already."""
        return all(row.request.done for row in self.rows)


def plan(rows: Sequence[Row], batch_size: int, max_batch_tokens: int = 0) -> list[Batch]:
    """Cut a list of requests into batches, the longest prompts first.

    A batch has ``batch_size`` rows at most and, where ``max_batch_tokens`` is not 0, at most so many
    tokens with all its texts written out, but always one row. Requests that are ``done`` take their
    place like any other, so that what is missing is generated in the company it always had.
    """
    order = sorted(rows, key=lambda row: (_setting(row.request.sampling), -len(row.ids), row.ids, row.index))
    batches: list[Batch] = []
    held: list[Row] = []
    for row in order:
        sampling = row.request.sampling
        if held:
            # the first row has the longest prompt
            width = len(held[0].ids) + sampling.max_new_tokens
            full = len(held) == batch_size or (
                max_batch_tokens > 0 and (len(held) + 1) * width > max_batch_tokens
            )
            if full or held[0].request.sampling != sampling:
                batches.append(Batch(tuple(held), held[0].request.sampling))
                held = []
        held.append(row)
    if held:
        batches.append(Batch(tuple(held), held[0].request.sampling))
    return batches


def _setting(sampling: Sampling) -> tuple[float, float, int, tuple[str, ...]]:
    return (sampling.temperature, sampling.top_p, sampling.max_new_tokens, sampling.stop)
