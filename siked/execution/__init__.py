"""Running programs nobody trusts.

Three sandboxes behind one contract (:class:`siked.contracts.Sandbox`): ``monty`` interprets a
subset of Python in pooled workers, ``confined`` runs real CPython under every lock the kernel
offers, ``auto`` chooses one for each program before it runs.
"""

from __future__ import annotations

from siked.hookspecs import Register, hookimpl


@hookimpl
def siked_register_sandboxes(register: Register) -> None:
    register("auto", "siked.execution.auto:Auto")
    register("monty", "siked.execution.monty:MontySandbox")
    register("confined", "siked.execution.confined:Confined")
