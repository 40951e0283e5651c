"""Plugin files of a run: kept by content in its folder, and found again when it goes on."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from siked.journal import Reader
from siked.journal.starts import starts
from siked.plugin_files import FOLDER, PluginFile, read_file, read_files
from siked.plugins import load_plugins
from siked.registry import Registry

Record = dict[str, str]
"""One file at one start: its name, version (of its content) and where it was given."""


def registry_with(files: Sequence[str | Path] = (), run: str | Path | None = None) -> Registry:
    """Look for what is installed, and load plugin files: those given, then those that ``run`` was last
    started with, unless one of the same name is given.

    Raises :class:`siked.errors.UsageError` or :class:`siked.errors.PluginError` for a file that cannot
    be used.
    """
    given = read_files(files)
    kept = kept_files(Path(run), {file.name for file in given}) if run is not None else []
    return Registry(load_plugins(files=[*given, *kept]))


def kept_files(run: Path, but: Collection[str] = ()) -> Iterator[PluginFile]:
    """Yield the plugin files that a run was last started with, from its own copies; those named in ``but``
    are left out."""
    if not (run / "run.db").exists():
        return
    reader = Reader.at(run)
    try:
        records = _last(starts(reader))
    finally:
        reader.close()
    for record in records:
        if record["name"] not in but:
            yield read_file(run / FOLDER / record["version"] / record["name"])


def keep_files(
    run: Path, registry: Registry, past: Sequence[dict[str, Any]]
) -> tuple[list[Record], list[str]]:
    """Copy the plugin files of a start into the run's folder.

    Returns their records, and a line for each that is another than at the last start or was changed since
    where it was given.
    """
    before = {record["name"]: record for record in _last(past)}
    records, told = [], []
    for file in registry.plugins.files:
        copy = file.keep(run)
        known = before.get(file.name)
        own = copy.resolve() == file.path.resolve()
        given = known["path"] if own and known else str(file.path)
        records.append({"name": file.name, "version": file.digest, "path": given})
        if known and known["version"] != file.digest:
            change = f"{known['version']} -> {file.digest}"
            told.append(f"plugin {file.name} changed since this run was last started: {change}")
        elif own and (now := _content(Path(given))) not in ("", file.digest):
            told.append(
                f"plugin {given} is another file now ({now}); the run goes on with its own copy"
                f" ({file.digest}); --plugin {given} takes the new one"
            )
    return records, told


def _last(past: Sequence[dict[str, Any]]) -> list[Record]:
    return list(past[-1].get("files", [])) if past else []


def _content(path: Path) -> str:
    """Return the version of a file that may be gone."""
    try:
        return PluginFile(path, path.read_bytes()).digest
    except OSError:
        return ""
