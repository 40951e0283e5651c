"""Models by name: where they lie, what they are, how they are loaded.

Importing it imports no torch.
"""

from siked.models.locate import (
    Resolved,
    cache_folder,
    fingerprint,
    is_adapter,
    look_up,
    resolve,
    smollm2_folder,
)
from siked.models.weights import weights_hash

__all__ = [
    "Resolved",
    "cache_folder",
    "fingerprint",
    "is_adapter",
    "look_up",
    "resolve",
    "smollm2_folder",
    "weights_hash",
]
