"""Questions about requests, texts and what they took."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from siked.journal.read import Reader
from siked.journal.stage import Stage

_HERE = "q.track = ? AND q.iteration = ? AND q.step = ?"


class Failures(NamedTuple):
    """Requests of a step that ended without a text, for one reason."""

    outcome: str
    reason: str
    n: int


def failures(journal: Reader, stage: Stage, most: int = 5) -> list[Failures]:
    """Return why requests of a step failed or were refused, the most frequent reasons first."""
    return [
        Failures(*row)
        for row in journal.db.execute(
            "SELECT r.outcome, r.reason, count(*) AS n FROM requests q"
            f" JOIN current_rationale r ON r.request = q.id WHERE {_HERE}"
            " AND r.outcome IN ('failed', 'refused') GROUP BY r.outcome, r.reason ORDER BY n DESC LIMIT ?",
            (*stage, most),
        )
    ]


def any_text(journal: Reader) -> bool:
    """Whether there is any text yet: what is lost with the folder."""
    return journal.db.execute("SELECT 1 FROM rationales LIMIT 1").fetchone() is not None


def reusable(journal: Reader, stage: Stage) -> Iterator[tuple[str, str, str, int, int]]:
    """Yield (request key, outcome, text, prompt tokens, completion tokens) of whole and cut texts."""
    yield from journal.db.execute(
        "SELECT q.key, r.outcome, r.text, r.prompt_tokens, r.completion_tokens FROM requests q"
        f" JOIN rationales r ON r.request = q.id AND r.outcome IN ('ok', 'cut') WHERE {_HERE}",
        stage,
    )


def tokens_per_character(journal: Reader, iteration: int) -> dict[str, float]:
    """Return, by strategy, the tokens a character of the samples of an iteration."""
    found = journal.db.execute(
        "SELECT q.strategy, sum(r.completion_tokens), sum(length(r.text))"
        f" FROM requests q JOIN rationales r ON r.request = q.id AND r.outcome = 'ok' WHERE {_HERE}"
        " GROUP BY q.strategy",
        Stage("main", iteration, "sample"),
    )
    return {strategy: tokens / characters for strategy, tokens, characters in found if characters}


def last_sampled(journal: Reader) -> int | None:
    """Return the last iteration that was sampled for."""
    ((last,),) = journal.db.execute(
        "SELECT max(iteration) FROM requests WHERE track = 'main' AND step = 'sample'"
    )
    return None if last is None else int(last)


def teacher_usage_by_strategy(journal: Reader) -> dict[str, tuple[int, int, float]]:
    """Return, by strategy, the prompt tokens, the tokens written and the cost of calls to its teacher."""
    return {
        step.removeprefix("teach:"): (prompt, written, cost)
        for step, prompt, written, cost in journal.db.execute(
            "SELECT step, sum(prompt_tokens), sum(completion_tokens), sum(cost) FROM calls"
            " WHERE step LIKE 'teach:%' GROUP BY step"
        )
    }


def calls(journal: Reader) -> list[dict[str, Any]]:
    """Return calls to engines and providers, summed by purpose and backend, under headings for people."""
    return journal.rows(
        "SELECT track || ' ' || iteration || ' ' || CASE WHEN step LIKE 'teach:%' THEN 'teach'"
        " WHEN step = 'sample' THEN 'sample' ELSE 'evaluate' END AS purpose, backend, count(*) AS calls,"
        " sum(requests) AS requests,"
        " sum(prompt_tokens) AS 'prompt tokens', sum(completion_tokens) AS 'new tokens',"
        " printf('%.1f', sum(seconds)) AS seconds, printf('%.4f', sum(cost)) AS cost"
        " FROM calls GROUP BY 1, 2 ORDER BY min(id)"
    )


def problem_counts(journal: Reader) -> list[dict[str, Any]]:
    """Return how many problems each split has, under headings for people."""
    return journal.rows(
        "SELECT dataset, split, count(*) AS problems, count(gold) AS 'with a gold', sum(body_seen) AS"
        " 'story in training' FROM problems GROUP BY dataset, split ORDER BY min(id)"
    )


def questions(journal: Reader) -> list[tuple[str, str]]:
    """Return (family, question) of all problems that are not for tests."""
    return journal.db.execute(
        "SELECT family, question FROM problems WHERE split != 'test' ORDER BY id"
    ).fetchall()
