"""What turns a student and a mixture into the next student."""

from __future__ import annotations

from siked.hookspecs import Register, hookimpl


@hookimpl
def siked_register_trainers(register: Register) -> None:
    """Offer the built-in trainers."""
    register("trl", "siked.builtin.trainers.sft:Sft")
