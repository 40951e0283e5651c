"""What generates text: Hugging Face models here, and rationales one already has."""

from __future__ import annotations

from siked.hookspecs import Register, hookimpl


@hookimpl
def siked_register_backends(register: Register) -> None:
    """Offer the built-in backends."""
    register("transformers", "siked.builtin.backends.transformers:Transformers")
    register("replay", "siked.builtin.backends.replay:Replay")
