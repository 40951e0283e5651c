"""Child processes that own a model: the orchestrator talks to them over a private pair of pipes."""

from siked.workers.dispatch import WorkerDied
from siked.workers.host import Spec, Watched, Worker
from siked.workers.pool import WorkerPool

__all__ = ["Spec", "Watched", "Worker", "WorkerDied", "WorkerPool"]
