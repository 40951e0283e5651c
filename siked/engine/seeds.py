"""Seeds and request keys: everything that decides a text, and nothing that does not."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import Any

from siked.records import Message, ModelInfo, Sampling


def derive(*parts: object) -> int:
    """Return 63 bits that depend on all parts and their order."""
    text = json.dumps([str(part) for part in parts])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def request_key(
    backend: str,
    info: ModelInfo,
    messages: tuple[Message, ...],
    prefix: str,
    sampling: Sampling,
    seed: int,
) -> str:
    """Return the SHA-256 of the canonical form of a request.

    The hash over tokenizer, template and prompt format in ``info`` stands for the rendered text.
    The seed of a greedy request changes nothing, so it is left out.
    """
    values: dict[str, Any] = {
        "backend": backend,
        "model": info.fingerprint,
        "template": info.template,
        "messages": [[m.role, m.content] for m in messages],
        "prefix": prefix,
        "sampling": dataclasses.asdict(sampling),
        "seed": seed if sampling.temperature > 0 else None,
    }
    text = json.dumps(values, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
