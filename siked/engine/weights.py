"""The weights of a run's students, compared with what was recorded of them before they are used."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from siked.errors import UsageError
from siked.files import check_tree, inside
from siked.journal.queries.mixtures import Student
from siked.models.weights import weights_hash


def weights_of(folder: Path, student: Student) -> Path:
    """Return the folder with the weights of a student of the run in ``folder``.

    Raises :class:`UsageError` where they are not inside of the run, are gone, or are not those that were
    trained.
    """
    place = inside(folder, student.weights)
    if place.is_symlink() or not place.is_dir():
        raise UsageError(f"{place}: the weights of student {student.iteration} are not there")
    check_tree(place)
    found = _hash(place.resolve())
    if found != student.hash:
        raise UsageError(
            f"{place}: these are not the weights that were trained: their hash is {found[:12]}, recorded is"
            f" {student.hash[:12]}"
        )
    return place


@cache
def _hash(folder: Path) -> str:
    """Weights are never written again, so a process looks at each once."""
    return weights_hash(folder)
