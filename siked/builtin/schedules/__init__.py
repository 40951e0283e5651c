"""Mixing schedules:
``adaptive`` (the default), ``routed``, ``all``, ``self``, ``fixed``, ``annealed`` and ``kl``."""

from __future__ import annotations

from siked.hookspecs import Register, hookimpl


@hookimpl
def siked_register_schedules(register: Register) -> None:
    register("adaptive", "siked.builtin.schedules.adaptive:Adaptive")
    register("routed", "siked.builtin.schedules.routed:Routed")
    register("all", "siked.builtin.schedules.plain:All")
    register("self", "siked.builtin.schedules.plain:SelfOnly")
    register("fixed", "siked.builtin.schedules.fixed:Fixed")
    register("annealed", "siked.builtin.schedules.fixed:Annealed")
    register("kl", "siked.builtin.schedules.kl:KlTarget")
