"""Picking a token from logits, each row by its own seed.

``torch`` has one random generator for a whole batch, so a row's text would depend on the rows
beside it. Here a token is picked by inverse CDF with ``u = hash(request seed, position)``: the same
seed and the same logits give the same token in whatever company.
"""

from __future__ import annotations

from typing import Any

from siked.records import Sampling

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_FIRST_CANDIDATES = 64


def uniforms(seeds: list[int], length: int) -> Any:
    """Return u in [0, 1) as a float64 array of shape (seeds, length): row i, column j is a hash of
    (seed i, position j), by the finaliser of SplitMix64 over each (Steele et al., 2014)."""
    import numpy as np

    with np.errstate(over="ignore"):
        seed = _mix(np.array([value & _MASK for value in seeds], dtype=np.uint64))
        position = (np.arange(length, dtype=np.uint64) + np.uint64(1)) * np.uint64(_GOLDEN)
        bits = _mix(seed[:, None] + position[None, :])
    return (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _mix(values: Any) -> Any:
    import numpy as np

    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def pick(logits: Any, sampling: Sampling, u: Any) -> Any:
    """Return one token id a row: ``logits`` is (rows, vocabulary), ``u`` (rows,) in [0, 1).

    Temperature first, then the nucleus: the fewest most probable tokens whose probabilities reach
    ``top_p`` (Holtzman et al., 2020). Temperature 0 is the arg max.
    """
    if sampling.temperature <= 0:
        return logits.argmax(dim=-1)
    scaled = logits.float() / sampling.temperature
    if sampling.top_p >= 1:
        probabilities = scaled.double().softmax(dim=-1)
        chosen = (probabilities.cumsum(dim=-1) <= u[:, None]).sum(dim=-1)
        return chosen.clamp(max=logits.shape[-1] - 1)
    return _nucleus(scaled, sampling.top_p, u)


def _nucleus(scaled: Any, top_p: float, u: Any) -> Any:
    """Sorting a whole vocabulary for each token would cost more than the model; a nucleus is nearly
    always found among the first few dozen candidates, and the count grows until it is."""
    total = scaled.logsumexp(dim=-1, keepdim=True)
    size = scaled.shape[-1]
    count = min(_FIRST_CANDIDATES, size)
    while True:
        values, ids = scaled.topk(count, dim=-1, sorted=True)
        probabilities = (values - total).double().exp()
        mass = probabilities.cumsum(dim=-1)
        if count == size or bool((mass[:, -1] >= top_p).all()):
            break
        count = min(count * 8, size)
    before = mass - probabilities
    kept = probabilities.masked_fill(before >= top_p, 0.0)
    cumulative = kept.cumsum(dim=-1)
    target = u[:, None] * cumulative[:, -1:]
    last = (before < top_p).sum(dim=-1, keepdim=True) - 1
    chosen = (cumulative <= target).sum(dim=-1, keepdim=True).minimum(last)
    return ids.gather(1, chosen).squeeze(1)
