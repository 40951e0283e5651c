"""Figures of the pages in docs/results, drawn from their tables.

    python tests/bench/draw.py docs/assets

Each number is read from the page, so a figure says nothing that its table does not.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path

from markdown_it import MarkdownIt

RESULTS = Path(__file__).parents[2] / "docs" / "results"
WIDTH, LABEL, ROW, TOP, END = 800, 290, 30, 34, 90
OWN = re.compile(r"^siked\b")


def table(page: str, number: int = 0) -> list[list[str]]:
    """Return the rows of a table of a page as text, the head first."""
    rows: list[list[str]] = []
    seen = -1
    for token in MarkdownIt("commonmark").enable("table").parse((RESULTS / page).read_text(encoding="utf-8")):
        seen += token.type == "table_open"
        if seen == number and token.type == "tr_open":
            rows.append([])
        if seen == number and token.type == "inline" and rows:
            rows[-1].append(token.content.replace("`", ""))
        if seen > number:
            break
    return rows


def number(text: str) -> float | None:
    """Return the first number of a cell, None where there is none."""
    found = re.match(r"[\d,]+(?:\.\d+)?", text)
    return float(found[0].replace(",", "")) if found else None


def bars(
    title: str, rows: Sequence[tuple[str, float]], show: Callable[[float], str], log: bool = False
) -> str:
    """Return bars beside each other's names; with ``log``, dots on an axis of powers of ten."""
    most = max(value for _, value in rows)
    low = math.floor(math.log10(min(value for _, value in rows))) if log else 0.0
    high = math.ceil(math.log10(most)) if log else most
    place = (lambda v: math.log10(v)) if log else (lambda v: v)
    room = WIDTH - LABEL - END
    height = TOP + ROW * len(rows) + (22 if log else 6)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img"'
        ' font-family="system-ui, sans-serif" font-size="14">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{height}" rx="10" fill="#f4f9f8"/>',
        f'<text x="14" y="22" font-weight="600" fill="#123b37">{escape(title)}</text>',
    ]
    for power in range(int(low), int(high) + 1) if log else ():
        x = LABEL + room * (power - low) / (high - low)
        bottom = TOP + ROW * len(rows)
        parts.append(f'<path d="M{x:.0f} {TOP}V{bottom}" stroke="#cfe0dd"/>')
        text = f'<text x="{x:.0f}" y="{bottom + 16}" text-anchor="middle" fill="#47635f" font-size="12">'
        parts.append(f"{text}{10**power:,}</text>")
    for at, (name, value) in enumerate(rows):
        y = TOP + ROW * at + ROW / 2
        x = LABEL + room * (place(value) - low) / (high - low)
        colour = "#00796b" if OWN.match(name) else "#8aa6a2"
        parts.append(
            f'<text x="{LABEL - 12}" y="{y + 5:.0f}" text-anchor="end" fill="#123b37">{escape(name)}</text>'
        )
        if log:
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.0f}" r="6" fill="{colour}"/>')
        else:
            parts.append(
                f'<rect x="{LABEL}" y="{y - 9:.0f}" width="{x - LABEL:.1f}" height="18" fill="{colour}"/>'
            )
        parts.append(f'<text x="{x + 12:.1f}" y="{y + 5:.0f}" fill="#123b37">{escape(show(value))}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def column(rows: list[list[str]], head: str) -> list[tuple[str, float]]:
    """Return (name, number) of the rows that have a number under a head."""
    at = rows[0].index(head)
    found = [(row[0], number(row[at])) for row in rows[1:]]
    return [(name, value) for name, value in found if value is not None]


def figures() -> dict[str, str]:
    """Return all figures by file name."""
    return {
        "answers.svg": bars(
            "625 adversarial endings: share judged rightly, %",
            column(table("answers-bench.md", 1), "accuracy"),
            lambda value: f"{value:.1f}",
        ),
        "programs.svg": bars(
            "Programs with fractions, a second (powers of ten)",
            column(table("execution-bench.md"), "fractions"),
            lambda value: f"{value:,.0f}",
            log=True,
        ),
        "generation.svg": bars(
            "48 prompts with SmolLM2-135M: median seconds, less is better",
            column(table("generation-bench.md"), "median s"),
            lambda value: f"{value:.2f}",
        ),
    }


if __name__ == "__main__":
    for name, text in figures().items():
        (Path(sys.argv[1]) / name).write_text(text, encoding="utf-8")
