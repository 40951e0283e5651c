"""What a shell offers where the name of a component, a preset or a run is to be typed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import click
from click.shell_completion import CompletionItem

RUNS = "runs"
"""The folder in which runs are made where none is named."""
MOST = 200
"""Folders that are looked into."""
_STUDENTS = ("tiny", "smollm2")

Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def component(kind: str, *, several: bool = False, model: bool = False) -> Complete:
    """Complete the name of a component; of ``several`` with commas between them the last one. With
    ``model`` a colon and a model may follow the name, which is not completed."""

    def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        before, comma, last = incomplete.rpartition(",") if several else ("", "", incomplete)
        if model and ":" in incomplete:
            return []
        taken = set(before.split(","))
        names = [name for name in _names(kind) if name not in taken]
        return _items(f"{before}{comma}{name}" for name in names if name.startswith(last))

    return complete


def preset(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the name of a preset."""
    from siked.settings import presets

    return _items(name for name in presets() if name.startswith(incomplete))


def student(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete a student that has a name, or a folder."""
    named = _items(name for name in _STUDENTS if name.startswith(incomplete))
    return [*named, CompletionItem(incomplete, type="dir")]


def run(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the folder of a run: what lies in ``runs`` where nothing is typed yet, else a folder."""
    found = list(_items(path for path in _runs(incomplete)))
    return found or [CompletionItem(incomplete, type="dir")]


def _names(kind: str) -> list[str]:
    from siked.registry import load_registry

    return sorted({offer.name for offer in load_registry().offers if offer.kind == kind})


def _runs(incomplete: str) -> Iterator[str]:
    """Yield the folders of runs whose path begins so: below what is typed, or in :data:`RUNS`."""
    typed = Path(incomplete)
    folder = typed if incomplete.endswith(os.sep) else typed.parent
    for place in dict.fromkeys((folder, Path(RUNS)) if not incomplete else (folder,)):
        try:
            with os.scandir(place) as entries:
                names = sorted(entry.name for entry, _ in zip(entries, range(MOST), strict=False))
        except OSError:
            continue
        for name in names:
            path = str(place / name)
            if path.startswith(incomplete) and (place / name / "run.db").is_file():
                yield path


def _items(values: Iterable[str]) -> list[CompletionItem]:
    return [CompletionItem(value) for value in values]
