"""Stopping rules: ``fixed`` (the default), ``decline`` and ``marginal``."""

from __future__ import annotations

from siked.hookspecs import Register, hookimpl


@hookimpl
def siked_register_stoppings(register: Register) -> None:
    register("fixed", "siked.builtin.stoppings.rules:Fixed")
    register("decline", "siked.builtin.stoppings.rules:Decline")
    register("marginal", "siked.builtin.stoppings.rules:Marginal")
