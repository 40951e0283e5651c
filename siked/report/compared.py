"""Two runs beside each other as tables and sentences: what ``siked diff`` prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from siked.report.tables import Table, cell, nats, share, shares_of
from siked.runs.diff import Apart, Diff, Differing, Mixed, Result, Side

NOTHING = "-"
"""What a run does not have."""
SEED = "one run each: how much of a difference is luck of the seeds, a study with several can tell"


def who(letter: str, one: Side) -> str:
    """Return which run a letter stands for, and which of its students is compared."""
    if one.iteration is None:
        student = "no student was scored yet"
    else:
        student = f"the student of iteration {one.iteration}"
    state = "finished" if one.finished else "not finished"
    return f"{letter}  {one.run}: seed {one.seed}, {state}; {student}"


def tables(found: Diff) -> list[Table]:
    """Return the tables that have rows: settings, versions, data, mixtures, results, choice."""
    made = (
        settings(found.settings),
        _differing("Versions that differ", "what", found.versions),
        data(found),
        mixtures(found.mixtures),
        results(found.results),
        choice(found.results),
    )
    return [table for table in made if table.rows]


def remarks(found: Diff) -> list[str]:
    """Return what is said under the tables: what is the same, what could not be compared, what it shows."""
    lines = []
    if not found.settings:
        lines.append("settings: all the same")
    elif {one.what for one in found.settings} == {"seed"}:
        lines.append("settings: the same but for the seed")
    if not found.versions:
        lines.append("versions: all the same")
    for one in found.results:
        if not (one.a and one.b):
            lines.append(f"{one.set}: scored in {'A' if one.a else 'B'} alone")
        elif not one.n:
            lines.append(f"{one.set}: the runs have no problem in common, so their scores cannot be paired")
        elif one.n < max(one.a["n"], one.b["n"]):
            lines.append(
                f"{one.set}: only {one.n} problems are the same in both runs ({one.a['n']} in A, {one.b['n']}"
                " in B); the difference is over these"
            )
    for letter, side in (("A", found.a), ("B", found.b)):
        if side.iteration is None:
            lines.append(f"{letter} has no student that was scored yet, so there are no results to compare")
    told = [verdict(one) for one in found.results if one.difference is not None]
    return [*lines, *told, *([SEED] if told else [])]


def verdict(one: Result, letter: str = "B") -> str:
    """Return what a paired difference of the run under a letter from A says."""
    assert one.difference is not None
    assert one.ci95 is not None
    low, high = one.ci95
    points = f"{100 * one.difference:+.1f} points {interval(low, high)}"
    if low <= 0 <= high:
        return f"{one.set}: {letter} is not told apart from A ({points})"
    return f"{one.set}: {letter} is {'above' if low > 0 else 'below'} A ({points})"


def interval(low: float, high: float) -> str:
    """Return the ends of an interval of a difference in points."""
    return f"[{100 * low:+.1f}, {100 * high:+.1f}]"


def settings(found: Sequence[Differing]) -> Table:
    """Return the settings that are not the same in both."""
    return _differing("Settings that differ", "setting", found)


def data(found: Diff) -> Table:
    """Return how many problems each run has of each split, and how many are the same."""
    return Table(
        "Problems",
        ["data set", "split", "A", "B", "the same in both"],
        [[one.dataset, one.split, str(one.a), str(one.b), str(one.same)] for one in found.data],
        frozenset({"split"}),
    )


def mixtures(found: Sequence[Mixed]) -> Table:
    """Return what each run trained on at each iteration; a line for each run."""
    names = list(dict.fromkeys(name for one in found for m in (one.a, one.b) if m for name in m["shares"]))
    return Table(
        "Mixtures",
        ["iteration", "run", "rows", "alpha", "KL", "tag entropy", "shares % " + "/".join(names)],
        [
            [
                str(one.iteration),
                letter,
                str(made["rows"]),
                share(made["alpha"]),
                nats(made["kl"]),
                f"{made['tag_entropy']:.2f}",
                shares_of(made["shares"], names),
            ]
            for one in found
            for letter, made in (("A", one.a), ("B", one.b))
            if made
        ],
        frozenset({"run"}),
    )


def results(found: Sequence[Result]) -> Table:
    """Return the accuracy of both on each set, and their paired difference."""
    return Table(
        "Results, free choice of strategy (%)",
        ["set", "A", "B", "B - A", "p", "p (Holm)", "problems", "both", "A alone", "B alone"],
        [
            [
                one.set,
                *(cell(score).replace(" [", "\n[") if score else NOTHING for score in (one.a, one.b)),
                difference(one),
                chance(one.p),
                chance(one.p_holm),
                *(str(n) if one.n else NOTHING for n in (one.n, one.both, one.lost, one.gained)),
            ]
            for one in found
        ],
    )


def difference(one: Result) -> str:
    """Return a paired difference in points with its interval below it."""
    if one.difference is None or one.ci95 is None:
        return NOTHING
    return f"{100 * one.difference:+.1f}\n{interval(*one.ci95)}"


def chance(p: float | None) -> str:
    """Return a p-value."""
    if p is None:
        return NOTHING
    return f"{p:.3f}" if p >= 0.001 else "< 0.001"


def choice(found: Sequence[Result]) -> Table:
    """Return what the students chose on each set."""
    chosen = [score["choice"] for one in found for score in (one.a, one.b) if score]
    names = [name for name in dict.fromkeys(name for one in chosen for name in one) if name != "none"]
    every = [*names, "none"]
    return Table(
        "Choice of strategy (%)",
        ["set", "A " + "/".join(every), "B"],
        [
            [one.set, *(shares_of(s["choice"], every) if s else NOTHING for s in (one.a, one.b))]
            for one in found
        ],
    )


def apart(found: Sequence[Apart]) -> Table:
    """Return the problems that one of the students solves and the other does not."""
    return Table(
        "Solved by one alone",
        ["set", "problem", "by", "gold", "A: strategy", "A: answer", "B: strategy", "B: answer"],
        [
            [
                one.set,
                one.problem,
                one.solved_by.upper(),
                NOTHING if one.a.gold is None else one.a.gold,
                *(text for side in (one.a, one.b) for text in (side.strategy or "none", _short(side.answer))),
            ]
            for one in found
        ],
        frozenset({"problem", "by", "A: strategy", "B: strategy"}),
    )


def texts(one: Apart) -> list[str]:
    """Return the lines of a problem with what both students wrote."""
    lines = [f"{one.set} {one.problem}: solved by {one.solved_by.upper()} alone; gold {one.a.gold}"]
    lines += _indented(one.a.question, 2)
    for letter, side in (("A", one.a), ("B", one.b)):
        answer = NOTHING if side.answer is None else side.answer
        lines.append(f"  {letter}: {side.status}, answer {answer}, rule {side.rule}")
        lines += _indented(side.text, 5)
    return lines


def document(found: Diff, apart: Sequence[Apart], whole: bool) -> dict[str, Any]:
    """Return a comparison as JSON takes it; ``whole`` adds question and texts of the problems."""
    values = {"format": 1, **asdict(found)}
    values["apart"] = [
        {
            "set": one.set,
            "problem": one.problem,
            "solved_by": one.solved_by,
            "gold": one.a.gold,
            **({"question": one.a.question} if whole else {}),
            **{
                letter: {
                    "strategy": side.strategy or None,
                    "status": side.status,
                    "answer": side.answer,
                    "rule": side.rule,
                    **({"text": side.text} if whole else {}),
                }
                for letter, side in (("a", one.a), ("b", one.b))
            },
        }
        for one in apart
    ]
    return values


def _differing(title: str, what: str, found: Sequence[Differing]) -> Table:
    rows = [[one.what, *(NOTHING if value is None else value for value in (one.a, one.b))] for one in found]
    return Table(title, [what, "A", "B"], rows, frozenset({"A", "B"}))


def _indented(text: str, by: int) -> list[str]:
    return [" " * by + line for line in text.strip().splitlines()]


def _short(answer: str | None, most: int = 24) -> str:
    if answer is None:
        return NOTHING
    return answer if len(answer) <= most else answer[: most - 1] + "…"
