"""``siked diff``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from siked.runs.diff import At, Diff


@click.command()
@click.argument("a", metavar="RUN", type=click.Path(path_type=Path))
@click.argument("b", metavar="RUN", type=click.Path(path_type=Path))
@click.option(
    "--at",
    default="last",
    metavar="last|best|N",
    help="Which students: the last that were scored (default), the best by dev, or iteration N.",
)
@click.option("--set", "only", metavar="NAME", help="Results of this set only: dev or a test set.")
@click.option("--problems", is_flag=True, help="List the problems that one solves and the other does not.")
@click.option("--rationales", is_flag=True, help="Show these problems with what both students wrote.")
@click.option("--most", type=click.IntRange(min=1), default=20, show_default=True, help="Problems to show.")
@click.option("--json", "as_json", is_flag=True, help="Print all of it as JSON; --most does not apply.")
def command(
    a: Path, b: Path, at: str, only: str | None, problems: bool, rationales: bool, most: int, as_json: bool
) -> None:
    """Set a second run beside a first: settings, versions, data, mixtures, results.

    The students' free choices are compared problem by problem: the difference is B's share of problems
    solved less A's over the problems that are the same in both, with the 95 % interval of Agresti and Min;
    p is the mid-p of McNemar's test, and after Holm over the test sets. Runs need not be finished.
    """
    import json
    from dataclasses import replace

    from siked.errors import UsageError
    from siked.report import compared
    from siked.runs.diff import diff
    from siked.runs.reading import shown
    from siked.runs.run import Run

    students = _students(at)
    with shown(a):
        first = Run(a)
    with shown(b):
        second = Run(b)
    with shown(Path(f"{a}, {b}")):
        found = diff(first, second, students)
    if only is not None:
        there = [one.set for one in found.results]
        if only not in there:
            raise UsageError(f"no set {only!r} was scored; there are: {', '.join(there) or 'none yet'}")
        found = replace(
            found,
            results=[one for one in found.results if one.set == only],
            apart=[one for one in found.apart if one.set == only],
        )
    with shown(b):
        if as_json:
            written = compared.document(found, found.apart, rationales)
            click.echo(json.dumps(written, indent=2, ensure_ascii=sys.stdout.isatty()))
        else:
            _print(found, problems, rationales, most)


def _students(text: str) -> At:
    if text == "last":
        return "last"
    if text == "best":
        return "best"
    if text.isascii() and text.isdigit() and len(text) < 10:
        return int(text)
    raise click.BadParameter("write last, best, or the number of an iteration", param_hint="--at")


def _print(found: Diff, problems: bool, rationales: bool, most: int) -> None:
    from siked.report import compared
    from siked.report.terminal import print_table, screen
    from siked.text.terminal import safe

    console = screen()

    def say(line: str) -> None:
        console.print(safe(line), soft_wrap=True)

    say(compared.who("A", found.a))
    say(compared.who("B", found.b))
    for table in compared.tables(found):
        print_table(console, table)
    if problems and found.apart:
        print_table(console, compared.apart(found.apart[:most]))
    if rationales:
        for one in found.apart[:most]:
            say("")
            for line in compared.texts(one):
                say(line)
    if (problems or rationales) and len(found.apart) > most:
        say(f"{most} of {len(found.apart)} problems are shown; --most N shows more")
    for line in compared.remarks(found):
        say(line)
