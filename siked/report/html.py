"""A finished run as one page that needs nothing but itself: no script, no font, no network."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from markupsafe import Markup

from siked.files import read_text, write_atomically
from siked.journal.queries import events, mixtures, texts, verdicts
from siked.report import figures, finding, samples, tables, trainings
from siked.report.added import added_sections, section_table
from siked.report.figures import Figure, Point, Series
from siked.report.markup import environment
from siked.report.samples import Sample
from siked.report.tables import Table
from siked.runs.reading import read_json, shown
from siked.runs.run import Run

MOST = 4000
"""Characters of a rationale that are shown."""

_STYLE = Path(__file__).with_name("style.css")


def write_report(folder: Path, out: Path | None = None, run: Run | None = None) -> Path:
    """Write the report of a run, by default as ``report.html`` in its folder; return where.

    Raises :class:`siked.errors.UsageError` where there is no run or it is not finished.
    """
    path = out or folder / "report.html"
    with shown(folder):
        text = page(run or Run(folder))
    write_atomically(path, text)
    return path


def page(run: Run) -> str:
    """Return the page; the same for the same folder."""
    summary = run.summary
    style = _STYLE.read_text(encoding="utf-8")
    names = [*summary["strategies"], "none"]
    best = summary["best_iteration"]
    return (
        environment()
        .get_template("report.html.j2")
        .render(
            summary=summary,
            tables=tables,
            finding=finding.sentence(summary),
            style=Markup(style),
            style_digest=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
            started=_time(events.started(run.journal) or 0.0),
            accuracy_figures=_accuracy_figures(summary),
            controls=_controls(summary),
            # The controls stand between Combined and the later iterations.
            best_row=best + len(summary["controls"]) if best else 0,
            legend=[(name, figures.colour(at, name)) for at, name in enumerate(names)],
            choice_figures=_choice_figures(summary),
            families=tables.families(run),
            funnel=tables.funnel(run),
            training_figures=trainings.panels(run.journal),
            training=trainings.table(run.journal),
            samples=_samples(run, summary["strategies"]),
            added=[(section, section_table(section)) for section in added_sections(run)],
            provenance=_provenance(run),
            settings=_read(run.folder / "config.yaml"),
            notes=[data["text"] for data in events.events(run.journal, "note")],
        )
    )


def _accuracy_figures(summary: Mapping[str, Any]) -> list[Figure]:
    """Return a figure for each set that was scored."""
    panels = []
    for name in tables.sets(summary):
        series = [Series("SIKeD", "ink", _scores(summary["iterations"], name))]
        series += [
            Series(control["name"], figures.colour(at + 3), _scores([control], name))
            for at, control in enumerate(summary["controls"])
        ]
        told = [one for one in series if one.points]
        panels.append(figures.lines(f"{name}, %", told, lambda y: f"{y:.1f}"))
    return panels


def _controls(summary: Mapping[str, Any]) -> str:
    return "; ".join(
        f"{control['name']} is {tables.CONTROLS[control['name']]}"
        for control in summary["controls"]
        if control["name"] in tables.CONTROLS
    )


def _choice_figures(summary: Mapping[str, Any]) -> list[Figure]:
    """Return figures of what was chosen, mixed, and reached where one strategy was forced."""
    names, rows = summary["strategies"], summary["iterations"]
    every, show = [*names, "none"], tables.whole_percent
    chosen = [(f"iteration {v['iteration']}", v["choice"]) for v in rows if v["choice"]]
    mixed = [(f"iteration {v['iteration']}", v["shares"]) for v in rows]
    forced = [
        Series(
            name,
            figures.colour(at),
            [Point(v["iteration"], 100 * v["forced"][name]) for v in rows if v["forced"]],
        )
        for at, name in enumerate(names)
        if any(v["forced"] for v in rows)
    ]
    alpha = [Series("alpha", "ink", [Point(v["iteration"], v["alpha"]) for v in rows])]
    kl = [Point(v["iteration"], v["kl"]) for v in rows if v["kl"] is not None]
    panels = [figures.shares("strategy chosen on dev, %", chosen, every, show)] if chosen else []
    panels.append(figures.shares("strategy of the training rows, %", mixed, every, show))
    if forced:
        panels.append(figures.lines("dev when made to use one strategy, %", forced, lambda y: f"{y:.0f}"))
    panels.append(figures.lines("alpha, the teacher's share of rows", alpha, tables.share, low=0, high=1))
    if kl:
        shown = [Series("KL", "ink", kl)]
        panels.append(figures.lines("KL of mixture and choice, nats", shown, tables.nats, low=0))
    return panels


def _samples(run: Run, strategies: Sequence[str]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Return who wrote rationales and what is shown of each."""
    return [
        (
            writer.title,
            [_shown(run, sample) for sample in samples.pick(run.journal, writer, strategies)],
        )
        for writer in samples.writers(run.journal, strategies)
    ]


def _shown(run: Run, sample: Sample) -> dict[str, Any]:
    facts = {
        "gold": "none" if sample.gold is None else sample.gold,
        "answer found": "none" if sample.answer is None else sample.answer,
        "verdict": f"{sample.status}, by the rule {sample.rule}",
        "flags": sample.flags,
        "program": " ".join(
            filter(None, (sample.program, sample.sandbox and f"in {sample.sandbox}", sample.detail))
        ),
        "outcome": f"{sample.outcome}, {sample.tokens} tokens",
        "trained on": f"siked why {run.folder.name} {sample.row}" if sample.row else "no",
    }
    return {
        "kind": sample.kind,
        "open": sample.kind == samples.KINDS[0],
        "strategy": sample.strategy,
        "problem": sample.problem,
        "question": sample.question,
        "text": sample.text[:MOST],
        "more": len(sample.text) - MOST,
        "facts": facts,
    }


def _provenance(run: Run) -> list[Table]:
    """Return the tables of what the run was made of and with."""
    path = run.folder / "manifest.json"
    manifest = read_json(path) if path.exists() else {}
    starts = manifest.get("starts", [])
    last = {key: value for key, value in (starts[-1] if starts else {}).items() if key != "components"}
    versions = [[key, _plain(value)] for key, value in {**manifest, "starts": len(starts), **last}.items()]
    versions += [[f"{role} judged by", " ".join(key)] for role, *key in verdicts.verifiers(run.journal)]
    return [
        Table("Versions", ["what", "value"], versions, frozenset({"value"})),
        _components(starts),
        _from("Problems", texts.problem_counts(run.journal), "split"),
        _from("Students", mixtures.student_table(run.journal), "weights", "sha-256"),
        _from("Calls", texts.calls(run.journal), "backend"),
    ]


def _components(starts: Sequence[Mapping[str, Any]]) -> Table:
    """A row for each component as it was at one start or more, in order of first use."""
    columns = ["role", "name", "distribution", "version", "fingerprint"]
    found = [record for start in starts for record in start["components"]]
    rows = dict.fromkeys(tuple(str(record[key]) for key in columns) for record in found)
    return Table("Components", columns, list(rows), frozenset(columns))


def _from(title: str, rows: Sequence[Mapping[str, Any]], *words: str) -> Table:
    columns = list(rows[0]) if rows else []
    return Table(title, columns, [[str(value) for value in row.values()] for row in rows], frozenset(words))


def _scores(rows: Iterable[Mapping[str, Any]], name: str) -> list[Point]:
    found = [(values["iteration"], values["accuracy"].get(name)) for values in rows]
    return [
        Point(t, 100 * score["value"], (100 * score["ci95"][0], 100 * score["ci95"][1]))
        for t, score in found
        if score
    ]


def _read(path: Path) -> str:
    return read_text(path) if path.exists() else ""


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_plain(one)}" for key, one in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
