"""``siked resume --set``: other settings for what a run has still to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from siked.config import ComponentConfig, RunConfig, aside, check_components, merged, parse
from siked.errors import UsageError
from siked.journal import Reader
from siked.journal.queries.made import Made, made
from siked.registry import Registry

_DECIDES: Mapping[str, tuple[str, ...]] = {
    "strategies": ("problems",),
    "student": ("problems",),
    "dataset": ("problems",),
    "decontaminate": ("problems",),
    "seed": ("problems",),
    "teacher": ("taught",),
    "verifier": ("verdicts",),
    "labels": ("verdicts",),
    "sandbox": ("verdicts",),
    "schedule": ("mixtures",),
    "drop_flagged": ("mixtures",),
    "trainer": ("students",),
    "backend": ("sampled", "scored"),
    "sample": ("sampled",),
    "evaluate": ("scored",),
    "stopping": ("scored",),
    "controls": (),
    "cluster": (),
}
"""What each setting decides, as fields of :class:`Made`; controls stand beside what is there."""
_WORDS: Mapping[str, str] = {
    "problems": "problems that are drawn",
    "taught": "requests to the teacher",
    "sampled": "requests for the student's own rationales",
    "scored": "answers of students",
    "verdicts": "verdicts",
    "mixtures": "mixtures",
    "students": "trained students",
}
_KINDS = ("schedule", "verifier", "sandbox", "stopping", "backend", "trainer", "dataset")


def amended(
    folder: Path, journal: Reader, config: RunConfig, values: Mapping[str, Any], registry: Registry
) -> RunConfig:
    """Return ``config`` with ``values`` over it.

    Raises :class:`UsageError` for a value that decides what stands in the journal: it says what would have
    to be made again.
    """
    new = parse(merged([config.dump(), values]))
    check_components(new, registry)
    there = made(journal)
    for key in changed(config.dump(), new.dump()):
        _check(folder, key, there, new, registry)
    return new


def changed(old: Mapping[str, Any], new: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Yield the dotted keys of the settings that differ, in order."""
    for key in sorted(old.keys() | new.keys()):
        one, other = old.get(key), new.get(key)
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            yield from changed(one, other, f"{prefix}{key}.")
        elif one != other:
            yield f"{prefix}{key}"


def _check(folder: Path, key: str, there: Made, new: RunConfig, registry: Registry) -> None:
    section, _, option = key.partition(".")
    if key == "iterations":
        raise UsageError("--set iterations: write --iterations T, which can only add")
    if section == "teacher" and option.rpartition(".")[2] in ("max_cost", "max_tokens"):
        raise UsageError(f"--set {key}: write --{option.rpartition('.')[2].replace('_', '-')}")
    if option.rpartition(".")[2] == "replicas":
        return
    if option and _decides_nothing(section, option, new, registry):
        return
    for what in _DECIDES[section]:
        count = getattr(there, what)
        if count:
            own = f"siked run --config {folder / 'config.yaml'} --set {key}=..."
            raise UsageError(
                f"--set {key}: it decides {count} {_WORDS[what]} in the journal, which would have to be made "
                f"again with all that follows. In a run of its own: {own}"
            )


def _decides_nothing(section: str, option: str, new: RunConfig, registry: Registry) -> bool:
    if option.rpartition(".")[2] == "python":
        return True
    found = getattr(new, section, None)
    kind, name = section, option
    if section == "teacher":
        kind = "backend"
        if isinstance(found, dict):
            strategy, _, name = option.partition(".")
            found = found.get(strategy)
    if kind not in _KINDS or not isinstance(found, ComponentConfig):
        return False
    return name in aside(registry.find(kind, found.name))
