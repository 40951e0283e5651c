"""Questions about trainings: what they told on their way."""

from __future__ import annotations

from siked.journal.read import Reader
from siked.journal.stage import Told


def log(journal: Reader, track: str, iteration: int) -> list[Told]:
    """Return what the training of a student told, by step; of a step that was trained twice the later."""
    rows = journal.db.execute(
        "SELECT step, steps, loss, learning_rate, gradient_norm, tokens_per_second, seconds"
        " FROM current_training_log WHERE track = ? AND iteration = ? ORDER BY step",
        (track, iteration),
    )
    return [Told(*row) for row in rows]


def logged(journal: Reader) -> list[tuple[str, int]]:
    """Return (track, iteration) of every training that told something, in order."""
    rows = journal.db.execute("SELECT track, iteration FROM training_log GROUP BY 1, 2 ORDER BY min(id)")
    return [(str(track), int(iteration)) for track, iteration in rows]


def told_after(journal: Reader, seen: int) -> list[tuple[int, str, int, Told]]:
    """Return (row id, track, iteration, what was told) of the rows after row ``seen``, in order."""
    rows = journal.db.execute(
        "SELECT id, track, iteration, step, steps, loss, learning_rate, gradient_norm, tokens_per_second,"
        " seconds FROM training_log WHERE id > ? ORDER BY id",
        (seen,),
    )
    return [(row, track, iteration, Told(*told)) for row, track, iteration, *told in rows]
