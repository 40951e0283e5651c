"""Plugin files of a run: kept by content in its folder, and found again when it goes on."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from siked.errors import UsageError
from siked.files import check_tree, inside
from siked.journal import Reader
from siked.journal.starts import starts
from siked.plugin_files import FOLDER, PluginFile, read_file, read_files
from siked.plugins import load_plugins
from siked.registry import Registry
from siked.runs.trust import agree_files, check_files

Record = dict[str, str]
"""One file at one start: its name, version (of its content) and where it was given."""


def registry_with(
    files: Sequence[str | Path] = (), run: str | Path | None = None, trust: bool = False
) -> Registry:
    """Look for what is installed, and load plugin files: those given, then those that ``run`` was last
    started with, unless one of the same name is given.

    A file that the run brings is code of whoever made the run: it is loaded where the user has named one of
    the same content before, or with ``trust``. Raises :class:`siked.errors.UsageError` or
    :class:`siked.errors.PluginError` for a file that cannot be used.
    """
    given = read_files(files)
    agree_files(given)
    kept = list(kept_files(Path(run), {file.name for file in given})) if run is not None else []
    if run is not None:
        check_files(Path(run), kept, trust)
    return Registry(load_plugins(files=[*given, *kept]))


def kept_files(run: Path, but: Collection[str] = ()) -> Iterator[PluginFile]:
    """Yield the plugin files that a run was last started with, from its own copies; those named in ``but``
    are left out."""
    if not (run / "run.db").exists():
        return
    check_tree(run)
    reader = Reader.at(run)
    try:
        records = _last(starts(reader))
    finally:
        reader.close()
    for record in records:
        if record["name"] in but:
            continue
        file = read_file(inside(run, f"{FOLDER}/{record['version']}/{record['name']}"))
        if file.digest != record["version"]:
            raise UsageError(f"{file.path} is not the file that the run was started with")
        yield file


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
    records = past[-1].get("files", []) if past else []
    if not isinstance(records, list) or not all(_is_record(one) for one in records):
        raise UsageError("run.db is damaged, or no file of siked's: its plugin files are none")
    return records


def _is_record(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(value.get(key), str) for key in ("name", "version"))


def _content(path: Path) -> str:
    """Return the version of a file that may be gone."""
    try:
        return PluginFile(path, path.read_bytes()).digest
    except OSError:
        return ""
