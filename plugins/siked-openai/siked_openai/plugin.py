"""The plugin as the orchestrator sees it; the worker imports :mod:`siked_openai.backend` alone."""

from siked.hookspecs import Register, hookimpl


@hookimpl
def siked_register_backends(register: Register) -> None:
    """Offer the backend ``openai``."""
    register("openai", "siked_openai.backend:OpenAI")
