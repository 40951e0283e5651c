"""A run as tables on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from siked.engine.run import Run
from siked.engine.stats import score

WIDE = 180
"""Columns where the output is no terminal, so that a table in a file is never broken."""

_SOURCES = ("teacher", "student")

CONTROLS = {
    "equal-steps": "Combined, equal steps",
    "off-policy": "base on last mixture, its epochs",
    "off-policy-steps": "base on last mixture, all steps",
    "permuted": "tags permuted over problems",
}
"""What the controls are called in tables."""


def print_run(folder: Path) -> None:
    """Print the tables of a finished run, or how far an unfinished one is."""
    from rich.console import Console

    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=WIDE)
    run = Run(folder)
    if not (folder / "summary.json").exists():
        _print_progress(console, run)
        return
    summary = run.summary
    console.print(
        f"[bold]{summary['run']}[/bold]: {summary['student']} taught by {_teacher(summary['teacher'])} on "
        f"{summary['dataset']}, strategies {', '.join(summary['strategies'])}, seed {summary['seed']}"
    )
    console.print(accuracy_table(summary))
    console.print(mixture_table(summary))
    console.print(source_table(summary))
    if any(values.get("choice_quality") for values in summary["iterations"]):
        console.print(choice_table(summary))
    if summary.get("votes"):
        console.print(votes_table(summary))
    console.print(funnel_table(run))
    for row in summary.get("labels", []):
        console.print(labels_line(row))
    console.print(
        f"best iteration by dev: {summary['best_iteration']}; stopped because: {summary['stopped_because']}"
    )
    console.print(f"time: {_times(summary)}")


def accuracy_table(summary: Mapping[str, Any]) -> Any:
    """Return accuracy by student and set, in per cent with 95 % Wilson intervals."""
    from rich.table import Table

    rows = students(summary)
    sets = list(rows[0][1]["accuracy"])
    for _, values in rows:
        sets += [name for name in values["accuracy"] if name not in sets]
    table = Table(title="Accuracy, free choice of strategy (%)", title_justify="left")
    table.add_column("student", no_wrap=True)
    for name in sets:
        table.add_column(name, justify="right")
    table.add_column("any strategy (dev)", justify="right")
    for label, values in rows:
        cells = [cell(values["accuracy"].get(name)).replace(" [", "\n[") for name in sets]
        any_strategy = values["any_strategy"]
        table.add_row(label, *cells, "" if any_strategy is None else f"{100 * any_strategy:.1f}")
    return table


def mixture_table(summary: Mapping[str, Any]) -> Any:
    """Return what each iteration trained on and what the student then chose."""
    from rich.table import Table

    names = summary["strategies"]
    table = Table(title="Mixture, choice on dev, forced accuracy on dev", title_justify="left")
    for column in ("student", "rows", "alpha", "KL", "tag entropy", "steps"):
        table.add_column(
            column, justify="left" if column == "student" else "right", no_wrap=column == "student"
        )
    table.add_column("mixture " + "/".join(names), justify="right")
    table.add_column("choice " + "/".join([*names, "none"]), justify="right")
    table.add_column("forced " + "/".join(names), justify="right")
    for label, values in students(summary):
        table.add_row(
            label,
            str(values["rows"]),
            f"{values['alpha']:.2f}",
            "" if values["kl"] is None else f"{values['kl']:.3f}",
            f"{values['tag_entropy']:.2f}",
            str(values["training"]["steps"]),
            _shares(values["shares"], names),
            _shares(values["choice"], [*names, "none"]),
            _shares(values["forced"], names),
        )
    return table


def source_table(summary: Mapping[str, Any]) -> Any:
    """Return who wrote the rows of each mixture, what its schedule was to reach, and what was left out."""
    from rich.table import Table

    names = summary["strategies"]
    table = Table(title="Mixture by source", title_justify="left")
    table.add_column("student", no_wrap=True)
    for column in ("loss tokens", "alpha by tokens", *(f"{who} {'/'.join(names)}" for who in _SOURCES)):
        table.add_column(column, justify="right")
    table.add_column("asked and reached")
    table.add_column("left out")
    for label, values in students(summary):
        table.add_row(
            label,
            str(values["loss_tokens"]),
            f"{values['alpha_tokens']:.2f}",
            *("/".join(str(values["sources"][who][name]) for name in names) for who in _SOURCES),
            "\n".join(aim_text(aim) for aim in values["aims"]),
            ", ".join(f"{n} {reason}" for reason, n in values["dropped"].items()),
        )
    return table


def aim_text(aim: Mapping[str, Any]) -> str:
    """Return an aim as ``alpha 0.900: 0.850 (the floor is 0.85)``."""
    shown = "{:.0f}" if aim["quantity"] == "tokens" else "{:.3f}"
    text = f"{aim['quantity']} {shown.format(aim['asked'])}: {shown.format(aim['reached'])}"
    return f"{text} ({aim['why']})" if aim["why"] else text


def choice_table(summary: Mapping[str, Any]) -> Any:
    """Return how good the choice of strategy is on dev: the most probable tag against what each solves."""
    from rich.table import Table

    table = Table(title="Choice of strategy by the probability of its tag, dev (%)", title_justify="left")
    table.add_column("student", no_wrap=True)
    for column in ("tags", "chosen", "drawn", "best single", "best each", "concordance"):
        table.add_column(column, justify="right")
    for label, values in students(summary):
        found = values.get("choice_quality")
        if found:
            keys = ("mass", "chosen", "expected", "best_single", "oracle", "concordance")
            numbers = ["" if found[key] is None else f"{100 * found[key]:.1f}" for key in keys]
            table.add_row(label, *numbers)
    return table


def votes_table(summary: Mapping[str, Any]) -> Any:
    """Return what several texts to a problem are worth, by the number of texts."""
    from rich.table import Table

    table = Table(title="Several texts to a problem, last student (%)", title_justify="left")
    table.add_column("how", no_wrap=True)
    table.add_column("texts", justify="right")
    for name in summary["votes"]:
        table.add_column(name, justify="right")
    columns = list(summary["votes"].values())
    for rows in zip(*columns, strict=True):
        table.add_row(votes_label(rows[0]["mode"]), str(rows[0]["texts"]), *(cell(row) for row in rows))
    return table


def labels_line(row: Mapping[str, Any]) -> str:
    """Return how far labels made without golds can be trusted, where there are golds."""
    text = f"labels by {row['labeller']}, {row['step']}: {row['labelled']} of {row['problems']} problems"
    if not row["with_gold"]:
        return text
    return f"{text}; {row['wrong']} of {row['with_gold']} with a gold are wrong ({100 * row['error']:.1f} %)"


def votes_label(mode: str) -> str:
    """Return a mode of scoring in words."""
    kind, _, strategy = mode.partition(":")
    return {
        "free": "the student chooses",
        "forced": f"always {strategy}",
        "any": "any of the strategies is right",
        "majority": f"majority of samples of {strategy}" if strategy else "majority of the strategies",
        "pass": f"any of the samples of {strategy} is right",
    }.get(kind, mode)


def funnel_table(run: Run) -> Any:
    """Return how many rationales of each source and strategy were asked, whole, right, flagged."""
    from rich.table import Table

    table = Table(title="Rationales for training", title_justify="left")
    for column in ("step", "strategy", "asked", "whole", "well-formed", "correct", "flagged", "unverified"):
        table.add_column(column, justify="right" if column not in ("step", "strategy") else "left")
    for row in funnel(run):
        table.add_row(*(str(row[key]) for key in row))
    return table


def funnel(run: Run) -> list[dict[str, Any]]:
    """Return the funnel's rows, teacher first, then each iteration."""
    return run.journal.rows(
        "SELECT CASE WHEN q.step LIKE 'teach:%' THEN 'teacher' ELSE 'iteration ' || q.iteration END AS step,"
        " q.strategy, count(*) AS asked, sum(coalesce(r.outcome = 'ok', 0)) AS whole,"
        " sum(coalesce(r.outcome = 'ok' AND v.rule NOT LIKE 'malformed:%', 0)) AS formed,"
        " sum(coalesce(v.status = 'correct', 0)) AS correct, sum(coalesce(v.flags != '', 0)) AS flagged,"
        " sum(coalesce(v.status = 'unverified', 0)) AS unverified"
        " FROM requests q LEFT JOIN rationales r ON r.request = q.id"
        " AND r.attempt = (SELECT max(attempt) FROM rationales WHERE request = q.id)"
        " LEFT JOIN verdicts v ON v.rationale = r.id"
        " WHERE q.track = 'main' AND (q.step LIKE 'teach:%' OR q.step = 'sample')"
        " GROUP BY q.iteration, 1, q.strategy ORDER BY q.iteration, min(q.id)"
    )


def students(summary: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Return (label, numbers) of Combined, the controls, and each iteration."""
    first, *later = summary["iterations"]
    rows: list[tuple[str, Mapping[str, Any]]] = [("Combined (iteration 0)", first)]
    rows += [(CONTROLS.get(control["name"], control["name"]), control) for control in summary["controls"]]
    rows += [(f"SIKeD iteration {values['iteration']}", values) for values in later]
    return rows


def cell(found: Mapping[str, Any] | None) -> str:
    """Return a score as ``41.2 [38.1, 44.3]``, with the unverified where there are any."""
    if found is None:
        return ""
    low, high = found["ci95"]
    text = f"{100 * found['value']:.1f} [{100 * low:.1f}, {100 * high:.1f}]"
    return f"{text} {found['unverified']}?" if found["unverified"] else text


def _print_progress(console: Any, run: Run) -> None:
    console.print(f"[bold]{run.folder.name}[/bold]: not finished; go on with: siked resume {run.folder}")
    steps = run.journal.rows("SELECT track, iteration, step, seconds FROM steps ORDER BY id")
    for row in steps:
        console.print(f"  {row['track']} {row['iteration']} {row['step']}: done in {row['seconds']:.1f} s")
    for row in run.journal.rows("SELECT * FROM evaluations WHERE mode = 'free' ORDER BY id"):
        found = score(row["correct"], row["n"], row["unverified"])
        values = {"value": found.value, "ci95": found.ci95, "unverified": found.unverified}
        name = "dev" if row["split"] == "dev" else row["dataset"]
        console.print(f"  {row['track']} {row['iteration']} on {name}: {cell(values)} of {row['n']}")


def _shares(values: Mapping[str, float], names: list[str]) -> str:
    return "/".join(f"{100 * values.get(name, 0):.0f}" for name in names) if values else ""


def _teacher(teacher: Any) -> str:
    if isinstance(teacher, str):
        return teacher
    return ", ".join(f"{name} by {who}" for name, who in teacher.items())


def _times(summary: Mapping[str, Any]) -> str:
    total: dict[str, float] = {}
    for values in [*summary["iterations"], *summary["controls"]]:
        for step, seconds in values["seconds"].items():
            total[step] = total.get(step, 0) + seconds
    whole = sum(total.values())
    parts = ", ".join(f"{step} {seconds:.0f}" for step, seconds in total.items() if seconds >= 0.5)
    return f"{whole:.0f} s ({parts})"


__all__ = [
    "accuracy_table",
    "aim_text",
    "cell",
    "funnel",
    "mixture_table",
    "print_run",
    "source_table",
    "students",
]
