"""A finished run as one page that needs nothing but itself: no script, no font, no network."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from siked.engine.summary import write_atomically
from siked.journal.queries import events, mixtures, texts, verdicts
from siked.report import figures, samples, tables
from siked.report.figures import Point, Series
from siked.report.markup import Child, Html, el
from siked.report.samples import Sample
from siked.report.tables import Table
from siked.runs.run import Run

MOST = 4000
"""Characters of a rationale that are shown."""

_STYLE = Path(__file__).with_name("style.css")


def write_report(folder: Path, out: Path | None = None) -> Path:
    """Write the report of a run, by default as ``report.html`` in its folder; return where.

    Raises :class:`siked.errors.UsageError` where there is no run or it is not finished.
    """
    path = out or folder / "report.html"
    write_atomically(path, page(Run(folder)))
    return path


def page(run: Run) -> str:
    """Return the page; the same for the same folder."""
    summary = run.summary
    style = _STYLE.read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        # Everything is escaped; should that ever fail, the browser still loads and runs nothing.
        el(
            "meta",
            http_equiv="Content-Security-Policy",
            content=f"default-src 'none'; style-src 'sha256-{digest}'",
        ),
        el("meta", name="color-scheme", content="light dark"),
        el("meta", name="generator", content=f"siked {summary['version']}"),
        el("title", f"{summary['run']} - siked"),
        el("style", Html(style)),
    )
    main = el(
        "main",
        _header(run, summary),
        _accuracy(summary),
        _choice(summary),
        _mixtures(summary),
        _votes(summary),
        _rationales(run, summary),
        _provenance(run),
    )
    return f"<!doctype html>\n{el('html', head, el('body', main), lang='en')}\n"


def _header(run: Run, summary: Mapping[str, Any]) -> Html:
    start = events.started(run.journal) or 0.0
    times = f"{tables.times(summary)}; started {_time(start)}; siked {summary['version']}"
    return el(
        "header",
        el("h1", summary["run"]),
        el("p", tables.heading(summary)),
        el("p", tables.ending(summary), class_="strong"),
        el("p", times, class_="faint"),
    )


def _accuracy(summary: Mapping[str, Any]) -> Html:
    panels = []
    for name in tables.sets(summary):
        series = [Series("SIKeD", "ink", _scores(summary["iterations"], name))]
        series += [
            Series(control["name"], figures.colour(at + 3), _scores([control], name))
            for at, control in enumerate(summary["controls"])
        ]
        told = [one for one in series if one.points]
        panels.append(figures.lines(f"{name}, %", told, lambda y: f"{y:.1f}"))
    controls = "; ".join(
        f"{control['name']} is {tables.CONTROLS[control['name']]}"
        for control in summary["controls"]
        if control["name"] in tables.CONTROLS
    )
    # The controls stand between Combined and the later iterations.
    best = summary["best_iteration"]
    marked = best + len(summary["controls"]) if best else 0
    return _section(
        "Accuracy",
        "The student chooses its strategy; a missing tag counts as wrong. Intervals are 95 % Wilson"
        " intervals. Iteration 0 is Combined. The row with a bar is the best iteration by dev.",
        _panels(panels),
        el("p", f"In the figures: {controls}.", class_="faint") if controls else None,
        _table(tables.accuracy(summary), marked=marked),
        _table(tables.stories(summary)),
    )


def _choice(summary: Mapping[str, Any]) -> Html:
    names = summary["strategies"]
    rows = summary["iterations"]
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
    alpha = [Point(v["iteration"], v["alpha"]) for v in rows]
    kl = [Point(v["iteration"], v["kl"]) for v in rows if v["kl"] is not None]
    every = [*names, "none"]
    show = tables.whole_percent
    panels = [
        figures.shares("strategy chosen on dev, %", chosen, every, show) if chosen else None,
        figures.shares("strategy of the training rows, %", mixed, every, show),
        figures.lines("dev when made to use one strategy, %", forced, lambda y: f"{y:.0f}")
        if forced
        else None,
        figures.lines(
            "alpha, the teacher's share of rows",
            [Series("alpha", "ink", alpha)],
            tables.share,
            low=0,
            high=1,
        ),
        figures.lines("KL of mixture and choice, nats", [Series("KL", "ink", kl)], tables.nats, low=0)
        if kl
        else None,
    ]
    return _section(
        "Strategies",
        "KL is that of the mixture's shares from the choice of the student before it. Forced accuracy is what"
        " each strategy reaches on all of dev.",
        figures.legend(every),
        _panels(panels),
        _table(tables.mixture(summary)),
        _table(tables.choice(summary)),
    )


def _mixtures(summary: Mapping[str, Any]) -> Html:
    return _section(
        "Mixtures",
        "Who wrote the rows that were trained on, what the schedule was to reach, and what it left out.",
        _table(tables.source(summary)),
    )


def _votes(summary: Mapping[str, Any]) -> Html | None:
    table = tables.votes(summary)
    if not table.rows:
        return None
    return _section(
        "Several texts to a problem", "What they are worth, each beside its price.", _table(table)
    )


def _rationales(run: Run, summary: Mapping[str, Any]) -> Html:
    strategies = summary["strategies"]
    shown = [
        (
            el("h3", writer.title),
            [_sample(run, sample) for sample in samples.pick(run.journal, writer, strategies)],
        )
        for writer in samples.writers(run.journal, strategies)
    ]
    return _section(
        "Rationales",
        "From what was asked to what was trained on. Whole ones were not cut off, refused or lost; kept ones"
        " stand in the mixture of their iteration. The texts below are drawn by a hash, one of each strategy"
        " and kind.",
        _table(tables.funnel(run)),
        [el("p", line) for line in tables.remarks(summary)],
        shown,
    )


def _sample(run: Run, sample: Sample) -> Html:
    text, more = sample.text[:MOST], len(sample.text) - MOST
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
    return el(
        "details",
        el(
            "summary",
            el("span", sample.kind, class_=f"chip {sample.kind}"),
            f" {sample.strategy} · {sample.problem}",
        ),
        el("p", sample.question),
        el("pre", text, f"\n… {more} more characters" if more > 0 else None, tabindex="0"),
        el("dl", [(el("dt", name), el("dd", value)) for name, value in facts.items() if value]),
        class_="sample",
        open=True if sample.kind == samples.KINDS[0] else None,
    )


def _provenance(run: Run) -> Html:
    manifest = json.loads(_read(run.folder / "manifest.json") or "{}")
    starts = manifest.get("starts", [])
    last = {key: value for key, value in (starts[-1] if starts else {}).items() if key != "components"}
    versions = [[key, _plain(value)] for key, value in {**manifest, "starts": len(starts), **last}.items()]
    versions += [[f"{role} judged by", " ".join(key)] for role, *key in verdicts.verifiers(run.journal)]
    notes = [data["text"] for data in events.events(run.journal, "note")]
    settings = _read(run.folder / "config.yaml")
    return _section(
        "Provenance",
        "What the run was made of and with. Every request, text, verdict and training row stands in run.db.",
        _table(Table("Versions", ["what", "value"], versions, frozenset({"value"}))),
        _table(_components(starts)),
        _table(_from("Problems", texts.problem_counts(run.journal), "split")),
        _table(_from("Students", mixtures.student_table(run.journal), "weights", "sha-256")),
        _table(_from("Calls", texts.calls(run.journal), "backend")),
        _folded("Settings", el("pre", settings, tabindex="0")) if settings else None,
        _folded(f"Notes of the run ({len(notes)})", el("ul", [el("li", note) for note in notes]))
        if notes
        else None,
    )


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


def _table(table: Table, marked: int | None = None) -> Html | None:
    """Return a table as a table that scrolls by itself where it is wider than the page."""
    if not table.rows:
        return None
    kinds = [None if at == 0 or column in table.words else "n" for at, column in enumerate(table.columns)]
    heads = [
        el("th", column, scope="col", class_=kind) for column, kind in zip(table.columns, kinds, strict=True)
    ]
    rows = [
        el(
            "tr",
            el("th", row[0], scope="row"),
            [el("td", cell, class_=kind) for cell, kind in zip(row[1:], kinds[1:], strict=True)],
            class_="best" if at == marked else None,
        )
        for at, row in enumerate(table.rows)
    ]
    made = el("table", el("caption", table.title), el("thead", el("tr", heads)), el("tbody", rows))
    return el("div", made, class_="wide", tabindex="0", role="region", aria_label=table.title)


def _panels(found: Sequence[Html | None]) -> Html:
    return el("div", found, class_="panels")


def _section(title: str, told: str, *children: Child) -> Html:
    return el("section", el("h2", title), el("p", told, class_="faint"), children)


def _folded(title: str, child: Html) -> Html:
    return el("details", el("summary", title), child)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_plain(one)}" for key, one in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
