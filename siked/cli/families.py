"""``siked families``: which strategy suits which family of problems, before any self-training.

SIKeD has something to find only where strategies differ. The table shows, for the student of
iteration 0, the accuracy of each forced strategy on each family of the dev problems.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from siked.cli import completing
from siked.text.terminal import one_line, safe

if TYPE_CHECKING:
    from siked.journal.read import Reader

MARGIN = 0.10
"""How far the best strategy of a family is to stand above the next, and "any" above the best one."""
ROUNDING = 1e-9
"""Shares are floats: 0.35 - 0.25 falls short of 0.10."""
WORD_SHARE = 0.80
"""A word gives a family away if more than this share of the problems with it is of that family."""
WORD_LEAST = 30
"""Words in fewer problems than this say nothing."""


@dataclass(frozen=True, slots=True)
class Row:
    """One family: how many dev problems, and the share of them that each strategy solves."""

    family: str
    n: int
    accuracy: Mapping[str, float]
    any_strategy: float


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing that has to hold, whether it does, and the number that says so."""

    name: str
    holds: bool
    detail: str


def family_table(solved: Iterable[tuple[int, str, str, bool]]) -> tuple[list[Row], Row]:
    """Turn (problem, family, strategy, solved) into a row for each family and one for all."""
    by_problem: dict[int, dict[str, bool]] = defaultdict(dict)
    family_of: dict[int, str] = {}
    for problem, family, strategy, right in solved:
        by_problem[problem][strategy] = right
        family_of[problem] = family
    families: dict[str, list[dict[str, bool]]] = defaultdict(list)
    for problem, outcomes in by_problem.items():
        families[family_of[problem]].append(outcomes)
    rows = [_row(family or "(none)", outcomes) for family, outcomes in sorted(families.items())]
    return rows, _row("all", list(by_problem.values()))


def _row(family: str, outcomes: list[dict[str, bool]]) -> Row:
    n = len(outcomes)
    strategies = sorted({strategy for one in outcomes for strategy in one})
    accuracy = {s: sum(one.get(s, False) for one in outcomes) / n for s in strategies}
    return Row(family, n, accuracy, sum(any(one.values()) for one in outcomes) / n)


def criteria(rows: list[Row], total: Row, telling: Mapping[str, float]) -> list[Criterion]:
    """Check what makes a data set and a student a real experiment for SIKeD.

    ``telling`` maps each frequent word to the share of its problems that are of one family.
    """
    checks = []
    for strategy in sorted(total.accuracy):
        leads = {
            row.family: row.accuracy[strategy] - max(v for s, v in row.accuracy.items() if s != strategy)
            for row in rows
            if len(row.accuracy) > 1
        }
        family, lead = max(leads.items(), key=lambda item: item[1], default=("no family", 0.0))
        detail = f"{_points(lead)} ahead of the next on {family}"
        checks.append(
            Criterion(f"{strategy} is best on a family by 10 points", lead >= MARGIN - ROUNDING, detail)
        )
    name, best = max(total.accuracy.items(), key=lambda item: item[1])
    gap = total.any_strategy - best
    detail = f"{name} alone solves {best:.1%}, any strategy {total.any_strategy:.1%}"
    checks.append(
        Criterion("the best single strategy is 10 points below any", gap >= MARGIN - ROUNDING, detail)
    )
    word, share = max(telling.items(), key=lambda item: item[1], default=("", 0.0))
    detail = f"most telling is {word!r}: {share:.0%} of its problems are of one family"
    checks.append(Criterion("no single word gives the family away", share <= WORD_SHARE, detail))
    return checks


def telling_words(problems: Iterable[tuple[str, str]]) -> dict[str, float]:
    """Map each frequent word or number of (family, question) pairs to its largest family's share."""
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for family, question in problems:
        for word in set(re.findall(r"[^\W\d_]+|\d+", question.lower())):
            seen[word][family] += 1
    return {w: max(c.values()) / c.total() for w, c in seen.items() if c.total() >= WORD_LEAST}


def _points(share: float) -> str:
    return f"{100 * share:+.1f} points"


def read_table(reader: Reader, iteration: int) -> tuple[list[Row], Row]:
    """Read the table from a journal.

    Raises :class:`siked.errors.UsageError` where the run has no forced evaluation of that iteration.
    """
    from siked.errors import UsageError
    from siked.journal.queries.verdicts import by_family

    solved = by_family(reader, iteration)
    if not solved:
        raise UsageError(
            f"{reader.path}: no forced evaluation on dev at iteration {iteration}; "
            "run with evaluate.forced=true and wait for that iteration."
        )
    return family_table(solved)


def _newest(root: Path) -> Path:
    from siked.errors import UsageError

    found = sorted(root.glob("*/run.db"), key=lambda path: path.stat().st_mtime)
    if not found:
        raise UsageError("no run folder given and none under runs/; write siked families RUN")
    return found[-1].parent


def _print(rows: list[Row], total: Row, checks: list[Criterion], iteration: int) -> None:
    strategies = sorted(total.accuracy)
    names = [one_line(row.family, 60) for row in [*rows, total]]
    width = max(map(len, names)) + 2
    click.echo(f"Accuracy in percent on dev with a forced strategy, iteration {iteration}\n")
    click.echo(f"{'family':<{width}}{'n':>5}" + "".join(f"{safe(s):>8}" for s in [*strategies, "any"]))
    for name, row in zip(names, [*rows, total], strict=True):
        values = [*(row.accuracy[s] for s in strategies), row.any_strategy]
        click.echo(f"{name:<{width}}{row.n:>5}" + "".join(f"{100 * v:>8.1f}" for v in values))
    click.echo("")
    for check in checks:
        click.echo(f"{'yes' if check.holds else 'NO ':<4} {safe(check.name)} ({one_line(check.detail)})")


def _json(rows: list[Row], total: Row, checks: list[Criterion], iteration: int) -> str:
    def plain(row: Row) -> dict[str, object]:
        return {"family": row.family, "n": row.n, "forced": dict(row.accuracy), "any": row.any_strategy}

    return json.dumps(
        {
            "iteration": iteration,
            "families": [plain(row) for row in rows],
            "all": plain(total),
            "criteria": [{"name": c.name, "holds": c.holds, "detail": c.detail} for c in checks],
        },
        indent=2,
    )


@click.command("families")
@click.argument("run", required=False, type=click.Path(path_type=Path), shell_complete=completing.run)
@click.option("--iteration", default=0, show_default=True, help="Which student.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
@click.option("--check", is_flag=True, help="Exit with 1 unless everything holds.")
def command(run: Path | None, iteration: int, as_json: bool, check: bool) -> None:
    """Show which strategy suits which family of problems in RUN (default: the newest under runs/).

    Each strategy should be best on some family by 10 points, the best one alone 10 points below
    what any of them solves, and no word of a question should name its family. Otherwise there is
    little for SIKeD to find.
    """
    from siked.journal.queries.texts import questions
    from siked.journal.read import Reader

    reader = Reader.at(run or _newest(Path("runs")))
    try:
        rows, total = read_table(reader, iteration)
        texts = questions(reader)
    finally:
        reader.close()
    checks = criteria(rows, total, telling_words(texts))
    if as_json:
        click.echo(_json(rows, total, checks, iteration))
    else:
        _print(rows, total, checks, iteration)
    if check and not all(c.holds for c in checks):
        sys.exit(1)
