"""How probable given continuations are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any


def score(
    decoder: Any,
    prompts: Sequence[tuple[int, ...]],
    endings: Sequence[Sequence[Sequence[int]]],
    batch_size: int,
) -> Iterator[list[float]]:
    """Yield log P(ending | prompt) in nats for each ending of each prompt, in order.

    A prompt and one of its endings are a row; rows go through the model in order, ``batch_size`` at
    a time. ``decoder`` is a :class:`siked.builtin.backends.decoding.Decoder`.
    """
    import torch

    flat = [(prompts[place], tuple(ending)) for place, many in enumerate(endings) for ending in many]
    sums: list[float] = []
    with torch.inference_mode():
        for start in range(0, len(flat), batch_size):
            sums.extend(_sums(decoder, flat[start : start + batch_size]))
    taken = iter(sums)
    for many in endings:
        yield [next(taken) for _ in many]


def _sums(decoder: Any, rows: Sequence[tuple[tuple[int, ...], tuple[int, ...]]]) -> list[float]:
    """Rows are padded on the left, so that all endings stand at the right edge and the head of the
    model runs on few positions only."""
    import torch

    kept = max(len(ending) for _, ending in rows) + 1
    ids, lengths = decoder.left_padded([prompt + ending for prompt, ending in rows])
    columns = torch.arange(ids.shape[1], device=decoder.device)
    start = (ids.shape[1] - lengths)[:, None]
    logits = decoder.model(
        input_ids=ids,
        attention_mask=(columns[None, :] >= start).long(),
        position_ids=(columns[None, :] - start).clamp(min=0),
        use_cache=False,
        logits_to_keep=kept,
    ).logits
    sums = []
    for row, (_, ending) in enumerate(rows):
        # the logits of one position say what comes next, so the last one is not wanted
        part = logits[row, kept - len(ending) - 1 : kept - 1].float().log_softmax(dim=-1).double()
        wanted = torch.tensor(ending, dtype=torch.long, device=decoder.device)
        sums.append(float(part.gather(1, wanted[:, None]).sum()))
    return sums
