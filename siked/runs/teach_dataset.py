"""``siked teach``: verified rationales of the teacher for a data set, and nothing else."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from siked.engine.prepare import prepare
from siked.engine.state import MAIN, State
from siked.engine.summary import write_atomically
from siked.engine.teach import teach

ROWS = "rationales.jsonl"
CARD = "README.md"


def teach_only(state: State) -> None:
    """Prepare and teach; then write the kept rationales and their data card into the run folder."""
    prepare(state)
    teach(state)
    kept = write_rows(state, state.folder / ROWS)
    write_atomically(state.folder / CARD, card(state, kept))


def write_rows(state: State, path: Path) -> dict[str, int]:
    """Write the kept rationales as the backend ``replay`` reads them; return how many by strategy."""
    kept = dict.fromkeys(state.strategies, 0)
    beside = path.with_name(f"{path.name}.tmp-{os.getpid()}")
    with beside.open("w", encoding="utf-8") as file:
        for name in state.strategies:
            for row in _kept(state, name):
                kept[name] += 1
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
    beside.replace(path)
    return kept


def funnel(state: State, kept: dict[str, int]) -> list[dict[str, Any]]:
    """Return, by strategy, how many rationales were left after each check, with tokens and cost."""
    rows = state.journal.rows(
        "SELECT q.strategy, count(*) AS asked, sum(coalesce(r.outcome = 'ok', 0)) AS answered,"
        " sum(coalesce(r.outcome = 'ok' AND v.rule NOT LIKE 'malformed:%', 0)) AS formed,"
        " sum(coalesce(r.outcome = 'ok' AND v.status = 'correct', 0)) AS correct,"
        " sum(coalesce(r.outcome = 'ok' AND v.status = 'correct' AND v.flags != '', 0)) AS flagged"
        " FROM requests q LEFT JOIN rationales r ON r.request = q.id"
        " AND r.attempt = (SELECT max(attempt) FROM rationales WHERE request = q.id)"
        " LEFT JOIN verdicts v ON v.rationale = r.id AND v.verifier = ? AND v.version = ? AND v.options = ?"
        " WHERE q.track = ? AND q.step LIKE 'teach:%' GROUP BY q.strategy ORDER BY min(q.id)",
        *state.label_judge,
        MAIN,
    )
    used = {
        row["step"].removeprefix("teach:"): row
        for row in state.journal.rows(
            "SELECT step, sum(prompt_tokens) AS prompt, sum(completion_tokens) AS written, sum(cost) AS cost"
            " FROM calls WHERE step LIKE 'teach:%' GROUP BY step"
        )
    }
    nothing = {"prompt": 0, "written": 0, "cost": 0.0}
    return [
        {
            **row,
            "kept": kept[row["strategy"]],
            "prompt_tokens": used.get(row["strategy"], nothing)["prompt"],
            "completion_tokens": used.get(row["strategy"], nothing)["written"],
            "cost": used.get(row["strategy"], nothing)["cost"],
        }
        for row in rows
    ]


def card(state: State, kept: dict[str, int]) -> str:
    """Return the data card: what the rows are, who wrote them, and the funnel."""
    columns = (
        *("strategy", "asked", "answered", "formed", "correct", "flagged", "kept"),
        *("prompt_tokens", "completion_tokens", "cost"),
    )
    titles = {
        "formed": "well-formed",
        "prompt_tokens": "prompt tokens",
        "completion_tokens": "tokens written",
    }
    head = [titles.get(column, column) for column in columns]
    rows = [[_cell(row[column]) for column in columns] for row in funnel(state, kept)]
    table = [head, ["---", *["---:"] * (len(columns) - 1)], *rows]
    config = state.config
    who = [f"- `{name}`: {_teacher(state, name)}" for name in state.strategies]
    problems = len(state.journal.load_problems("train"))
    flagged = "left out" if config.drop_flagged else "kept, with their `flags`"
    return "\n".join(
        [
            f"# Rationales for {config.dataset.name}",
            "",
            f"{sum(kept.values())} verified rationales for {problems} training problems of"
            f" `{config.dataset.name}`, one JSON object a line in `{ROWS}`: `problem_id`, `question`,"
            " `strategy`, `sample`, `text` (without the strategy's tag), `answer`, `flags`. siked's backend"
            " `replay` reads them back.",
            "",
            "Written by:",
            "",
            *who,
            "",
            f"Verified by `{state.label_judge[0]}` {state.label_judge[1]}. Correct rationales whose reasoning"
            f" carries a warning are {flagged}. The terms of the data set and of the teachers hold for them.",
            "",
            *(f"| {' | '.join(cells)} |" for cells in table),
            "",
            "Every request, text and verdict, also those that were not kept, stands in `run.db`.",
            "",
        ]
    )


def _kept(state: State, strategy: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of what ``Reader.kept`` calls correct, with question and answer."""
    flagged = " AND v.flags = ''" if state.config.drop_flagged else ""
    for name, question, sample, text, answer, flags in state.journal.db.execute(
        "SELECT p.name, p.question, q.sample, r.text, v.answer, v.flags FROM requests q"
        " JOIN rationales r ON r.request = q.id AND r.outcome = 'ok' JOIN problems p ON p.id = q.problem"
        " JOIN verdicts v ON v.rationale = r.id AND v.status = 'correct'"
        " AND v.verifier = ? AND v.version = ? AND v.options = ?"
        f" WHERE q.track = ? AND q.step = ?{flagged} ORDER BY p.id, q.sample",
        (*state.label_judge, MAIN, f"teach:{strategy}"),
    ):
        yield {
            "problem_id": name,
            "question": question,
            "strategy": strategy,
            "sample": sample,
            "text": text,
            "answer": answer,
            "flags": flags.split(),
        }


def _teacher(state: State, strategy: str) -> str:
    teacher = state.config.teacher_of(strategy)
    model = f" {teacher.model}" if teacher.model else ""
    return (
        f"`{teacher.name}`{model}, {teacher.samples} a problem, temperature {teacher.temperature:g}, "
        f"top-p {teacher.top_p:g}, at most {teacher.max_new_tokens} tokens, seed {teacher.seed}"
    )


def _cell(value: Any) -> str:
    return f"{value:.4f}" if isinstance(value, float) else str(value)
