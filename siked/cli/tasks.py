"""``siked tasks``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from siked.cli.plugin_option import plugin_option, registry_of

if TYPE_CHECKING:
    from siked.config import RunConfig
    from siked.records import Problem
    from siked.registry import Registry


@click.command()
@click.argument("target", metavar="RUN|EXPORTED")
@click.option("--to", required=True, type=click.Path(path_type=Path), metavar="DIR", help="Folder to write.")
@click.option(
    "--dataset",
    "-d",
    "datasets",
    multiple=True,
    metavar="NAME",
    help="Data set whose test split becomes a task, as often as wanted; default: the run's test sets.",
)
@click.option("--data-dir", metavar="DIR", help="Read the data sets from local files.")
@click.option(
    "--set", "sets", multiple=True, metavar="KEY=VALUE", help="An option of the data set, such as path=FILE."
)
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Problems of each at most.")
@plugin_option
@click.option("--trust", is_flag=True, help="Use what the run's settings name, whoever wrote them.")
def command(
    target: str,
    to: Path,
    datasets: tuple[str, ...],
    data_dir: str | None,
    sets: tuple[str, ...],
    limit: int | None,
    plugins: tuple[str, ...],
    trust: bool,
) -> None:
    """Write tasks with which lm-eval scores a student as 'siked eval' does.

    lm-eval generates the texts, with the model that 'siked export' wrote; siked reads them, runs programs in
    the sandbox and judges the answers. DIR holds the problems.

    \b
      siked export RUN --to student; siked tasks RUN --to tasks
      lm-eval run --model hf --model_args pretrained=student --include_path tasks --tasks siked
        --apply_chat_template
    """
    from siked.config import parse
    from siked.lm_eval import JUDGING, write_tasks
    from siked.runs.settings import settings_of
    from siked.runs.trust import check
    from siked.text.terminal import safe

    registry = registry_of(plugins, target, trust)
    stored = settings_of(Path(target)).dump()
    # What is not used here need not be trusted.
    config = parse({section: stored[section] for section in JUDGING})
    check(Path(target), config, registry, trust)
    if datasets:
        found = _asked(registry, datasets, data_dir, sets, limit)
    else:
        found = _own(Path(target), config, limit)
    names = write_tasks(to, config, registry, found)
    for task, problems in zip(names, found.values(), strict=True):
        click.echo(f"{task}: {len(problems)} problems")
    click.echo(safe(f"written: {to}"))


def _asked(
    registry: Registry,
    datasets: tuple[str, ...],
    data_dir: str | None,
    sets: tuple[str, ...],
    limit: int | None,
) -> dict[str, list[Problem]]:
    from siked.cli.eval import dataset_options
    from siked.runs.solver import load_tests

    options: dict[str, Any] = {**({"data_dir": data_dir} if data_dir else {}), **dataset_options(sets)}
    return {name: load_tests(registry, name, options, limit) for name in datasets}


def _own(run: Path, config: RunConfig, limit: int | None) -> dict[str, list[Problem]]:
    """Return the problems that the run is scored on."""
    from siked.errors import UsageError
    from siked.runs.run import Run

    if not (run / "run.db").exists():
        raise UsageError(f"{run} holds no problems; name data sets: --dataset NAME")
    journal = Run(run).journal
    found = {
        name: [problem for _, problem in journal.load_problems("test", name)][:limit]
        for name in journal.test_sets()
    }
    if not found:
        raise UsageError(f"{run} has no test sets; name some: --dataset NAME")
    return dict(found)
