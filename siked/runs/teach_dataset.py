"""``siked teach``: verified rationales of the teacher for a data set, and nothing else."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from siked import events
from siked.engine.prepare import prepare
from siked.engine.state import State
from siked.engine.teach import teach
from siked.files import write_atomically
from siked.journal.queries import texts, verdicts

ROWS = "rationales.jsonl"
CARD = "README.md"


def teach_only(state: State) -> None:
    """Prepare and teach; then write the kept rationales and their data card into the run folder."""
    prepare(state)
    teach(state)
    kept = write_rows(state, state.folder / ROWS)
    write_atomically(state.folder / CARD, card(state, kept))
    summary = {"format": 1, "strategies": list(kept), "kept": kept}
    finished = events.RunFinished(**state.named("taught"), run=str(state.folder), summary=summary)
    state.emit("siked_run_finished", finished)


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
    used = texts.teacher_usage_by_strategy(state.journal)
    rows = []
    for row in verdicts.teaching_funnel(state.journal):
        prompt, written, cost = used.get(row["strategy"], (0, 0, 0.0))
        spent = {"prompt_tokens": prompt, "completion_tokens": written, "cost": cost}
        rows.append({**row, "kept": kept[row["strategy"]], **spent})
    return rows


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
    judge = state.judging["labels"].key
    who = [f"- `{name}`: {_teacher(state, name)}" for name in state.strategies]
    problems = len(state.journal.load_problems("train"))
    limit = config.dataset.limit
    limited = f" (the first {limit}, by `dataset.limit`)" if problems == limit else ""
    flagged = "left out" if config.drop_flagged else "kept, with their `flags`"
    return "\n".join(
        [
            f"# Rationales for {config.dataset.name}",
            "",
            f"{sum(kept.values())} verified rationales for {problems} training problems of"
            f" `{config.dataset.name}`{limited}, one JSON object a line in `{ROWS}`: `problem_id`,"
            " `question`, `strategy`, `sample`, `text` (without the strategy's tag), `answer`, `flags`."
            " siked's backend `replay` reads them back.",
            "",
            "Written by:",
            "",
            *who,
            "",
            f"Verified by `{judge.verifier}` {judge.version}. Correct rationales whose reasoning"
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
    found = verdicts.taught(state.journal, strategy, flagged=not state.config.drop_flagged)
    for name, question, sample, text, answer, flags in found:
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
