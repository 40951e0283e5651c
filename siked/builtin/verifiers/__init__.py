"""Verifiers: ``numeric`` (the default), ``symbolic``, ``choice``, ``exact`` and ``agreement``."""

from __future__ import annotations

from siked.hookspecs import Register, hookimpl


@hookimpl
def siked_register_verifiers(register: Register) -> None:
    register("numeric", "siked.builtin.verifiers.numeric:Numeric")
    register("symbolic", "siked.builtin.verifiers.symbolic:Symbolic")
    register("choice", "siked.builtin.verifiers.choice:Choice")
    register("exact", "siked.builtin.verifiers.exact:Exact")
    register("agreement", "siked.builtin.verifiers.agreement:Agreement")
