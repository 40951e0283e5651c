"""``siked eval``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from siked.cli import completing
from siked.cli.plugin_option import plugin_option, registry_of
from siked.text.terminal import safe

if TYPE_CHECKING:
    from siked.runs.solver import Solution


@click.command()
@click.argument("target", metavar="RUN|MODEL", shell_complete=completing.run)
@click.option(
    "--dataset",
    "-d",
    required=True,
    metavar="NAME",
    shell_complete=completing.component("dataset"),
    help="Data set whose test split to score.",
)
@click.option("--data-dir", metavar="DIR", help="Read the data set from local files.")
@click.option(
    "--set", "sets", multiple=True, metavar="KEY=VALUE", help="An option of the data set, such as path=FILE."
)
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Problems at most.")
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
@click.option("--out", metavar="FILE", help="Write every solution there, as JSON lines.")
@click.option("--json", "as_json", is_flag=True, help="Print the score as JSON.")
@plugin_option
@click.option("--trust", is_flag=True, help="Use what the run's settings name, whoever wrote them.")
def command(
    target: str,
    dataset: str,
    data_dir: str | None,
    sets: tuple[str, ...],
    limit: int | None,
    strategy: str,
    vote: int | None,
    weigh: bool,
    unsure: float,
    iteration: int | None,
    out: str | None,
    as_json: bool,
    plugins: tuple[str, ...],
    trust: bool,
) -> None:
    """Score a run's student, or any model, on a data set: greedy, by its free choice of strategy.

    With --vote the answer that most texts agree on counts, and its cost is told."""
    import json

    from siked.cli.watch import Watch
    from siked.engine.comparisons import score_dict
    from siked.runs.solver import load_tests, opened, tally, tally_elections

    if vote and strategy:
        raise click.UsageError("--vote asks in every strategy; leave --strategy out")
    if not vote and (weigh or unsure < 1):
        raise click.UsageError("--weigh and --unsure say how to vote; add --vote K")
    registry = registry_of(plugins, target, trust)
    options = {**({"data_dir": data_dir} if data_dir else {}), **dataset_options(sets)}
    # The model is looked up first: a wrong name costs no download of a data set.
    with (
        Watch() as reporter,
        opened(target, iteration, registry, reporter, trust) as solver,
        _rows(out) as rows,
    ):
        problems = load_tests(registry, dataset, options, limit)
        if vote:
            elections = list(solver.vote(problems, vote, weighted=weigh, unsure=unsure))
            solutions = [text for election in elections for text in election.texts]
        else:
            solutions = list(solver.solve(problems, strategy))
        if rows is not None:
            for solution in solutions:
                rows.write(json.dumps(_row(solution), ensure_ascii=False) + "\n")
    found, shares = tally(solutions)
    if vote:
        found = tally_elections(elections)
    cost = {"texts": len(solutions), "tokens": sum(s.tokens for s in solutions)}
    if as_json:
        click.echo(json.dumps({"dataset": dataset, **score_dict(found), "choice": shares, **cost}, indent=2))
        return
    low, high = found.ci95
    click.echo(
        f"{safe(dataset)}: {found.correct} of {found.n} right = {100 * found.value:.1f} %"
        f" [{100 * low:.1f}, {100 * high:.1f}], {found.unverified} unverified"
    )
    click.echo(f"cost: {cost['texts']} texts, {cost['tokens']} tokens")
    if vote:
        return
    click.echo("choice: " + ", ".join(f"{safe(name)} {100 * share:.0f} %" for name, share in shares.items()))


def dataset_options(sets: Iterable[str]) -> dict[str, Any]:
    """Return the options of ``--set KEY=VALUE``; a ``dataset.`` before the key is taken off."""
    from siked.settings import assignment, merged

    found = merged(assignment(text) for text in sets)
    inner = found.pop("dataset", {})
    return {**found, **inner} if isinstance(inner, dict) else {**found, "dataset": inner}


@contextmanager
def _rows(path: str | None) -> Iterator[IO[str] | None]:
    """Open the file of solutions before anything is spent; one in which nothing came to stand is removed."""
    from siked.errors import UsageError

    if path is None:
        yield None
        return
    place = Path(path)
    try:
        place.touch(exist_ok=False)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    try:
        with place.open("w", encoding="utf-8") as file:
            yield file
    finally:
        if place.stat().st_size == 0:
            place.unlink()


def _row(solution: Solution) -> dict[str, Any]:
    verdict = solution.verdict
    return {
        "id": solution.problem.id,
        "strategy": solution.strategy,
        "text": solution.text,
        "gold": solution.problem.gold,
        "answer": verdict.answer,
        "status": verdict.status,
        "rule": verdict.rule,
    }
