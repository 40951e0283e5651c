"""What lives on the nodes, and the place of each in a dispatcher."""

from __future__ import annotations

import hashlib
import importlib
import logging
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from siked.errors import BackendError
from siked.judging import judge
from siked.records import Item, Judged, JudgeItem, Model, ModelInfo, Request
from siked.workers import WorkerDied
from siked_ray import session
from siked_ray.options import Options

TOGETHER = 64
"""Items that cross the cluster as one object, unless a call or the end of a unit comes before."""
SECONDS = 0.5
"""How long the first of them waits at most."""
_UNPAID = 4
"""Objects of one worker that may wait for the driver."""
_POLL = 0.5
_TELL = 60.0
DEATHS = 4
"""How often in a row a worker may die, without a unit done in between, before its place is given up."""

_log = logging.getLogger("siked.ray")


class Opened(NamedTuple):
    """What an actor says when it is ready: where it is, what is installed there, and what it has opened."""

    node: str
    versions: Mapping[str, str]
    info: ModelInfo | None


class EngineHost:
    """An actor with a backend."""

    def __init__(self, target: str, options: Mapping[str, Any]) -> None:
        self.component = made(target, options)

    def open(self, model: Model, weights: Sequence[Any]) -> Opened:
        """Open a model. ``weights`` has a reference to its files, for a node that does not see them."""
        if model.weights is not None and not Path(model.weights).is_dir():
            if not weights:
                raise BackendError(
                    f"{model.weights} is not on this node and too large to be sent; keep runs on a file "
                    "system that all nodes see, or raise cluster.weights_mib"
                )
            model = replace(model, weights=str(unpacked(_get(weights[0]))))
        return Opened(session.here(), session.versions(), self.component.open(model))

    def batches(self, requests: Sequence[Request]) -> Sequence[Sequence[int]] | None:
        """Return the backend's batches, None where it names none."""
        says = getattr(self.component, "batches", None)
        return None if says is None else says(requests)

    def generate(self, requests: Sequence[Request]) -> Iterator[list[Item]]:
        """Yield what the backend yields, some items at a time."""
        held: list[Item] = []
        since = time.monotonic()
        for item in self.component.generate(requests):
            held.append(item)
            if len(held) >= TOGETHER or time.monotonic() - since > SECONDS:
                yield held
                held, since = [], time.monotonic()
        if held:
            yield held

    def score(self, requests: Sequence[Request], continuations: Sequence[Sequence[str]]) -> list[list[float]]:
        """Return the backend's scores."""
        return list(self.component.score(requests, continuations))

    def check_tags(self, tags: Sequence[str]) -> None:
        """Let the backend check tags, where it does."""
        check = getattr(self.component, "check_tags", None)
        if check is not None:
            check(tags)


class JudgeHost:
    """An actor with a verifier and a sandbox."""

    def __init__(self, verifier: Mapping[str, Any], sandbox: Mapping[str, Any]) -> None:
        self.verifier = made(verifier["target"], verifier["options"])
        self.sandbox = made(sandbox["target"], sandbox["options"])

    def open(self) -> Opened:
        """Say that it is there."""
        return Opened(session.here(), session.versions(), None)

    def judge(self, items: Sequence[JudgeItem]) -> list[Judged]:
        """Return one verdict an item, in order."""
        return judge(items, self.verifier, self.sandbox.run)


def made(target: str, options: Mapping[str, Any]) -> Any:
    """Import ``module:Class`` and make one."""
    module, _, name = target.partition(":")
    cls = getattr(importlib.import_module(module), name)
    return cls(cls.Options(**options))


def packed(folder: Path, most: int) -> dict[str, bytes] | None:
    """Return the files of a folder, None where they have more than ``most`` bytes together."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    if sum(path.stat().st_size for path in files) > most:
        return None
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def unpacked(files: Mapping[str, bytes]) -> Path:
    """Write files into a folder that is named by their content, unless it is there."""
    sha = hashlib.sha256()
    for name, content in sorted(files.items()):
        sha.update(name.encode() + b"\0" + hashlib.sha256(content).digest())
    folder = Path(tempfile.gettempdir()) / f"siked-weights-{sha.hexdigest()[:24]}"
    if not folder.is_dir():
        fresh = Path(tempfile.mkdtemp(prefix="siked-weights-"))
        for name, content in files.items():
            (fresh / name).parent.mkdir(parents=True, exist_ok=True)
            (fresh / name).write_bytes(content)
        try:
            fresh.rename(folder)
        except OSError:  # another worker was first
            return folder if folder.is_dir() else fresh
    return folder


def _get(reference: Any) -> Any:
    import ray

    return ray.get(reference)


class Made(NamedTuple):
    """An actor, and what gives back what was kept free for it."""

    actor: Any
    release: Callable[[], None]


def _nothing() -> None:
    pass


class Place:
    """One actor of a pool, made again when it dies. Raises :class:`WorkerDied` for every way in which Ray
    says that it is gone; what the component raises is the caller's."""

    def __init__(self, name: str, make: Callable[[], Made], open_: Callable[[Any], Any], of: Pool) -> None:
        self.name = name
        self.actor: Any = None
        self._release: Callable[[], None] = _nothing
        self.up = False
        self.lock = threading.RLock()
        self._make = make
        self._open = open_
        self._opening: Any = None
        self._of = of
        self._deaths = 0

    def ready(self, over: Callable[[], bool]) -> bool:
        """Return whether a node has taken the actor and what it opens is open; stop waiting when ``over()``
        is true. Asked again it goes on waiting for the same."""
        with self.lock:
            while not self.up:
                try:
                    if self.actor is None:
                        self.actor, self._release = self._make()
                    if self._opening is None:
                        self._opening = self._open(self.actor)
                    found = self._of.waited(self._opening, over)
                    if not found:
                        return False
                    self.opened(found[0])
                    self.up = True
                except WorkerDied as death:
                    if not self.lost(death):
                        return False
            return True

    @property
    def given_up(self) -> bool:
        """Whether it has died too often to be tried again."""
        return self._deaths >= DEATHS

    def reopen(self) -> None:
        """Open anew before the next use."""
        with self.lock:
            self.up, self._opening = False, None

    def opened(self, found: Opened) -> None:
        """Hear what opening has returned; its node has to have what the others have."""
        self._of.same(found)

    def stream(self, method: str, *arguments: Any) -> Iterator[Any]:
        """Yield what a generator method yields."""
        import ray

        call = getattr(self.actor, method).options(
            num_returns="streaming", _generator_backpressure_num_objects=_UNPAID
        )
        try:
            for reference in call.remote(*arguments):
                yield ray.get(reference)
        except ray.exceptions.RayTaskError as error:
            raise raised(error) from error
        except ray.exceptions.RayError as error:
            raise died(self.name, error) from None
        self._deaths = 0

    def ask(self, method: str, *arguments: Any) -> Any:
        """Return what a method returns."""
        found = self._of.waited(getattr(self.actor, method).remote(*arguments))
        self._deaths = 0
        return found[0]

    def lost(self, death: WorkerDied) -> bool:
        """Let go of a dead actor; False where its place is given up."""
        self.end()
        self._deaths += 1
        _log.warning("%s; its work goes to the others", death)
        return self._deaths < DEATHS

    def end(self) -> None:
        """End the actor and give back what was kept free for it."""
        import ray

        actor, self.actor = self.actor, None
        self.up, self._opening = False, None
        if actor is not None:
            ray.kill(actor)
        self._release()
        self._release = _nothing


class Pool:
    """What the places of a pool know together: when one of them was last there."""

    def __init__(self, options: Options, wants: str) -> None:
        self.options = options
        self.wants = wants
        self.places: list[Place] = []
        self.seen = time.monotonic()
        self._told = 0.0
        self._first: Opened | None = None

    def same(self, found: Opened) -> None:
        """Raise :class:`UsageError` where a node, which may have joined later, differs from the first one."""
        first = self._first = self._first or found
        session.compare([(one.node, one.versions) for one in (first, found)])

    def waited(self, reference: Any, over: Callable[[], bool] = lambda: False) -> tuple[Any, ...]:
        """Return (result,) when it is there; nothing when ``over()`` is true before.

        Raises :class:`BackendError` where no place of the pool has an actor for too long.
        """
        import ray

        try:
            while not ray.wait([reference], timeout=_POLL)[0]:
                if over():
                    return ()
                self._patience()
            return (ray.get(reference),)
        except ray.exceptions.RayTaskError as error:
            raise raised(error) from error
        except ray.exceptions.RayError as error:
            raise died(self.wants, error) from None

    def _patience(self) -> None:
        if any(place.up for place in self.places):
            self.seen = time.monotonic()
            return
        waited = time.monotonic() - self.seen
        said = f"no node has taken {self.wants} for {waited:.0f} s; the cluster has {session.resources()}"
        if waited > self.options.wait:
            raise BackendError(f"{said}; 'siked resume' goes on when there is room")
        if waited > _TELL and time.monotonic() - self._told > _TELL:
            self._told = time.monotonic()
            _log.warning("%s", said)


def raised(error: Exception) -> Exception:
    """Return what the component raised on its node; Ray's own error has a traceback for a message."""
    cause = getattr(error, "cause", None)
    return cause if isinstance(cause, Exception) else error


def died(what: str, error: Exception) -> WorkerDied:
    """Return the death of an actor in one line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return WorkerDied(f"{what} is gone ({type(error).__name__}: {(lines or [''])[0][:160]})")
