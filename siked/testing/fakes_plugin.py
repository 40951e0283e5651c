"""The fakes as a plugin: backend ``scripted``, trainer ``instant``, data set ``additions``."""

from __future__ import annotations

from siked.hookspecs import Register, hookimpl


@hookimpl
def siked_register_backends(register: Register) -> None:
    """Offer the backend."""
    register("scripted", "siked.testing.fakes:ScriptedBackend")


@hookimpl
def siked_register_trainers(register: Register) -> None:
    """Offer the trainer."""
    register("instant", "siked.testing.fakes:InstantTrainer")


@hookimpl
def siked_register_datasets(register: Register) -> None:
    """Offer the data set."""
    register("additions", "siked.testing.additions:Additions")
