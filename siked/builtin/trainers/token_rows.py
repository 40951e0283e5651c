"""Training rows as token ids, labels and the weight of each token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from siked.errors import RunError
from siked.records import TrainRow
from siked.text import token_ids


@dataclass(frozen=True, slots=True)
class Tokens:
    """Rows as ids and labels; ``dropped`` counts those that were too long."""

    rows: list[tuple[list[int], list[int]]]
    dropped: int
    weights: list[list[float]] | None
    """Of each token of each row; None where all labels count alike."""


def tokenize(tokenizer: Any, rows: Sequence[TrainRow], prompt_format: str, max_length: int) -> Tokens:
    """Make the ids and labels of ``rows``, without those of more than ``max_length`` tokens.

    Raises :class:`RunError` where none is left.
    """
    made = [(*token_ids.row_ids(tokenizer, row, prompt_format), row) for row in rows]
    kept = [(ids, labels, row) for ids, labels, row in made if len(ids) <= max_length]
    if not kept:
        raise RunError(
            f"none of the {len(rows)} training rows has {max_length} tokens or fewer; "
            "raise trainer.max_length or look at the rationales."
        )
    pairs = [(ids, labels) for ids, labels, _ in kept]
    weights = [_weights(tokenizer, labels, row) for _, labels, row in kept]
    alike = len({weight for row in weights for weight in row}) == 1
    return Tokens(pairs, len(rows) - len(kept), None if alike else weights)


def _weights(tokenizer: Any, labels: Sequence[int], row: TrainRow) -> list[float]:
    weights = [row.weight] * len(labels)
    if row.tag_weight is not None:
        start = next(place for place, label in enumerate(labels) if label != token_ids.IGNORED)
        for place in range(start, start + len(token_ids.tag_ids(tokenizer, row.prefix))):
            weights[place] = row.tag_weight
    return weights
