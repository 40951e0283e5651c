"""Starting and resuming runs; what ``siked.run`` is."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import platform
import re
import shutil
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import yaml

from siked import __version__, events
from siked.config import (
    RunConfig,
    check_components,
    placement,
    with_budget,
    without_placement,
)
from siked.engine.loop import run_loop
from siked.engine.progress import Reporter
from siked.engine.state import State, verifier_key
from siked.engine.upgrade import ROLES, bring_up_to_date
from siked.errors import RunError, RunLocked, SikedError, UsageError
from siked.files import check_tree, open_to_lock, write_atomically
from siked.journal import Journal, Reader
from siked.journal.queries.texts import any_text
from siked.journal.starts import add_start, iso, starts
from siked.plugins import described
from siked.registry import Registry
from siked.runs.amend import amended
from siked.runs.components import changes, components, shadowed
from siked.runs.folder import stored_config as stored_config
from siked.runs.opened import Run as Run
from siked.runs.plugin_files import keep_files, registry_with
from siked.runs.trust import agree, check


def run(
    config: RunConfig | Mapping[str, Any] | None = None,
    out: str | Path | None = None,
    *,
    registry: Registry | None = None,
    reporter: Reporter | None = None,
    new: bool = True,
    plugins: Sequence[str | Path] = (),
    cache: str | Path | None = None,
    sync: str | None = None,
    loop: Callable[[State], None] = run_loop,
) -> Run:
    """Run SIKeD and return the finished run.

    ``config`` is a :class:`siked.config.RunConfig` or plain values for one; without any, the
    bundled default runs. ``out`` is a folder that does not exist yet; by default
    ``runs/<dataset>-<student>-NNN``. With ``new=False``, ``out`` is a folder that
    :func:`new_folder` has just made. ``cache`` is a folder that runs may share: what stands there
    is not generated or trained again. ``sync`` is a URL to which the run is brought after every step; see
    :mod:`siked.runs.archive`. ``plugins`` are plugin files without packaging, where no ``registry`` is
    given. ``loop`` is what is done with the run.

    Raises :class:`UsageError` before anything is spent, :class:`siked.errors.RunError` where the
    run stopped and can be resumed.
    """
    from siked.config import load_config

    if not isinstance(config, RunConfig):
        config = load_config(flags=dict(config or {}))
    registry = registry or registry_with(plugins)
    check_components(config, registry)
    agree(config, registry)
    folder = new_folder(config, out) if new or out is None else Path(out)
    with _locked(folder):
        journal = Journal.create(folder / "run.db")
        values = without_placement(config)
        iterations = values.pop("iterations")
        with journal.saving():
            journal.fact("config", values)
            journal.event("iterations", iterations=iterations)
            journal.event("placement", **placement(config))
        write_config(folder, config)
        try:
            _work(
                folder,
                config,
                registry,
                journal,
                reporter or Reporter(),
                loop,
                resumed=False,
                cache=cache,
                sync=sync,
            )
        except UsageError:
            _forget(folder)
            raise
    return Run(folder)


def resume(
    folder: str | Path,
    *,
    iterations: int | None = None,
    retry_failed: bool = False,
    budget: Mapping[str, Any] | None = None,
    settings: Mapping[str, Any] | None = None,
    registry: Registry | None = None,
    reporter: Reporter | None = None,
    plugins: Sequence[str | Path] = (),
    cache: str | Path | None = None,
    sync: str | None = None,
    loop: Callable[[State], None] = run_loop,
    trust: bool = False,
) -> Run:
    """Go on with a run from what is missing; ``iterations`` raises T, ``budget`` sets the teacher's
    ``max_cost`` and ``max_tokens`` anew. Plugin files that the run has kept are loaded again, unless
    ``plugins`` has others of the same name. ``settings`` are nested values over those of the run, for what it
    has still to do; ``cluster`` and ``replicas``, which decide where workers run and nothing else, can always
    be among them.

    The folder may come from somebody else: interpreters, servers, plugins and files that its settings name
    and that the user of this machine has never named raise :class:`UsageError`, unless ``trust`` is set, and
    so do settings that decide what is in the journal already. Raises :class:`RunLocked` while another
    process works on it.
    """
    folder = Path(folder)
    with _locked(folder):
        journal = Journal.open(folder / "run.db")
        config = stored_config(journal)
        if iterations is not None:
            if iterations < config.iterations:
                raise UsageError(f"{folder}: has {config.iterations} iterations; --iterations can only add")
            config = config.model_copy(update={"iterations": iterations})
        if budget:
            config = with_budget(config, budget)
        registry = registry or registry_with(plugins, folder, trust)
        if settings:
            check(folder, config, registry, trust)
            config = amended(folder, journal, config, settings, registry)
            agree(config, registry)  # what the settings add has just been named
        changes(journal, config, registry)
        check(folder, config, registry, trust)
        check_components(config, registry)
        # What is recorded decides every later call, so only what has passed the check is.
        if iterations is not None:
            journal.event("iterations", iterations=iterations)
        if budget:
            journal.event("budget", **budget)
        if settings:
            journal.event("settings", values=dict(settings))
        write_config(folder, config)
        _work(
            folder, config, registry, journal, reporter or Reporter(), loop, True, retry_failed, cache, sync
        )
    return Run(folder)


def judged_by_others(folder: Path, registry: Registry) -> bool:
    """Whether the verdicts that count in a run are of another version of a verifier, or of other
    options, than what is installed here would give. A verifier that is gone gives none."""
    reader = Reader.at(folder)
    try:
        config = stored_config(reader)
        sections = {"scores": config.verifier, "labels": config.labels or config.verifier}
        for role in ROLES:
            before = reader.verifier(role)
            with contextlib.suppress(UsageError):
                if before is not None and before != verifier_key(registry, sections[role]):
                    return True
        return False
    finally:
        reader.close()


def write_config(folder: Path, config: RunConfig) -> None:
    """Write the configuration for people; nothing reads it back."""
    write_atomically(folder / "config.yaml", yaml.safe_dump(config.dump(), sort_keys=False))


def new_folder(config: RunConfig, out: str | Path | None) -> Path:
    """Make the folder of a new run; one that exists is never touched."""
    if out is not None:
        folder = Path(out)
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            raise UsageError(
                f"{folder} exists already; siked writes over nothing. Go on with: siked resume {folder}"
            ) from None
        except OSError as error:
            raise UsageError(f"{folder}: {error.strerror}") from None
        return folder
    student = re.sub(r"[^\w.-]+", "-", Path(config.student.model).name or "student")
    dataset = config.dataset.name.replace("/", "-")
    for number in range(1, 1_000_000):
        folder = Path("runs") / f"{dataset}-{student}-{number:03d}"
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise UsageError(f"{folder}: {error.strerror}") from None
        return folder
    raise UsageError("runs: full")


def _forget(folder: Path) -> None:
    """Remove a folder that this call has made, where it holds no text yet: nothing was spent."""
    reader = Reader.at(folder)
    spent = any_text(reader)
    reader.close()
    if not spent:
        shutil.rmtree(folder)


def _work(
    folder: Path,
    config: RunConfig,
    registry: Registry,
    journal: Journal,
    reporter: Reporter,
    loop: Callable[[State], None],
    resumed: bool,
    retry_failed: bool = False,
    cache: str | Path | None = None,
    sync: str | None = None,
) -> None:
    with _synced(folder, sync, reporter) as after_step:
        _work_on(folder, config, registry, journal, reporter, loop, resumed, retry_failed, cache, after_step)


@contextlib.contextmanager
def _synced(folder: Path, url: str | None, reporter: Reporter) -> Iterator[Callable[[], None] | None]:
    """Hold the archive of a run while it works, and bring all of it there in the end.

    Storage that is out of reach on the way stops no run: the next step brings what this one did not.
    """
    if url is None:
        yield None
        return
    from siked.runs.archive import Archive

    archive = Archive(url)

    def after_step() -> None:
        try:
            archive.push(folder)
        except RunError as error:
            reporter.note(f"not synced: {error}; the next step tries again")

    with archive.lock.held():
        yield after_step
        try:
            archive.push(folder)
        except RunError as error:
            raise RunError(
                f"{error}; the run is whole in {folder}, then: siked resume {folder} --sync {url}"
            ) from error


def _work_on(
    folder: Path,
    config: RunConfig,
    registry: Registry,
    journal: Journal,
    reporter: Reporter,
    loop: Callable[[State], None],
    resumed: bool,
    retry_failed: bool,
    cache: str | Path | None,
    after_step: Callable[[], None] | None,
) -> None:
    state = State(
        folder=folder,
        config=config,
        registry=registry,
        journal=journal,
        reporter=reporter,
        retry_failed=retry_failed,
        cache=None if cache is None else Path(cache),
        after_step=after_step,
    )
    try:
        count = _record_start(state, resumed)
        started = events.RunStarted(
            **state.named("started", count), run=str(folder), config=config.dump(), resumed=resumed
        )
        state.emit("siked_run_started", started)
        try:
            bring_up_to_date(state)
            loop(state)
        except BaseException as error:
            line = str(error) if isinstance(error, SikedError) else described(error)
            failed = events.RunFailed(**state.named("failed", count), run=str(folder), error=line)
            state.emit("siked_run_failed", failed)
            raise
    finally:
        state.close()
    if state.observer_failures:
        reporter.note(f"{len(state.observer_failures)} failures in plugins that watch; the first: ")
        reporter.note(state.observer_failures[0])


def _record_start(state: State, resumed: bool) -> int:
    """Record what the run starts with, and write all starts for people; nothing reads that file back.

    Return how many starts there are.
    """
    versions = {}
    for name in ("torch", "transformers", "trl", "peft", "pydantic-monty", "sympy"):
        with contextlib.suppress(metadata.PackageNotFoundError):
            versions[name] = metadata.version(name)
    plugins = state.registry.plugins
    files, told = keep_files(state.folder, state.registry, starts(state.journal))
    values = {
        "resumed": resumed,
        "siked": __version__,
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "cpus": os.cpu_count(),
        "packages": versions,
        "plugins": sorted({f"{p.owner} {p.version}" for p in plugins.loaded}),
        "components": components(state.config, state.registry),
        "files": files,
    }
    for line in [*told, *changes(state.journal, state.config, state.registry)]:
        state.note(line)
    add_start(state.journal, values)
    for text in [*map(str, plugins.skipped), *shadowed(state.config, state.registry)]:
        state.note(text)
    past = [{**start, "time": iso(start["time"])} for start in starts(state.journal)]
    manifest = {
        "id": past[0].get("id"),
        "seeds": {"run": state.config.seed},
        "starts": [{key: value for key, value in start.items() if key != "id"} for start in past],
    }
    write_atomically(state.folder / "manifest.json", json.dumps(manifest, indent=2) + "\n")
    return len(past)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the run's lock; the system lets go of it when the process ends, however it ends."""
    if not folder.is_dir():
        raise UsageError(f"{folder}: no run there")
    check_tree(folder)
    with open_to_lock(folder / "lock") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = file.read(200).decode("utf-8", "replace").strip() or "another process"
            raise RunLocked(f"{folder}: {holder} works on it") from None
        file.truncate(0)
        file.write(f"process {os.getpid()} on {socket.gethostname()}".encode())
        file.flush()
        yield
