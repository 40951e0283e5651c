"""Questions about verdicts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from siked.journal.read import Reader
from siked.journal.stage import Stage, VerifierKey

_JUDGED = (
    "FROM requests q JOIN current_rationale r ON r.request = q.id"
    " JOIN current_verdict AS v ON v.rationale = r.id"
)
_OF_ROLE = (
    "verdicts AS v ON v.rationale = r.id AND (v.verifier, v.version, v.options) ="
    " (SELECT verifier, version, options FROM current_verifier WHERE role = '{role}')"
)
"""``current_verdict`` where the role is known: looked up once and not for every text."""
_LABELLED = f"LEFT JOIN {_OF_ROLE.format(role='labels')}"
_HERE = "q.track = ? AND q.iteration = ? AND q.step = ?"
_BY = "{0}.verifier = ? AND {0}.version = ? AND {0}.options = ?"
_KIND = "CASE WHEN v.status = 'correct' AND v.flags != '' THEN 'flagged' ELSE v.status END"


def _judged(stage: Stage) -> str:
    return (
        "FROM requests q JOIN current_rationale r ON r.request = q.id"
        f" JOIN {_OF_ROLE.format(role=stage.role)}"
    )


class Judged(NamedTuple):
    """One text of a step with what was said of it."""

    problem: int
    strategy: str
    """As asked or as chosen; empty where the student wrote no tag."""
    sample: int
    status: str
    answer: str | None


class Tally(NamedTuple):
    """Verdicts of a set, counted."""

    n: int
    correct: int
    unverified: int


class FamilyOutcome(NamedTuple):
    """Whether a strategy, forced or chosen, solved a dev problem."""

    problem: int
    family: str
    strategy: str
    solved: bool


class Funnel(NamedTuple):
    """How many rationales of a writer and strategy were left after each check."""

    writer: str
    strategy: str
    asked: int
    whole: int
    formed: int
    correct: int
    flagged: int
    unverified: int
    kept: int
    """In a mixture of the run's own track."""


def stages(journal: Reader) -> list[Stage]:
    """Return every step that asked for texts, in the order in which they were planned."""
    return [
        Stage(*row)
        for row in journal.db.execute(
            "SELECT track, iteration, step FROM requests GROUP BY track, iteration, step ORDER BY min(id)"
        )
    ]


def lacking(journal: Reader, stage: Stage, key: VerifierKey) -> int:
    """Return how many texts of a step ``key`` has not judged."""
    ((n,),) = journal.db.execute(
        f"SELECT count(*) FROM requests q JOIN current_rationale r ON r.request = q.id WHERE {_HERE}"
        " AND NOT EXISTS (SELECT 1 FROM verdicts v WHERE v.rationale = r.id AND v.verifier = ?"
        " AND v.version = ? AND v.options = ?)",
        (*stage, *key),
    )
    return int(n)


def changed(journal: Reader, stage: Stage, before: VerifierKey, now: VerifierKey) -> tuple[int, int]:
    """Return how many texts of a step both verifiers judged, and of how many the status is another."""
    ((both, differ),) = journal.db.execute(
        "SELECT count(*), coalesce(sum(a.status != b.status), 0) FROM requests q"
        " JOIN current_rationale r ON r.request = q.id"
        f" JOIN verdicts a ON a.rationale = r.id AND {_BY.format('a')}"
        f" JOIN verdicts b ON b.rationale = r.id AND {_BY.format('b')}"
        f" WHERE {_HERE}",
        (*before, *now, *stage),
    )
    return int(both), int(differ)


def status_counts(journal: Reader, stage: Stage) -> dict[str, dict[str, int]]:
    """Return {strategy: {status: texts}} of a step; ``none`` is a free choice without a tag."""
    counts: dict[str, dict[str, int]] = {}
    for strategy, status, n in journal.db.execute(
        f"SELECT r.strategy, v.status, count(*) {_judged(stage)} WHERE {_HERE} GROUP BY 1, 2", stage
    ):
        counts.setdefault(strategy or "none", {})[status] = n
    return counts


def judged(journal: Reader, stage: Stage) -> list[Judged]:
    """Return every judged text of a step."""
    return [
        Judged(*row)
        for row in journal.db.execute(
            f"SELECT q.problem, r.strategy, q.sample, v.status, v.answer {_judged(stage)} WHERE {_HERE}",
            stage,
        )
    ]


def pass_counts(journal: Reader, stage: Stage, *, flagged: bool) -> dict[tuple[str, str], tuple[int, int]]:
    """Return (problem, strategy) to (texts that can be kept, texts asked for) of a step.

    What can be kept is whole and correct; where not ``flagged``, without a flag too.
    """
    return {
        (name, strategy): (right, asked)
        for name, strategy, right, asked in journal.db.execute(
            "SELECT p.name, q.strategy, sum(coalesce(r.outcome = 'ok' AND v.status = 'correct'"
            " AND (? OR v.flags = ''), 0)), count(*)"
            " FROM requests q JOIN problems p ON p.id = q.problem"
            " LEFT JOIN current_rationale r ON r.request = q.id"
            f" LEFT JOIN {_OF_ROLE.format(role=stage.role)}"
            f" WHERE {_HERE} GROUP BY q.problem, q.strategy",
            (flagged, *stage),
        )
    }


def solved_by_name(journal: Reader, stage: Stage) -> dict[str, bool]:
    """Return the name of each problem of a step that asks once, and whether its text is correct."""
    return {
        name: bool(solved)
        for name, solved in journal.db.execute(
            f"SELECT p.name, v.status = 'correct' {_judged(stage)}"
            f" JOIN problems p ON p.id = q.problem WHERE {_HERE}",
            stage,
        )
    }


def by_story(journal: Reader, stage: Stage) -> dict[bool, Tally]:
    """Return the verdicts of a step, those on stories that occur in training (numbers aside) apart."""
    return {
        bool(seen): Tally(*counts)
        for seen, *counts in journal.db.execute(
            "SELECT p.body_seen, count(*), sum(v.status = 'correct'), sum(v.status = 'unverified')"
            f" {_judged(stage)} JOIN problems p ON p.id = q.problem WHERE {_HERE} GROUP BY 1",
            stage,
        )
    }


def by_family(journal: Reader, iteration: int, track: str = "main") -> list[FamilyOutcome]:
    """Return whether each forced strategy solved each dev problem."""
    return [
        FamilyOutcome(problem, family, strategy, bool(solved))
        for problem, family, strategy, solved in journal.db.execute(
            "SELECT p.id, p.family, q.strategy, coalesce(v.status = 'correct', 0)"
            " FROM requests q JOIN problems p ON p.id = q.problem"
            " LEFT JOIN current_rationale r ON r.request = q.id"
            f" LEFT JOIN {_OF_ROLE.format(role='scores')}"
            f" WHERE {_HERE} AND p.split = 'dev' ORDER BY p.id, q.id",
            Stage(track, iteration, "forced:dev"),
        )
    ]


def chosen_by_family(journal: Reader, iteration: int, track: str = "main") -> list[FamilyOutcome]:
    """Return what a student chose for each dev problem (empty without a tag), and whether it solved it."""
    return [
        FamilyOutcome(problem, family, strategy, bool(solved))
        for problem, family, strategy, solved in journal.db.execute(
            f"SELECT p.id, p.family, r.strategy, v.status = 'correct' {_JUDGED}"
            f" JOIN problems p ON p.id = q.problem WHERE {_HERE} AND p.split = 'dev' ORDER BY p.id",
            Stage(track, iteration, "free:dev"),
        )
    ]


def common_rules(journal: Reader, most: int) -> list[tuple[str, int]]:
    """Return the rules that decided most often, with how often."""
    return journal.db.execute(
        "SELECT rule, count(*) AS n FROM current_verdict GROUP BY rule ORDER BY n DESC LIMIT ?", (most,)
    ).fetchall()


def labels(journal: Reader, iteration: int) -> list[tuple[int, str | None]]:
    """Return (problem, the answer taken for right, if any) of what trains an iteration."""
    step = "teach:%" if iteration == 0 else "sample"
    return journal.db.execute(
        f"SELECT q.problem, min(CASE WHEN v.status = 'correct' THEN v.answer END) {_JUDGED}"
        " WHERE q.track = 'main' AND q.iteration = ? AND q.step LIKE ? GROUP BY q.problem",
        (iteration, step),
    ).fetchall()


def words(journal: Reader) -> dict[tuple[Any, ...], tuple[str, dict[str, Any]]]:
    """Return, by (problem, strategy, track, iteration, step, sample), the whole verdict as one word
    and where it stands."""
    found = journal.rows(
        "SELECT p.dataset || '/' || p.name AS problem, r.strategy, q.track, q.iteration, q.step, q.sample,"
        " v.status || ' ' || coalesce(v.answer, '-') || ' ' || v.rule || ' ' || v.flags AS word"
        f" {_JUDGED} JOIN problems p ON p.id = q.problem ORDER BY r.id"
    )
    names = ("problem", "strategy", "track", "iteration", "step", "sample")
    return {tuple(row[name] for name in names): (row["word"], row) for row in found}


def funnel(journal: Reader) -> list[Funnel]:
    """Return what became of the rationales for training, by writer and strategy."""
    return [
        Funnel(*row)
        for row in journal.db.execute(
            "SELECT CASE WHEN q.step LIKE 'teach:%' THEN 'teacher' ELSE 'iteration ' || q.iteration END,"
            " q.strategy, count(*), sum(coalesce(r.outcome = 'ok', 0)),"
            " sum(coalesce(r.outcome = 'ok' AND v.rule NOT LIKE 'malformed:%', 0)),"
            " sum(coalesce(v.status = 'correct', 0)), sum(coalesce(v.flags != '', 0)),"
            " sum(coalesce(v.status = 'unverified', 0)), count(k.rationale)"
            " FROM requests q LEFT JOIN current_rationale r ON r.request = q.id"
            f" {_LABELLED}"
            " LEFT JOIN (SELECT DISTINCT m.iteration, w.rationale FROM mixture_rows w"
            " JOIN mixtures m ON m.id = w.mixture WHERE m.track = 'main') k"
            " ON k.rationale = r.id AND k.iteration = q.iteration"
            " WHERE q.track = 'main' AND (q.step LIKE 'teach:%' OR q.step = 'sample')"
            " GROUP BY q.iteration, 1, q.strategy ORDER BY q.iteration, min(q.id)"
        )
    ]


def taught(journal: Reader, strategy: str, *, flagged: bool) -> Iterator[tuple[Any, ...]]:
    """Yield (problem, question, sample, text, answer, flags) of the teacher's whole, correct
    rationales; those with flags only where asked."""
    only = "" if flagged else " AND v.flags = ''"
    yield from journal.db.execute(
        f"SELECT p.name, p.question, q.sample, r.text, v.answer, v.flags {_JUDGED}"
        " JOIN problems p ON p.id = q.problem WHERE q.track = 'main' AND q.step = ? AND r.outcome = 'ok'"
        f" AND v.status = 'correct'{only} ORDER BY p.id, q.sample",
        (f"teach:{strategy}",),
    )


def teaching_funnel(journal: Reader) -> list[dict[str, Any]]:
    """Return, by strategy, how many of the teacher's rationales were left after each check."""
    return journal.rows(
        "SELECT q.strategy, count(*) AS asked, sum(coalesce(r.outcome = 'ok', 0)) AS answered,"
        " sum(coalesce(r.outcome = 'ok' AND v.rule NOT LIKE 'malformed:%', 0)) AS formed,"
        " sum(coalesce(r.outcome = 'ok' AND v.status = 'correct', 0)) AS correct,"
        " sum(coalesce(r.outcome = 'ok' AND v.status = 'correct' AND v.flags != '', 0)) AS flagged"
        " FROM requests q LEFT JOIN current_rationale r ON r.request = q.id"
        f" {_LABELLED}"
        " WHERE q.track = 'main' AND q.step LIKE 'teach:%' GROUP BY q.strategy ORDER BY min(q.id)"
    )


def drawn(journal: Reader, stage: Stage) -> list[tuple[str, str, int]]:
    """Return (strategy, kind, rationale): of each strategy and kind of verdict the text whose request
    has the lowest seed. Seeds are hashes, so that is a fair draw, the same each time."""
    # SQLite takes the columns that are not aggregated from the row that has the minimum.
    return [
        (strategy, kind, rationale)
        for strategy, kind, rationale, _ in journal.db.execute(
            f"SELECT q.strategy, {_KIND} AS kind, r.id, min(q.seed) {_judged(stage)} WHERE {_HERE}"
            " GROUP BY 1, 2",
            stage,
        )
    ]


def sample(journal: Reader, rationale: int) -> dict[str, Any]:
    """Return one judged text with its problem, and its first place in the run's mixtures."""
    (row,) = journal.rows(
        "SELECT q.strategy, p.name AS problem, p.question, p.gold, r.text, r.outcome,"
        " r.completion_tokens AS tokens, v.status, v.answer, v.rule, v.flags, v.sandbox, v.program,"
        " v.detail, coalesce((SELECT m.iteration || ':' || w.position FROM mixture_rows w"
        " JOIN mixtures m ON m.id = w.mixture WHERE m.track = 'main' AND w.rationale = r.id"
        f" ORDER BY m.iteration LIMIT 1), '') AS row {_JUDGED} JOIN problems p ON p.id = q.problem"
        " WHERE r.id = ?",
        rationale,
    )
    return row


def verifiers(journal: Reader) -> list[tuple[str, str, str, str]]:
    """Return (role, verifier, version, options) of all that have judged, in order; the last of a
    role counts."""
    return journal.db.execute("SELECT role, verifier, version, options FROM verifiers ORDER BY id").fetchall()
