"""N engines over one list of requests. Lives in a worker of siked's, which is Ray's driver."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from siked.errors import BackendError, UsageError
from siked.records import Item, Model, ModelInfo, Request
from siked.workers.dispatch import Dispatcher, WorkerDied
from siked.workers.replicas import Unit, check_same, rest, units
from siked_ray import session
from siked_ray.actors import EngineHost, Made, Opened, Place, Pool, packed
from siked_ray.options import Options as RayOptions


class Engines:
    """A backend that hands requests to actors, each with the backend ``target``."""

    name: ClassVar[str] = "ray"

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Options:
        """Which backend, how many of it, and the options of the cluster."""

        target: str
        options: dict[str, Any]
        workers: int = 1
        cluster: dict[str, Any] = field(default_factory=dict)

    def __init__(self, options: Options) -> None:
        self.options = options
        self._cluster = RayOptions(**options.cluster)
        self._pool = Pool(self._cluster, f"a worker of {wants(self._cluster)}")
        self._dispatcher: Dispatcher[Unit, Item] | None = None
        self._model: Model | None = None
        self._weights: list[Any] = []
        self._info: ModelInfo | None = None

    def open(self, model: Model) -> ModelInfo:
        """Make the first actor open ``model``; the others do as nodes take them.

        Raises :class:`UsageError` where nodes differ in versions, and :class:`BackendError` where no node
        takes an actor.
        """
        if self._dispatcher is None:
            session.connect(self._cluster)
            session.check_nodes()
            self._places()
        weights = self._sent(model)
        with contextlib.ExitStack() as locks:
            # A place may still be opening the model before this one, and must not be heard after.
            for place in self._pool.places:
                locks.enter_context(place.lock)
            self._model, self._weights, self._info = model, weights, None
            for place in self._pool.places:
                place.reopen()
        self._first()
        if self._info is None:
            raise BackendError("no worker has opened the model")
        return self._info

    def generate(self, requests: Sequence[Request]) -> Iterator[Item]:
        """Yield what the engines yield."""
        return self.dispatch([requests])

    def dispatch(self, lists: Sequence[Sequence[Request]]) -> Iterator[Item]:
        """Yield the same for several lists, each with batches of its own."""
        made = units(lists, lambda requests: self._asked("batches", list(requests)), self.options.workers)
        assert self._dispatcher is not None
        yield from self._dispatcher.run(made, rest)

    def score(
        self, requests: Sequence[Request], continuations: Sequence[Sequence[str]]
    ) -> Iterator[list[float]]:
        """Yield the scores of one of the engines: their batches are the whole list's."""
        yield from self._asked("score", list(requests), [list(texts) for texts in continuations])

    def check_tags(self, tags: Sequence[str]) -> None:
        """Let one of the engines check tags."""
        self._asked("check_tags", list(tags))

    def _asked(self, method: str, *arguments: Any) -> Any:
        """Return what one of the engines answers; where it dies meanwhile, what another does."""
        while True:
            first = self._first()
            try:
                return first.ask(method, *arguments)
            except WorkerDied as death:
                first.lost(death)

    def _places(self) -> None:
        for number in range(self.options.workers):
            place = _Engine(f"engine {number}", self._made, self._opened, self._pool)
            place.tell = self._told
            self._pool.places.append(place)
        self._dispatcher = Dispatcher(self._pool.places)  # type: ignore[arg-type]

    def _first(self) -> Place:
        """Return an actor that is up; where none is, the first that comes up."""
        if self._model is None:
            raise BackendError("the cluster was asked to generate before a model was opened")
        left = self._pool.places
        while left:
            for place in left:
                # A look at each in turn: which one has room changes with the nodes that come and go.
                if place.up or place.ready(lambda: True):
                    return place
            left = [place for place in left if not place.given_up]
        raise BackendError(f"none of {self.options.workers} workers stays alive; see the cluster's logs")

    def _made(self) -> Made:
        import ray

        group = _group(self._cluster) if self._cluster.bundles else None
        host = ray.remote(EngineHost).options(**actor_options(self._cluster, group))
        actor = host.remote(self.options.target, self.options.options)
        return Made(actor, lambda: _give_back(group))

    def _opened(self, actor: Any) -> Any:
        return actor.open.remote(self._model, self._weights)

    def _told(self, info: ModelInfo, who: str) -> None:
        """Hear what an actor has opened; all have to have the same."""
        if self._info is None:
            self._info = info
        check_same(self._info, info, who)

    def _sent(self, model: Model) -> list[Any]:
        """Put the files of a student where all nodes can take them from."""
        import ray

        if model.weights is None or not Path(model.weights).is_dir():
            return []
        files = packed(Path(model.weights), self._cluster.weights_mib * 2**20)
        return [] if files is None else [ray.put(files)]


class _Engine(Place):
    tell: Callable[[ModelInfo, str], None]

    def opened(self, found: Opened) -> None:
        """Compare what it holds with what the others hold."""
        Place.opened(self, found)
        assert found.info is not None
        self.tell(found.info, self.name)

    def serve(self, unit: Unit) -> Iterator[Item]:
        """Yield the items of a unit."""
        for items in self.stream("generate", list(unit.requests)):
            yield from items


def actor_options(options: RayOptions, group: Any) -> Mapping[str, Any]:
    """Return what an actor asks Ray for. Ray starts none again: its place does, and opens the model."""
    found: dict[str, Any] = {"num_cpus": options.cpus, "num_gpus": options.gpus, "max_restarts": 0}
    if options.memory_gib:
        found["memory"] = int(options.memory_gib * 2**30)
    if options.resources:
        found["resources"] = options.resources
    if group is not None:
        from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

        found["scheduling_strategy"] = PlacementGroupSchedulingStrategy(
            group, placement_group_bundle_index=0, placement_group_capture_child_tasks=True
        )
    elif not options.gpus:
        found["scheduling_strategy"] = "SPREAD"
    return found


def _group(options: RayOptions) -> Any:
    """Make the placement group of one worker; what the engine starts by itself goes into it, too."""
    from ray.util.placement_group import placement_group

    first = options.bundles[0]
    if first.get("CPU", 0) < options.cpus or first.get("GPU", 0) < options.gpus:
        raise UsageError(
            f"cluster.bundles: the first one has {first}, and the worker in it takes {options.cpus:g} CPU "
            f"and {options.gpus:g} GPU"
        )
    return placement_group(options.bundles, strategy=options.strategy)


def _give_back(group: Any) -> None:
    from ray.util.placement_group import remove_placement_group

    if group is not None:
        remove_placement_group(group)


def wants(options: RayOptions) -> str:
    """Return what a worker takes, for a message."""
    asked = {"CPU": options.cpus, "GPU": options.gpus, **options.resources}
    return ", ".join(f"{value:g} {name}" for name, value in asked.items() if value) or "nothing"
