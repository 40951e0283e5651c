"""Child processes that own a model: the orchestrator talks to them over a private pair of pipes."""

from siked.workers.host import Pool, Spec, Worker

__all__ = ["Pool", "Spec", "Worker"]
