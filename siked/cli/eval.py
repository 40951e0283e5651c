"""``siked eval``."""

from __future__ import annotations

import click


@click.command()
@click.argument("target", metavar="RUN|MODEL")
@click.option("--dataset", "-d", required=True, metavar="NAME", help="Data set whose test split to score.")
@click.option("--data-dir", metavar="DIR", help="Read the data set from local files.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Problems at most.")
@click.option(
    "--strategy", "-s", default="", metavar="NAME", help="Force a strategy; default: the student's."
)
@click.option("--vote", type=click.IntRange(1), metavar="K", help="Ask K times in every strategy and vote.")
@click.option("--iteration", type=click.IntRange(0), metavar="T", help="Which student; default: the best.")
@click.option("--out", metavar="FILE", help="Write every solution there, as JSON lines.")
@click.option("--json", "as_json", is_flag=True, help="Print the score as JSON.")
def command(
    target: str,
    dataset: str,
    data_dir: str | None,
    limit: int | None,
    strategy: str,
    vote: int | None,
    iteration: int | None,
    out: str | None,
    as_json: bool,
) -> None:
    """Score a run's student, or any model, on a data set: greedy, by its free choice of strategy.

    With --vote the answer that most texts agree on counts, and its cost is told."""
    import json

    from siked.cli.watch import Watch
    from siked.engine.summary import score_dict
    from siked.registry import load_registry
    from siked.runs.solver import load_tests, opened, tally, tally_elections

    registry = load_registry()
    problems = load_tests(registry, dataset, {"data_dir": data_dir} if data_dir else {}, limit)
    if vote and strategy:
        raise click.UsageError("--vote asks in every strategy; leave --strategy out")
    with Watch() as reporter, opened(target, iteration, registry, reporter) as solver:
        if vote:
            elections = list(solver.vote(problems, vote))
            solutions = [text for election in elections for text in election.texts]
        else:
            solutions = list(solver.solve(problems, strategy))
    if out:
        with open(out, "x", encoding="utf-8") as file:
            for s in solutions:
                row = {
                    "id": s.problem.id,
                    "strategy": s.strategy,
                    "text": s.text,
                    "gold": s.problem.gold,
                    "answer": s.verdict.answer,
                    "status": s.verdict.status,
                    "rule": s.verdict.rule,
                }
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
    found, shares = tally(solutions)
    if vote:
        found = tally_elections(elections)
    cost = {"texts": len(solutions), "tokens": sum(s.tokens for s in solutions)}
    if as_json:
        click.echo(json.dumps({"dataset": dataset, **score_dict(found), "choice": shares, **cost}, indent=2))
        return
    low, high = found.ci95
    click.echo(
        f"{dataset}: {found.correct} of {found.n} right = {100 * found.value:.1f} %"
        f" [{100 * low:.1f}, {100 * high:.1f}], {found.unverified} unverified"
    )
    click.echo(f"cost: {cost['texts']} texts, {cost['tokens']} tokens")
    if vote:
        return
    click.echo("choice: " + ", ".join(f"{name} {100 * share:.0f} %" for name, share in shares.items()))
