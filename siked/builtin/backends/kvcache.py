"""A key-value cache that grows in blocks and can drop, repeat and reorder rows."""

from __future__ import annotations

from typing import Any

_BLOCK = 128


def make_cache(config: Any) -> tuple[Any, bool]:
    """Return (an empty cache for a model of this config, whether every layer sees all positions).

    transformers' own dynamic layer copies all keys and values at every token; full-attention layers
    get room to write in place instead. Other layers (sliding windows, linear attention) stay as
    transformers makes them.
    """
    from transformers.cache_utils import DynamicCache, DynamicLayer

    cache = DynamicCache(config=config)
    grown = _growing_layer()
    if not cache.layers:
        return cache, False
    plain = [type(layer) is DynamicLayer for layer in cache.layers]
    cache.layers = [
        grown() if is_plain else layer for layer, is_plain in zip(cache.layers, plain, strict=True)
    ]
    return cache, all(plain)


def _growing_layer() -> Any:
    from transformers.cache_utils import DynamicLayer

    class GrowingLayer(DynamicLayer):  # type: ignore[misc]
        """Keys and values of one layer, written in place into buffers with room to spare."""

        def lazy_initialization(self, key_states: Any, value_states: Any) -> None:
            self.dtype, self.device = key_states.dtype, key_states.device
            self._buffers: list[Any] = []
            self._used = 0
            self.is_initialized = True

        def update(self, key_states: Any, value_states: Any, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
            if not self.is_initialized:
                self.lazy_initialization(key_states, value_states)
            stop = self._used + key_states.shape[-2]
            if not self._buffers or stop > self._buffers[0].shape[-2]:
                self._grow(stop, key_states, value_states)
            for buffer, states in zip(self._buffers, (key_states, value_states), strict=True):
                buffer[:, :, self._used : stop] = states
            self._used = stop
            self.keys = self._buffers[0][:, :, :stop]
            self.values = self._buffers[1][:, :, :stop]
            return self.keys, self.values

        def _grow(self, wanted: int, *states: Any) -> None:
            room = -(-wanted // _BLOCK) * _BLOCK
            new = [s.new_empty((*s.shape[:2], room, s.shape[-1])) for s in states]
            for buffer, old in zip(new, self._buffers, strict=False):
                buffer[:, :, : self._used] = old[:, :, : self._used]
            self._buffers = new

        def get_seq_length(self) -> int:
            return self._used if self.is_initialized else 0

        def reorder_cache(self, beam_idx: Any) -> None:
            """Take the given rows, in order; a row may be taken more than once or not at all."""
            if not self._used:
                return
            rows = beam_idx.to(self.device)
            room = self._buffers[0].shape[-2]
            taken = []
            for buffer in self._buffers:
                new = buffer.new_empty((len(rows), buffer.shape[1], room, buffer.shape[-1]))
                new[:, :, : self._used] = buffer[:, :, : self._used].index_select(0, rows)
                taken.append(new)
            self._buffers = taken
            self.keys = self._buffers[0][:, :, : self._used]
            self.values = self._buffers[1][:, :, : self._used]

    return GrowingLayer
