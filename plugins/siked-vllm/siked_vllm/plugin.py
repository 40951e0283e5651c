"""The plugin as the orchestrator sees it. The worker imports :mod:`siked_vllm.backend` alone, so that
its interpreter needs no plugin manager."""

from siked.hookspecs import Register, hookimpl


@hookimpl
def siked_register_backends(register: Register) -> None:
    """Offer the backend ``vllm``."""
    register("vllm", "siked_vllm.backend:Vllm")
