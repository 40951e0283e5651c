"""``siked solve``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from siked.cli import completing
from siked.cli.plugin_option import plugin_option, registry_of

if TYPE_CHECKING:
    from siked.runs.solver import Election, Solution


@click.command()
@click.argument("target", metavar="RUN|MODEL", shell_complete=completing.run)
@click.argument("question")
@click.option(
    "--strategy",
    "-s",
    default="",
    metavar="NAME",
    help="Force a strategy; default: the student's.",
    shell_complete=completing.component("strategy"),
)
@click.option("--vote", type=click.IntRange(1), metavar="K", help="Ask K times in every strategy and vote.")
@click.option("--weigh", is_flag=True, help="Weigh each vote by how probable the student finds its strategy.")
@click.option(
    "--unsure",
    type=click.FloatRange(0, 1),
    default=1.0,
    metavar="P",
    help="Vote only where the student's own strategy is less probable than P; default: everywhere.",
)
@click.option("--iteration", type=click.IntRange(0), metavar="T", help="Which student; default: the best.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@plugin_option
@click.option("--trust", is_flag=True, help="Use what the run's settings name, whoever wrote them.")
def command(
    target: str,
    question: str,
    strategy: str,
    vote: int | None,
    weigh: bool,
    unsure: float,
    iteration: int | None,
    as_json: bool,
    plugins: tuple[str, ...],
    trust: bool,
) -> None:
    """Let a student pick a strategy for QUESTION, run its program if it writes one, print the answer."""
    from siked.cli.watch import Watch
    from siked.records import TestProblem
    from siked.runs.solver import opened
    from siked.text.terminal import one_line, safe

    if not question.strip():
        raise click.UsageError("QUESTION is empty")
    problem = TestProblem(id="question", question=question, gold=None, dataset="")
    if vote and strategy:
        raise click.UsageError("--vote asks in every strategy; leave --strategy out")
    if not vote and (weigh or unsure < 1):
        raise click.UsageError("--weigh and --unsure say how to vote; add --vote K")
    registry = registry_of(plugins, target, trust)
    with Watch() as reporter, opened(target, iteration, registry, reporter, trust) as solver:
        if vote:
            (election,) = solver.vote([problem], vote, weighted=weigh, unsure=unsure)
            if as_json:
                _print_json(_plain_election(election))
            else:
                _print_election(election)
            return
        (solution,) = solver.solve([problem], strategy)
    if as_json:
        _print_json(_plain(solution))
        return
    click.echo(f"strategy: {solution.strategy or 'none (the text starts with no known tag)'}")
    click.echo(safe(solution.text.strip()))
    if solution.program is not None:
        click.echo(f"program: {solution.program.status} in {solution.program.sandbox}")
    answer = solution.verdict.answer
    click.echo(f"answer: {one_line(answer) if answer is not None else 'none found'}")


def _print_json(values: dict[str, Any]) -> None:
    import json

    click.echo(json.dumps(values, indent=2))


def _plain(solution: Solution) -> dict[str, Any]:
    program = solution.program
    return {
        "strategy": solution.strategy or None,
        "text": solution.text.strip(),
        "answer": solution.verdict.answer,
        "rule": solution.verdict.rule,
        "program": program and {"status": str(program.status), "sandbox": program.sandbox},
        "tokens": solution.tokens,
        "cut": solution.cut,
    }


def _plain_election(election: Election) -> dict[str, Any]:
    return {
        "answer": election.elected and election.elected.verdict.answer,
        "votes": election.votes,
        "texts": [_plain(text) for text in election.texts],
    }


def _print_election(election: Election) -> None:
    from siked.text.terminal import one_line

    for text in election.texts:
        said = text.verdict.answer
        click.echo(f"{text.strategy}: {one_line(said) if said is not None else 'no answer'}")
    tokens = sum(text.tokens for text in election.texts)
    if election.elected is None:
        click.echo(f"answer: none found in {len(election.texts)} texts, {tokens} tokens")
        return
    answer = one_line(str(election.elected.verdict.answer))
    click.echo(f"answer: {answer} ({election.votes} of {len(election.texts)} texts, {tokens} tokens)")
