"""Questions about mixtures and the students that were trained on them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from siked.journal.opening import from_json
from siked.journal.read import Reader


class MixtureText(NamedTuple):
    """A training row with its text."""

    question: str
    strategy: str
    text: str
    weight: float
    tag_weight: float | None
    """What the tag counts in the loss; None is as the rationale."""
    problem: int
    """Its row in the journal."""


class Student(NamedTuple):
    """A trained student."""

    iteration: int
    weights: str
    """Its folder, relative to the run."""
    hash: str
    """Over its tensors, as :func:`siked.models.weights.weights_hash` takes it."""
    steps: int
    tokens: int
    loss: float
    rows: int
    dropped: int


def mixture(journal: Reader, track: str, iteration: int) -> dict[str, Any] | None:
    """Return the numbers of a mixture as they stand in summary.json; None where there is none."""
    rows = journal.rows("SELECT * FROM mixtures WHERE track = ? AND iteration = ?", track, iteration)
    if not rows:
        return None
    (row,) = rows
    return {
        "alpha": row["alpha"],
        "alpha_tokens": row["alpha_tokens"],
        "rows": row["rows"],
        "loss_tokens": row["tokens"],
        "sources": from_json(row["sources"], journal.path),
        "kl": row["kl"],
        "shares": from_json(row["shares"], journal.path),
        "tag_entropy": row["entropy"],
        "aims": from_json(row["aims"], journal.path),
        "dropped": from_json(row["dropped"], journal.path),
    }


def sizes(journal: Reader) -> list[tuple[str, int, int]]:
    """Return (track, iteration, rows) of every mixture."""
    return journal.db.execute(
        "SELECT track, iteration, rows FROM mixtures ORDER BY track, iteration"
    ).fetchall()


def texts(journal: Reader, track: str, iteration: int) -> Iterator[MixtureText]:
    """Yield the rows of a mixture, in training order."""
    for row in journal.db.execute(
        "SELECT p.question, r.strategy, r.text, w.weight, w.tag_weight, q.problem"
        " FROM mixtures m JOIN mixture_rows w ON w.mixture = m.id"
        " JOIN rationales r ON r.id = w.rationale JOIN requests q ON q.id = r.request"
        " JOIN problems p ON p.id = q.problem WHERE m.track = ? AND m.iteration = ? ORDER BY w.position",
        (track, iteration),
    ):
        yield MixtureText(*row)


def wrong_texts(journal: Reader, iteration: int) -> dict[tuple[int, str], list[str]]:
    """Return, by (problem, strategy), the whole texts that the verifier in force calls wrong: those that the
    student wrote for an iteration, then the teacher's."""
    found: dict[tuple[int, str], list[str]] = {}
    for problem, strategy, text in journal.db.execute(
        "SELECT q.problem, r.strategy, r.text FROM current_rationale r JOIN requests q ON q.id = r.request"
        " JOIN current_verdict v ON v.rationale = r.id"
        " WHERE v.status = 'wrong' AND r.outcome = 'ok' AND q.track = 'main'"
        " AND (q.iteration = ? AND q.step = 'sample' OR q.iteration = 0 AND q.step LIKE 'teach:%')"
        " ORDER BY q.step <> 'sample', q.problem, r.strategy, q.sample, r.id",
        (iteration,),
    ):
        texts_of = found.setdefault((problem, strategy), [])
        if text.strip() and text.strip() not in texts_of:
            texts_of.append(text.strip())
    return found


class PlacedText(NamedTuple):
    """A text by what it was asked for, without its words."""

    rationale: int
    problem: str
    strategy: str
    step: str
    sample: int
    tokens: int
    """Of the completion; its characters where nobody counted."""


_PLACED = (
    "SELECT r.id, p.name, r.strategy, q.step, q.sample,"
    " coalesce(nullif(r.completion_tokens, 0), length(r.text))"
)


def rows_of(journal: Reader, track: str, iteration: int) -> list[tuple[PlacedText, float, float | None, str]]:
    """Return (text, weight, weight of the tag, reason) of a mixture, sorted by rationale."""
    return [
        (PlacedText._make(values), weight, tag_weight, reason)
        for *values, weight, tag_weight, reason in journal.db.execute(
            f"{_PLACED}, w.weight, w.tag_weight, w.reason FROM mixtures m"
            " JOIN mixture_rows w ON w.mixture = m.id JOIN rationales r ON r.id = w.rationale"
            " JOIN requests q ON q.id = r.request JOIN problems p ON p.id = q.problem"
            " WHERE m.track = ? AND m.iteration = ? ORDER BY r.id",
            (track, iteration),
        )
    ]


def written(journal: Reader, track: str, iteration: int) -> list[PlacedText]:
    """Return all whole texts that a mixture could have held had they been correct, the shortest first."""
    return [
        PlacedText._make(values)
        for values in journal.db.execute(
            f"{_PLACED} FROM rationales r JOIN requests q ON q.id = r.request"
            " JOIN problems p ON p.id = q.problem WHERE q.track = ? AND q.strategy <> ''"
            " AND (q.iteration = ? AND q.step = 'sample' OR q.iteration = 0 AND q.step LIKE 'teach:%')"
            " AND r.outcome = 'ok' ORDER BY length(r.text), r.id",
            (track, iteration),
        )
    ]


def rows_by_iteration(journal: Reader) -> dict[int, list[tuple[int, float, float | None, str]]]:
    """Return, by iteration of the run's own track, its (rationale, weight, weight of the tag, reason)."""
    found: dict[int, list[tuple[int, float, float | None, str]]] = {}
    for iteration, *row in journal.db.execute(
        "SELECT m.iteration, w.rationale, w.weight, w.tag_weight, w.reason FROM mixtures m"
        " JOIN mixture_rows w ON w.mixture = m.id WHERE m.track = 'main' ORDER BY m.iteration, w.position"
    ):
        rationale, weight, tag_weight, reason = row
        found.setdefault(iteration, []).append((rationale, weight, tag_weight, reason))
    return found


def no_longer_correct(journal: Reader) -> list[tuple[str, int, int]]:
    """Return (track, iteration, rows) of mixtures with rows that the verifier in force does not call
    correct."""
    return journal.db.execute(
        "SELECT m.track, m.iteration, count(*) FROM mixtures m JOIN mixture_rows w ON w.mixture = m.id"
        " LEFT JOIN current_verdict v ON v.rationale = w.rationale"
        " WHERE coalesce(v.status, '') != 'correct' GROUP BY m.track, m.iteration ORDER BY m.id"
    ).fetchall()


def provenance(journal: Reader, track: str, iteration: int, position: int) -> dict[str, Any] | None:
    """Return a training row with its rationale, request, problem, verdict and writer."""
    found = journal.rows(
        "SELECT m.schedule, m.rows, m.alpha, w.weight, w.tag_weight, w.reason, q.track, q.iteration, q.step,"
        " q.strategy, q.sample, q.seed, q.key, p.dataset, p.split, p.name, p.question, p.gold, r.text,"
        " r.outcome, r.completion_tokens, v.verifier, v.version, v.status, v.answer, v.rule, v.flags,"
        " v.sandbox, v.program, s.hash"
        " FROM mixtures m JOIN mixture_rows w ON w.mixture = m.id JOIN rationales r ON r.id = w.rationale"
        " JOIN requests q ON q.id = r.request JOIN problems p ON p.id = q.problem"
        " JOIN current_verdict v ON v.rationale = r.id"
        " LEFT JOIN students s ON s.track = q.track AND s.iteration = q.iteration - 1 AND q.step = 'sample'"
        " WHERE m.track = ? AND m.iteration = ? AND w.position = ?",
        track,
        iteration,
        position,
    )
    return found[0] if found else None


def students(journal: Reader, track: str) -> list[Student]:
    """Return the trained students of a track, by iteration."""
    return [
        Student(*row)
        for row in journal.db.execute(
            "SELECT iteration, weights, hash, steps, tokens, loss, rows, dropped FROM students"
            " WHERE track = ? ORDER BY iteration",
            (track,),
        )
    ]


def student(journal: Reader, track: str, iteration: int) -> Student | None:
    """Return one trained student; None where it is not trained."""
    return next((found for found in students(journal, track) if found.iteration == iteration), None)


def student_table(journal: Reader) -> list[dict[str, Any]]:
    """Return all students under headings for people."""
    return journal.rows(
        "SELECT track || ' ' || iteration AS student, weights, substr(hash, 1, 16) AS 'sha-256', steps,"
        " tokens, printf('%.4f', loss) AS loss, rows, dropped AS 'too long' FROM students ORDER BY id"
    )
