"""Does the engine serve the weights it was given? A short text's log-probabilities tell.

An engine that holds stale weights, leaves an adapter out or scales it otherwise still writes
fluent texts; a run on them is worth nothing and looks fine.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from siked.errors import BackendError


def check(engine: Sequence[float], reference: Sequence[float], tolerance: float, what: str) -> float:
    """Return the mean difference of two lists of log-probabilities (nats) of the same tokens.

    Raises :class:`BackendError` where it is above ``tolerance`` or not a number; ``what`` names the
    weights in the message.
    """
    differences = [abs(one - other) for one, other in zip(engine, reference, strict=True)]
    mean = sum(differences) / len(differences)
    if not mean <= tolerance:
        raise BackendError(
            f"vLLM does not serve {what} as transformers does: the log-probabilities of {len(differences)} "
            f"tokens differ by {mean:.2g} nats on average, and {tolerance:g} are allowed. If the engine "
            "is coarse on purpose, as with quantisation, set backend.tolerance or backend.canary=false."
        )
    return mean


def afford(parameters: int, folder: Path) -> None:
    """Raise :class:`BackendError` where :func:`reference` would not find the main memory it needs."""
    import psutil

    need, free = 4 * parameters, psutil.virtual_memory().available
    if need > free:
        raise BackendError(
            f"to compare vLLM with transformers, {folder} would take {need / 2**30:.1f} GiB of main memory, "
            f"and {free / 2**30:.1f} GiB are free; backend.canary=false goes on without."
        )


def reference(folder: Path, adapter: Path | None, ids: Sequence[int], start: int) -> list[float]:
    """Return the log-probabilities (nats) of ``ids[start:]``, each after all before it, by
    transformers on the CPU in float32, the adapter merged.

    The model is loaded for this alone: four bytes of main memory a parameter, for seconds.
    """
    import torch

    from siked.models.loading import Student

    student = Student(folder, torch.float32, "cpu", merge=True)
    student.apply(adapter)
    row = torch.tensor([list(ids)])
    with torch.inference_mode():
        scores = student.model(input_ids=row, use_cache=False).logits[0].log_softmax(dim=-1)
    return [float(scores[place - 1, ids[place]]) for place in range(start, len(ids))]
