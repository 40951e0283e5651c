"""A run as tables of words and figures: what :mod:`siked.report.terminal` prints and
:mod:`siked.report.html` writes, so that the two cannot differ."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from siked.journal import Reader
from siked.journal.queries import scores, verdicts
from siked.runs.run import Run

CONTROLS = {
    "equal-steps": "Combined, equal steps",
    "off-policy": "base on last mixture, its epochs",
    "off-policy-steps": "base on last mixture, all steps",
    "adaptive": "last mixture as in the paper",
    "permuted": "tags permuted over problems",
}
"""What the controls are called in tables."""

_SOURCES = ("teacher", "student")


@dataclass(frozen=True, slots=True)
class Table:
    """A table. A cell may have several lines."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    words: frozenset[str] = frozenset()
    """Columns of words, beside the first one; the others hold figures."""


def heading(summary: Mapping[str, Any]) -> str:
    """Return who was taught by whom on what."""
    return (
        f"{summary['student']} taught by {teacher_of(summary['teacher'])} on {summary['dataset']},"
        f" strategies {', '.join(summary['strategies'])}, seed {summary['seed']}"
    )


def ending(summary: Mapping[str, Any]) -> str:
    """Return which iteration is best and why the run ended."""
    return (
        f"best iteration by dev: {summary['best_iteration']}; stopped because: {summary['stopped_because']}"
    )


def times(summary: Mapping[str, Any]) -> str:
    """Return the seconds of all steps, and of each kind of step."""
    total: dict[str, float] = {}
    for values in [*summary["iterations"], *summary["controls"]]:
        for step, seconds in values["seconds"].items():
            total[step] = total.get(step, 0) + seconds
    whole = sum(total.values())
    parts = ", ".join(f"{step} {seconds:.0f}" for step, seconds in total.items() if seconds >= 0.5)
    return f"time: {whole:.0f} s ({parts})"


def students(summary: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Return (label, numbers) of Combined, the controls, and each iteration."""
    first, later = summary["iterations"][:1], summary["iterations"][1:]
    rows: list[tuple[str, Mapping[str, Any]]] = [("Combined (iteration 0)", values) for values in first]
    rows += [(CONTROLS.get(control["name"], control["name"]), control) for control in summary["controls"]]
    rows += [(f"SIKeD iteration {values['iteration']}", values) for values in later]
    return rows


def sets(summary: Mapping[str, Any]) -> list[str]:
    """Return the sets that any student was scored on, dev first."""
    return list(dict.fromkeys(name for _, values in students(summary) for name in values["accuracy"]))


def accuracy(summary: Mapping[str, Any]) -> Table:
    """Return accuracy by student and set, in per cent with 95 % Wilson intervals."""
    names = sets(summary)
    return Table(
        "Accuracy, free choice of strategy (%)",
        ["student", *names, "any strategy (dev)"],
        [
            [
                label,
                *(cell(values["accuracy"].get(name)).replace(" [", "\n[") for name in names),
                percent(values["any_strategy"]),
            ]
            for label, values in students(summary)
        ]
        + _always(summary, names),
    )


def _always(summary: Mapping[str, Any], names: Sequence[str]) -> list[list[str]]:
    """Return a line for each student that was made to use its best strategy on dev throughout."""
    who = {"main": "SIKeD, last", **CONTROLS}
    return [
        [
            f"{who[row['track']]}, always {row['strategy']}",
            *(cell(row["accuracy"].get(name)).replace(" [", "\n[") for name in names),
            "",
        ]
        for row in summary.get("best_strategy", [])
    ]


def stories(summary: Mapping[str, Any]) -> Table:
    """Return accuracy apart for problems whose story occurs in training, numbers aside, and others; no
    rows where no set has both."""
    split = [
        (name, kind, key, first[key]["n"])
        for first_student in summary["iterations"][:1]
        for name, first in first_student["accuracy"].items()
        for kind, key in (("seen", "seen_body"), ("unseen", "unseen_body"))
        if key in first
    ]
    return Table(
        "Accuracy by whether training told the story, numbers aside (%)",
        ["student", *(f"{name}: {kind} ({n})" for name, kind, _, n in split)],
        [
            [
                label,
                *(
                    cell(values["accuracy"].get(name, {}).get(key)).replace(" [", "\n[")
                    for name, _, key, _ in split
                ),
            ]
            for label, values in students(summary)
            if split
        ],
    )


def mixture(summary: Mapping[str, Any]) -> Table:
    """Return what each iteration trained on and what the student then chose."""
    names = summary["strategies"]
    return Table(
        "Mixture, choice on dev, forced accuracy on dev",
        [
            *("student", "rows", "alpha", "KL", "tag entropy", "steps"),
            "mixture " + "/".join(names),
            "choice " + "/".join([*names, "none"]),
            "forced " + "/".join(names),
        ],
        [
            [
                label,
                str(values["rows"]),
                share(values["alpha"]),
                nats(values["kl"]),
                f"{values['tag_entropy']:.2f}",
                str(values["training"]["steps"]),
                shares_of(values["shares"], names),
                shares_of(values["choice"], [*names, "none"]),
                shares_of(values["forced"], names),
            ]
            for label, values in students(summary)
        ],
    )


def source(summary: Mapping[str, Any]) -> Table:
    """Return who wrote the rows of each mixture, what its schedule was to reach, and what was left out."""
    names = summary["strategies"]
    return Table(
        "Mixture by source",
        [
            *("student", "loss tokens", "alpha by tokens"),
            *(f"{who} {'/'.join(names)}" for who in _SOURCES),
            *("asked and reached", "left out"),
        ],
        [
            [
                label,
                str(values["loss_tokens"]),
                share(values["alpha_tokens"]),
                *("/".join(str(values["sources"][who][name]) for name in names) for who in _SOURCES),
                "\n".join(aim_text(aim) for aim in values["aims"]),
                ", ".join(f"{n} {reason}" for reason, n in values["dropped"].items()),
            ]
            for label, values in students(summary)
        ],
        frozenset({"asked and reached", "left out"}),
    )


def choice(summary: Mapping[str, Any]) -> Table:
    """Return how good the choice of strategy is on dev: the most probable tag against what each solves."""
    keys = ("mass", "chosen", "expected", "best_single", "oracle")
    pairs = ("concordance", "concordance_baseline", "concordance_centred")
    names = summary["strategies"]
    return Table(
        "Choice of strategy by the probability of its tag, dev (%)",
        [
            *("student", "tags", "chosen", "drawn", "best single", "best each"),
            *("concordance", "of a constant", "centred"),
            *("area under the curve " + "/".join(names), "nats"),
        ],
        [
            [
                label,
                *(percent(found.get(key)) for key in (*keys, *pairs)),
                "/".join(percent(found.get("auc", {}).get(name)) or "-" for name in names),
                nats(found.get("information")),
            ]
            for label, values in students(summary)
            if (found := values.get("choice_quality"))
        ],
    )


def choices(journal: Reader) -> dict[tuple[str, int], dict[str, dict[str, float]]]:
    """Return, by (track, iteration) and set, the shares of strategies that a student chose."""
    found: dict[tuple[str, int], dict[str, dict[str, float]]] = {}
    for row in scores.evaluations(journal):
        if row.mode == "free" and row.choice:
            found.setdefault((row.track, row.iteration), {})[row.set] = row.choice
    return found


def chosen(run: Run, summary: Mapping[str, Any]) -> Table:
    """Return the shares of strategies that each student chose on each set, those of controls too."""
    names, where, found = [*summary["strategies"], "none"], sets(summary), choices(run.journal)
    rows = []
    for label, values in students(summary):
        by_set = found.get((values.get("name", "main"), values["iteration"]), {})
        rows.append([label, *(shares_of(by_set.get(name, {}), names) for name in where)])
    return Table(f"Strategies chosen, {'/'.join(names)} (%)", ["student", *where], rows if found else [])


def families(run: Run, summary: Mapping[str, Any]) -> Table:
    """Return, by family of dev problems, what each strategy solves and what is chosen, for Combined and the
    last student; no rows where problems have no families or no strategy was forced."""
    names = summary["strategies"]
    iterations = [values["iteration"] for values in summary["iterations"]]
    rows = []
    for iteration in dict.fromkeys([*iterations[:1], *iterations[-1:]]):
        forced, free = defaultdict(list), defaultdict(list)
        for outcome in verdicts.by_family(run.journal, iteration):
            forced[outcome.family].append(outcome)
        for outcome in verdicts.chosen_by_family(run.journal, iteration):
            free[outcome.family].append(outcome)
        if not forced or set(forced) == {""}:
            continue
        label = "Combined (iteration 0)" if iteration == 0 else f"SIKeD iteration {iteration}"
        for family, outcomes in sorted(forced.items()):
            chosen = Counter(outcome.strategy for outcome in free[family])
            n = max(1, len(free[family]))
            solved = Counter(outcome.strategy for outcome in outcomes if outcome.solved)
            some = {outcome.problem for outcome in outcomes if outcome.solved}
            rows.append(
                [
                    label,
                    family,
                    str(len(free[family])),
                    shares_of({name: solved[name] / n for name in names}, names),
                    shares_of({name: chosen[name] / n for name in names}, names),
                    whole_percent(sum(outcome.solved for outcome in free[family]) / n),
                    whole_percent(len(some) / n),
                ]
            )
    every = "/".join(names)
    columns = (
        "student",
        "family",
        "n",
        f"solved by {every}",
        f"chosen {every}",
        "solved by choice",
        "by any",
    )
    return Table("What works and what is chosen, by family, dev (%)", columns, rows, frozenset({"family"}))


def votes(summary: Mapping[str, Any]) -> Table:
    """Return what several texts to a problem are worth, by the number of texts."""
    found = summary.get("votes", {})
    return Table(
        "Several texts to a problem, last student (%)",
        ["how", "texts", *found],
        [
            [votes_label(rows[0]["mode"]), str(rows[0]["texts"]), *(cell(row) for row in rows)]
            for rows in zip(*found.values(), strict=True)
        ],
    )


def funnel(run: Run) -> Table:
    """Return how many rationales of each source and strategy were asked, whole, right, flagged, kept."""
    columns = (
        *("step", "strategy", "asked", "whole", "well-formed", "correct"),
        *("flagged", "unverified", "kept"),
    )
    cells = [[str(value) for value in row] for row in run.funnel]
    return Table("Rationales for training", columns, cells, frozenset({"strategy"}))


def remarks(summary: Mapping[str, Any]) -> list[str]:
    """Return what is said under the tables: overlap with training, and how far labels can be trusted."""
    overlap = [overlap_line(row) for row in summary.get("overlap", [])]
    return overlap + [labels_line(row) for row in summary.get("labels", [])]


def overlap_line(row: Mapping[str, Any]) -> str:
    """Return how many problems of a set overlap with training, by kind."""
    return (
        f"overlap of {row['set']} ({row['problems']}) with training: {row['same_text']} the same text,"
        f" {row['thirteen_words']} with 13 words in a row, {row['numbers_masked']} the same but for numbers,"
        f" {row['story_masked']} with the same story but for numbers"
    )


def labels_line(row: Mapping[str, Any]) -> str:
    """Return how far labels made without golds can be trusted, where there are golds."""
    text = (
        f"labels by {row['labeller']}, {row['step']}:"
        f" {row['labelled']} of {row['problems']} problems have one"
    )
    if not row["with_gold"]:
        return text
    return f"{text}; {row['wrong']} of {row['with_gold']} with a gold are wrong ({100 * row['error']:.1f} %)"


def aim_text(aim: Mapping[str, Any]) -> str:
    """Return an aim as ``alpha 0.900: 0.850 (the floor is 0.85)``."""
    shown = "{:.0f}" if aim["quantity"] == "tokens" else "{:.3f}"
    text = f"{aim['quantity']} {shown.format(aim['asked'])}: {shown.format(aim['reached'])}"
    return f"{text} ({aim['why']})" if aim["why"] else text


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


def cell(found: Mapping[str, Any] | None) -> str:
    """Return a score as ``41.2 [38.1, 44.3]``, with the unverified where there are any."""
    if found is None:
        return ""
    low, high = found["ci95"]
    text = f"{percent(found['value'])} [{percent(low)}, {percent(high)}]"
    return f"{text} {found['unverified']}?" if found["unverified"] else text


def percent(value: float | None) -> str:
    """Return a share of one in per cent."""
    return "" if value is None else f"{100 * value:.1f}"


def whole_percent(value: float) -> str:
    """Return a share of one in per cent where several stand in one cell."""
    return f"{100 * value:.0f}"


def share(value: float) -> str:
    """Return alpha."""
    return f"{value:.2f}"


def nats(value: float | None) -> str:
    """Return a divergence."""
    return "" if value is None else f"{value:.3f}"


def shares_of(values: Mapping[str, float], names: Sequence[str]) -> str:
    """Return shares of one in whole per cent, in the order of ``names``; nothing where there are none."""
    return "/".join(whole_percent(values.get(name, 0)) for name in names) if values else ""


def teacher_of(teacher: Any) -> str:
    """Return who teaches, of several who teaches what."""
    if isinstance(teacher, str):
        return teacher
    return ", ".join(f"{name} by {who}" for name, who in teacher.items())
