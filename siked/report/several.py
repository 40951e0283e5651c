"""Several runs as one page, each compared with the first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from siked.engine.state import MAIN
from siked.errors import UsageError
from siked.journal.queries import trainings
from siked.report import compared, figures, standing, tables
from siked.report.figures import Figure, Point, Series, plain
from siked.report.pages import render
from siked.report.tables import Table
from siked.report.trainings import LOSS
from siked.runs.diff import Apart, Result, Side, results_of, settings_of, side, versions_of
from siked.runs.reading import shown
from siked.runs.run import Run
from siked.runs.study.compare import holm

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
MOST = 8
"""Problems of a set that one of two runs solves alone that are listed."""


@dataclass(frozen=True, slots=True)
class Member:
    """One of the runs under its letter."""

    letter: str
    run: Run
    summary: Mapping[str, Any]
    side: Side


@dataclass(frozen=True, slots=True)
class Against:
    """What a later run is against the first."""

    letter: str
    results: list[Result]
    apart: list[Apart]


def members(folders: Sequence[Path]) -> list[Member]:
    """Open runs for a page of several, under the letters A, B, ...; raises UsageError for a folder that is
    none and for more than there are letters."""
    if len(folders) > len(LETTERS):
        raise UsageError(
            f"{len(folders)} runs: a page holds {len(LETTERS)} at most; a study holds any number"
        )
    if len({folder.resolve() for folder in folders}) < len(folders):
        raise UsageError("one run is named twice")
    found = []
    for letter, folder in zip(LETTERS, folders, strict=False):
        with shown(folder):
            run = Run(folder)
            found.append(Member(letter, run, standing.summary_of(run), side(run, "last")))
    return found


def page(runs: Sequence[Member]) -> str:
    """Return the page of at least two runs."""
    against = compare(runs)
    return render(
        "several.html.j2",
        title=f"{len(runs)} runs",
        runs=runs_table(runs),
        told=[compared.verdict(r, one.letter) for one in against for r in one.results if r.n],
        notes=[line for one in against for line in _notes(one)],
        seed=compared.SEED,
        results=results(runs),
        differences=differences(against),
        settings=_differing("Settings that differ", "setting", [settings_of(one.run) for one in runs]),
        versions=_differing("Versions that differ", "what", [versions_of(one.run) for one in runs]),
        mixtures=mixtures(runs),
        chosen=chosen(runs),
        legend=[(name, figures.colour(at, name)) for at, name in enumerate(_strategies(runs))],
        figures=several_figures(runs),
        apart=compared.apart(_first(against[0].apart)) if len(runs) == 2 else None,
        left_out=len(against[0].apart) - len(_first(against[0].apart)),
    )


def several_figures(runs: Sequence[Member]) -> list[Figure]:
    """Return the figures of a page of several runs."""
    made = []
    for name in _sets(runs):
        series = [
            Series(one.letter, figures.colour(at), _scores(one.summary, name)) for at, one in enumerate(runs)
        ]
        there = [one for one in series if one.points]
        made.append(figures.lines(f"{name}, %", there, "{:.1f}".format, name=f"accuracy-{plain(name)}"))
    anyone = [
        Series(
            one.letter,
            figures.colour(at),
            [
                Point(v["iteration"], 100 * v["any_strategy"])
                for v in one.summary["iterations"]
                if v["any_strategy"] is not None
            ],
        )
        for at, one in enumerate(runs)
    ]
    there = [one for one in anyone if one.points]
    if there:
        made.append(figures.lines("dev by any strategy, %", there, "{:.1f}".format, name="any-strategy"))
    return [*made, *_losses(runs), *_choices(runs)]


def several_tables(runs: Sequence[Member]) -> list[Table]:
    """Return the tables of results of a page of several runs that have rows."""
    made = (runs_table(runs), results(runs), differences(compare(runs)), chosen(runs), mixtures(runs))
    return [table for table in made if table.rows]


def compare(runs: Sequence[Member]) -> list[Against]:
    """Return each run but the first against it; ``p_holm`` is over all runs and test sets."""
    first, *others = runs
    found = [Against(one.letter, *results_of(first.run, one.run, (first.side, one.side))) for one in others]
    tests = [result for one in found for result in one.results if result.set != "dev"]
    adjusted = iter(holm([result.p for result in tests]))
    return [
        replace(
            one,
            results=[r if r.set == "dev" else replace(r, p_holm=next(adjusted)) for r in one.results],
        )
        for one in found
    ]


def runs_table(runs: Sequence[Member]) -> Table:
    """Return what each letter stands for."""
    columns = ["run", "folder", "state", "student", "teacher", "data", "schedule", "seed", "iteration"]
    rows = []
    for one in runs:
        settings = settings_of(one.run)
        rows.append(
            [
                one.letter,
                one.side.run,
                "finished" if one.side.finished else "not finished",
                one.summary["student"],
                tables.teacher_of(one.summary["teacher"]),
                one.summary["dataset"],
                settings.get("schedule.name", ""),
                str(one.side.seed),
                "none" if one.side.iteration is None else str(one.side.iteration),
            ]
        )
    return Table("Runs", columns, rows, frozenset(columns[1:7]))


def results(runs: Sequence[Member]) -> Table:
    """Return the accuracy of each run's student that is compared, by set."""
    names = _sets(runs)
    rows = []
    for one in runs:
        values = _compared(one)
        if values is not None:
            scores = [tables.cell(values["accuracy"].get(name)).replace(" [", "\n[") for name in names]
            rows.append([one.letter, *scores, tables.percent(values["any_strategy"])])
    return Table("Accuracy, free choice of strategy (%)", ["run", *names, "any strategy (dev)"], rows)


def differences(against: Sequence[Against]) -> Table:
    """Return each run against the first, problem by problem."""
    columns = ["set", "run", "minus A, points", "p", "p (Holm)", "problems", "both", "A alone", "it alone"]
    rows = [
        [
            result.set,
            one.letter,
            compared.difference(result),
            compared.chance(result.p),
            compared.chance(result.p_holm),
            *(str(n) for n in (result.n, result.both, result.lost, result.gained)),
        ]
        for one in against
        for result in one.results
        if result.n
    ]
    return Table("Against A, problem by problem", columns, rows, frozenset({"run"}))


def mixtures(runs: Sequence[Member]) -> Table:
    """Return what each run trained on at each iteration."""
    names = _strategies(runs)[:-1]
    columns = [
        "run",
        "iteration",
        "rows",
        "alpha",
        "KL",
        "tag entropy",
        "steps",
        "mixture " + "/".join(names),
    ]
    rows = [
        [
            one.letter,
            str(v["iteration"]),
            str(v["rows"]),
            tables.share(v["alpha"]),
            tables.nats(v["kl"]),
            f"{v['tag_entropy']:.2f}",
            str(v["training"]["steps"]),
            tables.shares_of(v["shares"], names),
        ]
        for one in runs
        for v in one.summary["iterations"]
    ]
    return Table("Mixtures", columns, rows)


def chosen(runs: Sequence[Member]) -> Table:
    """Return the shares of strategies in the choice of each compared student, by set."""
    every, names = _strategies(runs), _sets(runs)
    rows = []
    for one in runs:
        found = _choice(one)
        if found:
            rows.append([one.letter, *(tables.shares_of(found.get(name, {}), every) for name in names)])
    return Table(f"Strategies chosen, {'/'.join(every)} (%)", ["run", *names], rows)


def _first(apart: Sequence[Apart]) -> list[Apart]:
    return [one for name in dict.fromkeys(a.set for a in apart) for one in _of_set(apart, name)[:MOST]]


def _of_set(apart: Sequence[Apart], name: str) -> list[Apart]:
    return [one for one in apart if one.set == name]


def _notes(one: Against) -> list[str]:
    here = [r.set for r in one.results if r.a and not r.b]
    there = [r.set for r in one.results if r.b and not r.a]
    told = [f"in A and not in {one.letter}: {', '.join(here)}"] if here else []
    told += [f"in {one.letter} and not in A: {', '.join(there)}"] if there else []
    for result in one.results:
        if result.a and result.b and not result.n:
            told.append(f"{result.set}: {one.letter} has no problem in common with A")
        elif result.a and result.b and result.n < max(result.a["n"], result.b["n"]):
            told.append(f"{result.set}: only {result.n} problems are the same in {one.letter} and in A")
    return told


def _differing(title: str, what: str, values: Sequence[Mapping[str, str]]) -> Table:
    keys = dict.fromkeys(key for one in values for key in one)
    letters = LETTERS[: len(values)]
    rows = [
        [key, *(one.get(key, compared.NOTHING) for one in values)]
        for key in keys
        if len({one.get(key) for one in values}) > 1
    ]
    return Table(title, [what, *letters], rows, frozenset(letters))


def _losses(runs: Sequence[Member]) -> list[Figure]:
    """Return the loss over the steps of the last training of each run."""
    series = []
    for at, one in enumerate(runs):
        own = [t for track, t in trainings.logged(one.run.journal) if track == MAIN]
        if own:
            log = trainings.log(one.run.journal, MAIN, own[-1])
            points = [Point(told.step, told.loss) for told in log]
            series.append(Series(one.letter, figures.colour(at), points))
    if not series:
        return []
    title = "loss of the last training, nats a token"
    return [figures.lines(title, series, LOSS.format, low=0, along="step", name="loss")]


def _choices(runs: Sequence[Member]) -> list[Figure]:
    every, show = _strategies(runs), tables.whole_percent
    made = []
    for name in _sets(runs):
        rows = [(one.letter, _choice(one)[name]) for one in runs if name in _choice(one)]
        if rows:
            title = f"chosen on {name}, %"
            made.append(figures.shares(title, rows, every, show, name=f"choice-{plain(name)}"))
    mixed = [(one.letter, values["shares"]) for one in runs if (values := _compared(one)) is not None]
    if mixed:
        made.append(figures.shares("of the training rows, %", mixed, every, show, name="mixtures"))
    return made


def _choice(one: Member) -> dict[str, dict[str, float]]:
    if one.side.iteration is None:
        return {}
    return tables.choices(one.run.journal).get((MAIN, one.side.iteration), {})


def _compared(one: Member) -> Mapping[str, Any] | None:
    """Return the numbers of the student that is compared."""
    return next((v for v in one.summary["iterations"] if v["iteration"] == one.side.iteration), None)


def _scores(summary: Mapping[str, Any], name: str) -> list[Point]:
    return [
        Point(v["iteration"], 100 * found["value"], (100 * found["ci95"][0], 100 * found["ci95"][1]))
        for v in summary["iterations"]
        if (found := v["accuracy"].get(name))
    ]


def _sets(runs: Sequence[Member]) -> list[str]:
    return list(
        dict.fromkeys(name for one in runs for v in one.summary["iterations"] for name in v["accuracy"])
    )


def _strategies(runs: Sequence[Member]) -> list[str]:
    return [*dict.fromkeys(name for one in runs for name in one.summary["strategies"]), "none"]
