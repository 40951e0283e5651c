"""Telling texts while they are written, token by token."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from siked.builtin.backends.batching import Batch
from siked.contracts import Told

_HALF = "\ufffd"
"""What a tokenizer makes of a letter whose last bytes are still to come."""


@dataclass(frozen=True, slots=True)
class Watch:
    """What is wanted of the texts of one generation; see :meth:`siked.contracts.StreamingBackend.watch`."""

    streamed: Collection[str]
    told: Told
    dropped: Collection[str]


@dataclass(slots=True)
class _Text:
    """A text on its way: ids before ``start`` are not looked at again, those before ``read`` are in it."""

    key: str
    ids: list[int] = field(default_factory=list)
    start: int = 0
    read: int = 0
    text: str = ""
    told: int = 0


class Follower:
    """Follows one batch; called with the tokens of each step."""

    def __init__(self, watch: Watch, batch: Batch, tokenizer: Any) -> None:
        self._watch = watch
        self._keys = [row.request.key for row in batch.rows]
        self._tokenizer = tokenizer
        self._stop = batch.sampling.stop
        self._texts = {
            place: _Text(row.request.key)
            for place, row in enumerate(batch.rows)
            if row.request.key in watch.streamed and not row.request.done
        }

    def __call__(self, new: Sequence[tuple[int, int]]) -> Iterator[int]:
        """Tell what is new; yield the places of rows that nobody waits for."""
        for place, token in new:
            if self._watch.dropped and self._keys[place] in self._watch.dropped:
                yield place
            elif place in self._texts:
                self._add(self._texts[place], token)

    def _add(self, text: _Text, token: int) -> None:
        text.ids.append(token)
        before = self._decoded(text.ids[text.start : text.read])
        after = self._decoded(text.ids[text.start :])
        if len(after) <= len(before) or after.endswith(_HALF):
            return
        text.text += after[len(before) :]
        text.start, text.read = text.read, len(text.ids)
        ready = self._ready(text.text)
        if ready > text.told:
            self._watch.told(text.key, text.told, text.text[text.told : ready])
            text.told = ready

    def _decoded(self, ids: Sequence[int]) -> str:
        decoded: str = self._tokenizer.decode(
            ids, skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        return decoded

    def _ready(self, text: str) -> int:
        """Return how many characters no stop text can take away any more."""
        found = [at for at in (text.find(stop) for stop in self._stop) if at >= 0]
        if found:
            return min(found)
        return max(0, len(text) - max((len(stop) - 1 for stop in self._stop), default=0))
