"""Trainings that need not be done twice: students by what decides their weights."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
import tempfile
from importlib import metadata
from pathlib import Path

from siked.engine.state import State
from siked.errors import RunError, UsageError
from siked.files import check_tree, read_text
from siked.models.weights import weights_hash
from siked.records import Model, Trained, TrainSettings

PACKAGES = ("torch", "transformers", "trl", "peft", "accelerate")


def training_key(state: State, parent: Model, rows: Path, settings: TrainSettings) -> str:
    """Return the SHA-256 of everything that decides the weights of a student on one machine."""
    return _hash(state, state.pool.open(state.student_spec, parent).fingerprint, rows, settings)


def checkpoint_key(state: State, parent: Model, rows: Path, settings: TrainSettings) -> str:
    """Return what a training is known by inside its run, where students never change: no model is opened."""
    values = dataclasses.asdict(parent)
    if parent.weights is not None:
        values["weights"] = os.path.relpath(parent.weights, state.folder)
    return _hash(state, values, rows, settings)


def _hash(state: State, parent: object, rows: Path, settings: TrainSettings) -> str:
    spec = state.trainer_spec
    values = {
        "parent": parent,
        "trainer": spec.target,
        "options": spec.deciding,
        "python": spec.python,
        "packages": {name: _version(name) for name in PACKAGES},
        "settings": {"epochs": settings.epochs, "max_steps": settings.max_steps, "seed": settings.seed},
        "rows": hashlib.sha256(rows.read_bytes()).hexdigest(),
    }
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def take(cache: Path, key: str, out: Path) -> Trained | None:
    """Copy a student of the cache to the empty folder ``out``; None where there is none."""
    found = cache / "students" / key
    if not found.is_dir():
        return None
    check_tree(found)
    try:
        values = json.loads(read_text(found / "trained.json"))
        digest = values.pop("hash")
        trained = Trained(**{**values, "weights": str(out)})
        same = weights_hash(found / "weights") == digest and not wrong_types(trained)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, RunError, UsageError):
        same = False
    if not same:
        raise UsageError(f"{found}: not the student that was put there; remove that folder of the cache")
    shutil.copytree(found / "weights", out, dirs_exist_ok=True)
    return trained


def wrong_types(trained: Trained) -> list[str]:
    """Return the fields of a record that are not of their type."""
    numbers = {"steps": int, "tokens": int, "rows": int, "dropped": int, "loss": float}
    return [name for name, kind in numbers.items() if type(getattr(trained, name)) not in (kind, int)]


def put(cache: Path, key: str, out: Path, trained: Trained) -> None:
    """Keep a student in the cache; another process may do the same at the same time."""
    place = cache / "students" / key
    place.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix="tmp-", dir=place.parent))
    shutil.copytree(out, work / "weights")
    values = {**dataclasses.asdict(trained), "hash": weights_hash(out)}
    (work / "trained.json").write_text(json.dumps(values), encoding="utf-8")
    try:
        work.rename(place)
    except OSError:  # the other one was first
        shutil.rmtree(work)


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
