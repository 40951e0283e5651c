"""The plugin as the orchestrator sees it."""

from siked.hookspecs import Register, hookimpl


@hookimpl
def siked_register_clusters(register: Register) -> None:
    """Offer the cluster ``ray``."""
    register("ray", "siked_ray.cluster:Ray")
