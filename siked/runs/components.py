"""What a run was made with: every component, where it came from, and whether it is still the same."""

from __future__ import annotations

import hashlib
import inspect
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from siked import config as configuration
from siked.config import PROBE, ComponentConfig, RunConfig
from siked.errors import UnknownName, UsageError
from siked.journal import Reader
from siked.journal.starts import starts
from siked.plugin_files import PluginFile
from siked.registry import Registry

Record = dict[str, Any]
"""One component: its role in the run (``teacher of pot``), kind and name as asked; distribution and
its version; the component's own ``version`` ('' without); a fingerprint of the class; its options with
all defaults, without those that decide nothing. Of a strategy also its tag and a hash of its prompt."""

_TOLD = {"distribution": "distribution", "version": "version", "fingerprint": "source", "prompt": "prompt"}
"""Keys of a record that are told where they change, by the word for each."""


def components(config: RunConfig, registry: Registry) -> list[Record]:
    """Return the record of every component that a run uses; its configuration has been checked."""
    return [_record(registry, role, kind, section) for role, kind, section in used(config, registry)]


def changes(journal: Reader, config: RunConfig, registry: Registry) -> list[str]:
    """Compare what is installed with what the run was last started with; return a line for each
    component that changed.

    Raises :class:`UsageError` for a component that is gone and for a strategy with another tag, naming
    the distribution that the run had it from: students have learnt to write the tag.
    """
    past = starts(journal)
    known = {record["role"]: record for record in past[-1]["components"]} if past else {}
    for record in known.values():
        _check_there(record, registry)
    lines: list[str] = []
    if known:
        for record in components(config, registry):
            before = known.get(record["role"])
            if before is not None and before != record:
                lines += _changed(before, record)
    return lines


def shadowed(config: RunConfig, registry: Registry) -> list[str]:
    """Return a line for each component of siked's own whose name another distribution offers too."""
    found = {(kind, section.name) for _, kind, section in used(config, registry)}
    offers = [registry.find(kind, name) for kind, name in sorted(found) if "/" not in name]
    return [
        f"{offer} is used; {other.owner} offers one too: {registry.address(other)}"
        for offer in offers
        for other in registry.shadowed(offer)
    ]


def used(config: RunConfig, registry: Registry) -> Iterator[tuple[str, str, ComponentConfig]]:
    """Yield (role, kind, section) of every component that a run uses."""
    for strategy in config.strategies:
        yield f"strategy {strategy.name}", "strategy", strategy
        yield f"teacher of {strategy.name}", "backend", config.teacher_of(strategy.name)
    for kind in ("schedule", "verifier", "sandbox", "stopping", "trainer", "dataset"):
        yield kind, kind, getattr(config, kind)
    yield "student", "backend", config.backend
    if config.cluster is not None:
        yield "cluster", "cluster", config.cluster
    if config.labels is not None:
        yield "labels", "verifier", config.labels
    dataset = registry.find("dataset", config.dataset.name).load()
    for name in config.test_sets(dataset.tests):
        if name != config.dataset.name:
            yield f"test {name}", "dataset", ComponentConfig(name=name)


def _record(registry: Registry, role: str, kind: str, section: ComponentConfig) -> Record:
    offer = registry.find(kind, section.name)
    cls = offer.load()
    # a test set takes its options from the training set's, so it has none of its own
    options = configuration.options(offer, section.options) if not role.startswith("test ") else {}
    idle = configuration.aside(offer)
    record = {
        "role": role,
        "kind": kind,
        "name": section.name,
        "distribution": f"{offer.owner} {offer.version}",
        "version": str(getattr(cls, "version", "1" if kind == "strategy" else "")),
        "fingerprint": fingerprint(cls, offer.file),
        # as they are read back from the journal
        "options": json.loads(json.dumps({k: v for k, v in options.items() if k not in idle}, default=str)),
    }
    if kind == "strategy":
        made = configuration.guarded(registry, kind, section)
        record |= {"tag": made.tag, "prompt": _prompt(made)}
    return record


def fingerprint(cls: type[Any], file: PluginFile | None = None) -> str:
    """Return a hash over the source files of a class and its bases, and its ``version``.

    What these files import is not in it; that is what ``version`` is for. ``file`` is the plugin file the
    class comes from, which may be another one on the disk by now.
    """
    sha = hashlib.sha256(str(getattr(cls, "version", "")).encode())
    for base in cls.__mro__:
        if base.__module__.partition(".")[0] in sys.stdlib_module_names:
            continue
        if file is not None and base.__module__ == file.module:
            sha.update(file.source)
            continue
        try:
            source = inspect.getsourcefile(base)
        except TypeError:  # made in a place without a file
            source = None
        if source is not None and Path(source).is_file():
            sha.update(Path(source).read_bytes())
    return sha.hexdigest()[:16]


def _prompt(strategy: Any) -> str:
    turns = [[message.role, message.content] for message in strategy.teacher_messages(PROBE)]
    return hashlib.sha256(json.dumps(turns).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _check_there(record: Record, registry: Registry) -> None:
    try:
        registry.find(record["kind"], record["name"])
    except UnknownName as error:
        owner = record["distribution"].rpartition(" ")[0]
        skipped = [skip for skip in registry.plugins.skipped if skip.owner == owner]
        why = f"{owner} {skipped[0].version} is skipped: {skipped[0].reason}" if skipped else str(error)
        what = f"{record['kind']} {record['name']!r}"
        raise UsageError(f"{what} is gone; this run had it from {record['distribution']}. {why}") from None


def _changed(before: Record, record: Record) -> Sequence[str]:
    what = f"{record['role']} ({record['distribution']})"
    if before.get("tag") != record.get("tag"):
        raise UsageError(
            f"{what}: its tag is {record['tag']!r} now, but this run was started with {before['tag']!r} of"
            f" {before['distribution']}, which its students have learnt to write; install that one again"
        )
    told = [
        f"{word} {before[key]} -> {record[key]}" if key in ("distribution", "version") else f"another {word}"
        for key, word in _TOLD.items()
        if before.get(key) != record.get(key)
    ]
    old, new = before["options"], record["options"]
    told += [
        f"option {key} {old.get(key)!r} -> {new.get(key)!r}"
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key)
    ]
    return [f"{what} changed since this run was last started: {'; '.join(told)}"] if told else []
