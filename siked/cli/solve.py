"""``siked solve``."""

from __future__ import annotations

import click


@click.command()
@click.argument("target", metavar="RUN|MODEL")
@click.argument("question")
@click.option(
    "--strategy", "-s", default="", metavar="NAME", help="Force a strategy; default: the student's."
)
@click.option("--iteration", type=click.IntRange(0), metavar="T", help="Which student; default: the best.")
def command(target: str, question: str, strategy: str, iteration: int | None) -> None:
    """Let a student pick a strategy for QUESTION, run its program if it writes one, print the answer."""
    from siked.cli.watch import Watch
    from siked.engine.use import opened
    from siked.records import TestProblem
    from siked.registry import load_registry

    problem = TestProblem(id="question", question=question, gold=None, dataset="")
    with Watch() as reporter, opened(target, iteration, load_registry(), reporter) as solve:
        (solution,) = solve([problem], strategy)
    click.echo(f"strategy: {solution.strategy or 'none (the text starts with no known tag)'}")
    click.echo(solution.text.strip())
    if solution.program is not None:
        click.echo(f"program: {solution.program.status} in {solution.program.sandbox}")
    click.echo(f"answer: {solution.verdict.answer if solution.verdict.answer is not None else 'none found'}")
