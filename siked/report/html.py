"""A run as one page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from siked.files import read_text, write_atomically
from siked.journal.queries import events, mixtures, scores, texts, verdicts
from siked.report import figures, finding, samples, standing, tables, trainings
from siked.report.added import added_sections, section_table
from siked.report.figures import Figure, Point, Series, plain
from siked.report.pages import render
from siked.report.samples import Sample
from siked.report.tables import Table
from siked.runs.reading import read_json, shown
from siked.runs.run import Run

Ends = tuple[float | None, float | None]
"""Fixed ends of a scale."""
MOST = 4000
"""Characters of a rationale that are shown."""


def write_report(folder: Path, out: Path | None = None, run: Run | None = None) -> Path:
    """Write the report of a run, by default as ``report.html`` in its folder; return where.

    Of a run that is not finished it tells what there is and what is left.
    Raises :class:`siked.errors.UsageError` where there is no run.
    """
    path = out or folder / "report.html"
    with shown(folder):
        text = page(run or Run(folder))
    write_atomically(path, text)
    return path


def page(run: Run) -> str:
    """Return the page; the same for the same folder."""
    finished = standing.finished(run)
    summary = standing.summary_of(run)
    names = [*summary["strategies"], "none"]
    best = summary["best_iteration"]
    return render(
        "report.html.j2",
        title=summary["run"],
        version=summary["version"],
        summary=summary,
        finished=finished,
        standing=standing.table(run),
        tables=tables,
        finding=finding.sentence(summary) if finished else standing.sentence(run, summary),
        started=_time(events.started(run.journal) or 0.0),
        accuracy_figures=accuracy_figures(summary),
        controls=_controls(summary),
        # The controls stand between Combined and the later iterations.
        best_row=best + len(summary["controls"]) if best else 0,
        legend=[(name, figures.colour(at, name)) for at, name in enumerate(names)],
        choice_figures=choice_figures(run, summary),
        chosen=tables.chosen(run, summary),
        families=tables.families(run, summary),
        funnel=tables.funnel(run),
        training_figures=trainings.panels(run.journal),
        training=trainings.table(run.journal),
        samples=_samples(run, summary["strategies"]),
        added=[(section, section_table(section)) for section in added_sections(run)] if finished else [],
        provenance=_provenance(run),
        settings=_read(run.folder / "config.yaml"),
        notes=[data["text"] for data in events.events(run.journal, "note")],
    )


def run_figures(run: Run) -> list[Figure]:
    """Return the figures of a run that have anything to show."""
    summary = standing.summary_of(run)
    made = [*accuracy_figures(summary), *choice_figures(run, summary)] if summary["iterations"] else []
    return [*made, *trainings.panels(run.journal)]


def accuracy_figures(summary: Mapping[str, Any]) -> list[Figure]:
    """Return a figure for each set that was scored."""
    panels = []
    for name in tables.sets(summary):
        series = [Series("SIKeD", "ink", _scores(summary["iterations"], name))]
        series += [
            Series(control["name"], figures.colour(at + 3), _scores([control], name))
            for at, control in enumerate(summary["controls"])
        ]
        told = [one for one in series if one.points]
        panels.append(figures.lines(f"{name}, %", told, lambda y: f"{y:.1f}", name=f"accuracy-{plain(name)}"))
    return panels


def _controls(summary: Mapping[str, Any]) -> str:
    return "; ".join(
        f"{control['name']} is {tables.CONTROLS[control['name']]}"
        for control in summary["controls"]
        if control["name"] in tables.CONTROLS
    )


def choice_figures(run: Run, summary: Mapping[str, Any]) -> list[Figure]:
    """Return figures of what was chosen, mixed, and reached by one strategy and by any."""
    names, rows = summary["strategies"], summary["iterations"]
    every, show = [*names, "none"], tables.whole_percent
    panels = [
        figures.shares(f"chosen on {where}, %", chosen, every, show, name=f"choice-{plain(where)}")
        for where, chosen in _chosen(run, summary).items()
    ]
    if rows:
        mixed = [(f"iteration {v['iteration']}", v["shares"]) for v in rows]
        panels.append(figures.shares("of the training rows, %", mixed, every, show, name="mixtures"))
    forced = [
        Series(
            name,
            figures.colour(at),
            _points([{**v, "of": v["forced"].get(name)} for v in rows], lambda v: v["of"], 100),
        )
        for at, name in enumerate(names)
    ]
    reached = [
        Series("any strategy", "ink", _points(rows, lambda v: v["any_strategy"], 100)),
        Series("its choice", "none", _points(rows, lambda v: v["accuracy"].get("dev", {}).get("value"), 100)),
    ]
    lines: list[tuple[str, str, list[Series], Callable[[float], str], Ends]] = [
        ("dev by any strategy and by its choice, %", "any-strategy", reached, "{:.1f}".format, (None, None)),
        ("dev when made to use one strategy, %", "forced", forced, "{:.0f}".format, (None, None)),
        (
            "alpha, the teacher's share of rows",
            "alpha",
            [Series("alpha", "ink", _points(rows, lambda v: v["alpha"]))],
            tables.share,
            (0, 1),
        ),
        (
            "KL of mixture and choice, nats",
            "kl",
            [Series("KL", "ink", _points(rows, lambda v: v["kl"]))],
            tables.nats,
            (0, None),
        ),
    ]
    for title, file, series, form, (low, high) in lines:
        there = [one for one in series if one.points]
        if there:
            panels.append(figures.lines(title, there, form, low=low, high=high, name=file))
    return panels


def _chosen(run: Run, summary: Mapping[str, Any]) -> dict[str, list[tuple[str, Mapping[str, float]]]]:
    """Return, by set, the choice of each iteration that was scored on it."""
    found: dict[str, list[tuple[str, Mapping[str, float]]]] = {}
    trained = {values["iteration"] for values in summary["iterations"]}
    for row in scores.evaluations(run.journal, "main"):
        if row.mode == "free" and row.iteration in trained and row.choice:
            found.setdefault(row.set, []).append((f"iteration {row.iteration}", row.choice))
    return found


def _points(
    rows: Sequence[Mapping[str, Any]], pick: Callable[[Mapping[str, Any]], float | None], times: float = 1
) -> list[Point]:
    return [Point(v["iteration"], times * value) for v in rows if (value := pick(v)) is not None]


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
