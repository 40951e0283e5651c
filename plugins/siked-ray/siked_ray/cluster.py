"""Cluster ``ray``: what the orchestrator asks. Ray itself runs in workers, so that a cluster that goes
away takes no run with it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, ClassVar

from siked.records import Placed
from siked_ray.options import Options as RayOptions


class Ray:
    """Places engines and judges as actors on the nodes of a Ray cluster."""

    name: ClassVar[str] = "ray"
    Options: ClassVar[type[RayOptions]] = RayOptions

    def __init__(self, options: RayOptions) -> None:
        self.options = options

    def backend(self, placed: Placed, replicas: int) -> Placed:
        """Return the backend that hands requests to ``replicas`` actors with ``placed``."""
        return Placed("siked_ray.engines:Engines", {**_plain(placed), **self._cluster(), "workers": replicas})

    def judge(self, verifier: Placed, sandbox: Placed) -> Placed:
        """Return the judge that hands texts to actors with a verifier and a sandbox each."""
        values = {"verifier": _plain(verifier), "sandbox": _plain(sandbox), **self._cluster()}
        return Placed("siked_ray.judges:Judges", values)

    def inspect(self, probe: str) -> Sequence[tuple[str, str]]:
        """Call ``probe`` on every node."""
        from siked_ray import session

        with session.connected(self.options):
            return session.everywhere(probe)

    def _cluster(self) -> dict[str, Any]:
        return {"cluster": dataclasses.asdict(self.options)}


def _plain(placed: Placed) -> dict[str, Any]:
    return {"target": placed.target, "options": dict(placed.options)}
