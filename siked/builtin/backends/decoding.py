"""The decoding loop: one batch in, the ids of its texts out.

Prompts that occur several times in a batch are read once. Rows that have ended are dropped from
the batch when they are many. Everything a row is given depends on the batch alone, so the same
batch gives the same texts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from siked.builtin.backends.batching import Batch, Row
from siked.builtin.backends.kvcache import make_cache
from siked.builtin.backends.sampling import pick, uniforms

# Dropping rows copies the cache of those that stay, so it has to be worth it.
_DROP_BELOW = 0.75
_STOP_TAIL = 4


@dataclass(frozen=True, slots=True)
class Written:
    """What the model wrote for one row: ids without the stop id; ``ended`` says whether it stopped
    by itself; ``tokens`` counts the stop id too."""

    ids: list[int]
    ended: bool
    tokens: int


Follow = Callable[[Sequence[tuple[int, int]]], Iterable[int]]
"""Takes (place in the batch, id) of each token that was written in a step; returns the places of rows that
need not go on."""


@dataclass(slots=True)
class _State:
    """A batch on its way: the rows that are in the model (``rows`` are their places in the batch)."""

    cache: Any
    logits: Any
    mask: Any
    """(rows, 1, 1, width) of bool: which positions may be seen."""
    position: Any
    """(rows,) position of the next token."""
    rows: Any


class Decoder:
    """Runs batches through one model."""

    def __init__(self, model: Any, tokenizer: Any, stop: Sequence[int], context: int) -> None:
        import torch

        self.model = model
        self.tokenizer = tokenizer
        self.context = context
        self.device = next(model.parameters()).device
        self.stop = torch.tensor(sorted(stop), device=self.device)
        pad = tokenizer.pad_token_id
        self.pad = int(pad if pad is not None else min(stop))

    def write(self, batch: Batch, follow: Follow | None = None) -> list[Written]:
        """Return what the model writes for each row of ``batch``, in order; ``follow`` hears of each step."""
        import torch

        with torch.inference_mode():
            return self._write(batch, follow)

    def _write(self, batch: Batch, follow: Follow | None) -> list[Written]:
        import torch

        rows, sampling = batch.rows, batch.sampling
        longest = len(rows[0].ids)
        limit = (
            min(sampling.max_new_tokens, self.context - longest) if self.context else sampling.max_new_tokens
        )
        state = self._read(rows, limit)
        u = self._uniforms(rows, limit) if sampling.temperature > 0 else None
        out = torch.full((len(rows), limit), -1, dtype=torch.long, device=self.device)
        ended = torch.full((len(rows),), -1, dtype=torch.long, device=self.device)
        alive = torch.ones(len(rows), dtype=torch.bool, device=self.device)
        gone: set[int] = set()
        for step in range(limit):
            chosen = self._pick(state.logits, sampling, u, state.rows, step)
            out[state.rows, step] = chosen
            stopped = torch.isin(chosen, self.stop)
            if follow is not None:
                new = (~stopped & alive[state.rows]).tolist()
                both = zip(state.rows.tolist(), chosen.tolist(), strict=True)
                left = list(follow([pair for pair, is_new in zip(both, new, strict=True) if is_new]))
                if left:
                    gone.update(left)
                    alive[left], ended[left] = False, step
            if sampling.stop:
                stopped |= self._at_stop_text(out, state.rows, step, sampling.stop)
            fresh = stopped & alive[state.rows]
            ended[state.rows[fresh]] = step
            alive[state.rows[fresh]] = False
            living = alive[state.rows]
            count = int(living.sum())
            if count == 0 or step + 1 == limit:
                break
            if count < _DROP_BELOW * len(living):
                chosen = self._drop(state, living, chosen)
            self._step(state, chosen, longest + step)
        found = self._collect(out.tolist(), ended.tolist())
        return [replace(one, ended=False) if at in gone else one for at, one in enumerate(found)]

    def _read(self, rows: Sequence[Row], limit: int) -> _State:
        """Run the prompts, each distinct one once."""
        import torch

        distinct: list[tuple[int, ...]] = []
        source = []
        for row in rows:  # equal prompts stand together
            if not distinct or distinct[-1] != row.ids:
                distinct.append(row.ids)
            source.append(len(distinct) - 1)
        ids, lengths = self.left_padded(distinct)
        cache, plain = make_cache(self.model.config)
        width = ids.shape[1]
        columns = torch.arange(width + limit, device=self.device)
        seen = columns[None, :] >= (width - lengths)[:, None]
        position = (columns[None, :width] - (width - lengths)[:, None]).clamp(min=0)
        mask = prompt_mask(seen[:, :width]) if plain else seen[:, :width]
        logits = self._forward(ids, mask, position, cache)
        take = torch.tensor(source, device=self.device)
        if len(distinct) < len(rows):
            cache.reorder_cache(take)
        return _State(
            cache=cache,
            logits=logits[take],
            mask=(seen[:, None, None, :] if plain else seen)[take],
            position=lengths[take],
            rows=torch.arange(len(rows), device=self.device),
        )

    def left_padded(self, prompts: Sequence[tuple[int, ...]]) -> tuple[Any, Any]:
        """Return (ids, mask) of prompts, both prompts x longest prompt, padded on the left."""
        import torch

        width = max(len(ids) for ids in prompts)
        padded = [[self.pad] * (width - len(ids)) + list(ids) for ids in prompts]
        lengths = torch.tensor([len(ids) for ids in prompts], device=self.device)
        return torch.tensor(padded, device=self.device), lengths

    def _forward(self, ids: Any, mask: Any, position: Any, cache: Any) -> Any:
        """Return the logits after the last column, (rows, vocabulary)."""
        result = self.model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=position,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        return result.logits[:, -1]

    def _step(self, state: _State, chosen: Any, width: int) -> None:
        mask = state.mask[..., : width + 1]
        state.logits = self._forward(chosen[:, None], mask, state.position[:, None], state.cache)
        state.position = state.position + 1

    def _drop(self, state: _State, living: Any, chosen: Any) -> Any:
        """Leave only the living rows in the model; return the tokens chosen for them."""
        keep = living.nonzero().squeeze(1)
        state.cache.reorder_cache(keep)
        state.mask, state.position, state.rows = state.mask[keep], state.position[keep], state.rows[keep]
        return chosen[keep]

    def _uniforms(self, rows: Sequence[Row], limit: int) -> Any:
        import torch

        # float64 does not exist on MPS, where tokens are picked on the CPU
        where = "cpu" if self.device.type == "mps" else self.device
        return torch.from_numpy(uniforms([row.request.seed for row in rows], limit)).to(where)

    def _pick(self, logits: Any, sampling: Any, u: Any, rows: Any, step: int) -> Any:
        if u is None:
            return pick(logits, sampling, None)
        return pick(logits.to(u.device), sampling, u[rows.to(u.device), step]).to(self.device)

    def _at_stop_text(self, out: Any, rows: Any, step: int, stop: Sequence[str]) -> Any:
        import torch

        # a stop text spans at most as many tokens as it has bytes
        tail = max(len(text.encode()) for text in stop) + _STOP_TAIL
        recent = out[rows, max(0, step + 1 - tail) : step + 1].tolist()
        texts = self.tokenizer.batch_decode(recent, skip_special_tokens=True)
        return torch.tensor([any(s in text for s in stop) for text in texts], device=self.device)

    def _collect(self, out: list[list[int]], ended: list[int]) -> list[Written]:
        stop_set = set(self.stop.tolist())
        written = []
        for ids, end in zip(out, ended, strict=True):
            if end < 0:
                written.append(Written(ids, ended=False, tokens=len(ids)))
            else:
                kept = ids[:end] if ids[end] in stop_set else ids[: end + 1]
                written.append(Written(kept, ended=True, tokens=end + 1))
        return written


def prompt_mask(seen: Any) -> Any:
    """Return a (rows, 1, width, width) mask: causal, over the columns of ``seen`` (rows, width).

    A padding column sees itself: a row of a softmax with nothing in it is not a number.
    """
    import torch

    width = seen.shape[1]
    causal = torch.ones(width, width, dtype=torch.bool, device=seen.device).tril()
    own = torch.eye(width, dtype=torch.bool, device=seen.device)
    return (causal & seen[:, None, :] | own)[:, None]
