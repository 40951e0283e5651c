"""Programs run and verdicts given on every node. Lives in a worker of siked's, which is Ray's driver."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from siked.records import Judged, JudgeItem
from siked.workers.dispatch import Dispatcher
from siked_ray import session
from siked_ray.actors import JudgeHost, Made, Place, Pool
from siked_ray.options import Options as RayOptions

TOGETHER = 128
"""Texts that go to a node together, and as many more as their last problem has answers."""


class Part(NamedTuple):
    """Texts that one node judges; ``start`` is the place of the first."""

    start: int
    items: Sequence[JudgeItem]


class Judges:
    """Hands texts to actors, each with a verifier and a sandbox."""

    name: ClassVar[str] = "ray"

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Options:
        """Which verifier and sandbox, and the options of the cluster."""

        verifier: dict[str, Any]
        sandbox: dict[str, Any]
        cluster: dict[str, Any]

    def __init__(self, options: Options) -> None:
        self.options = options
        self._cluster = RayOptions(**options.cluster)
        self._pool = Pool(self._cluster, f"a judge of {self._cluster.judge_cpus:g} CPU")
        self._dispatcher: Dispatcher[Part, tuple[int, list[Judged]]] = Dispatcher([])

    def judge(self, items: Sequence[JudgeItem]) -> list[Judged]:
        """Return one verdict an item, in order."""
        session.connect(self._cluster)
        self._grow()
        found: list[Judged | None] = [None] * len(items)
        for start, judged in self._dispatcher.run(parts(items), _rest):
            found[start : start + len(judged)] = judged
        return [one for one in found if one is not None]

    def _grow(self) -> None:
        """Have a judge for every node that has come."""
        cluster = self._cluster
        for number in range(len(self._pool.places), cluster.judges or session.room(cluster.judge_cpus)):
            place = _Judge(f"judge {number}", self._made, lambda actor: actor.open.remote(), self._pool)
            self._pool.places.append(place)
            self._dispatcher.add(place)

    def _made(self) -> Made:
        import ray

        actor = (
            ray.remote(JudgeHost)
            .options(num_cpus=self._cluster.judge_cpus, max_restarts=0, scheduling_strategy="SPREAD")
            .remote(self.options.verifier, self.options.sandbox)
        )
        return Made(actor, lambda: None)


class _Judge(Place):
    def serve(self, part: Part) -> Iterator[tuple[int, list[Judged]]]:
        """Yield the verdicts on a part."""
        yield part.start, self.ask("judge", list(part.items))


def parts(items: Sequence[JudgeItem]) -> list[Part]:
    """Cut texts into parts, those to one problem together. Texts to one problem stand side by side, or
    else all of them are one part."""
    starts = [n for n in range(len(items)) if n == 0 or items[n].group != items[n - 1].group]
    if len(starts) > len({item.group for item in items}):
        return [Part(0, items)]
    if not items:
        return []
    cuts = [0]
    for start in starts:
        if start - cuts[-1] >= TOGETHER:
            cuts.append(start)
    return [Part(start, items[start:end]) for start, end in zip(cuts, [*cuts[1:], len(items)], strict=True)]


def _rest(part: Part, got: Sequence[tuple[int, list[Judged]]]) -> Part | None:
    return None if got else part
