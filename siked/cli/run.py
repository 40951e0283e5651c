"""``siked run``."""

from __future__ import annotations

from typing import Any

import click

from siked.cli import completing
from siked.cli.plugin_option import plugin_option, registry_of
from siked.text.terminal import safe

_EPILOG = """\b
Examples:
  siked run --strategy cot,l2m,pot
  siked run --student smollm2 --dataset svamp --data-dir DATA --teacher replay:rationales.jsonl --samples 2
  siked run --config mine.yaml --set trainer.learning_rate=3e-4 --dry-run
"""


def config_options(function: Any) -> Any:
    """Add the options that make a configuration, shared by ``run`` and ``check``."""
    for option in reversed(
        [
            click.option(
                "--strategy",
                "-s",
                metavar="A,B",
                shell_complete=completing.component("strategy", several=True),
                help="Strategies, separated by commas.",
            ),
            click.option(
                "--student",
                metavar="MODEL",
                shell_complete=completing.student,
                help="tiny, smollm2, a local folder or a Hub id.",
            ),
            click.option(
                "--teacher",
                metavar="BACKEND[:MODEL]",
                shell_complete=completing.component("backend", model=True),
                help="Who shows the strategies.",
            ),
            click.option(
                "--max-cost", type=float, metavar="C", help="Stop the teacher before it costs more."
            ),
            click.option("--max-tokens", type=int, metavar="N", help="Stop the teacher before it uses more."),
            click.option(
                "--dataset",
                "-d",
                metavar="NAME",
                shell_complete=completing.component("dataset"),
                help="Training problems.",
            ),
            click.option("--data-dir", metavar="DIR", help="Read the data set from local files."),
            click.option("--skip-bad", is_flag=True, help="Count damaged data lines and go on."),
            click.option(
                "--decontaminate", is_flag=True, help="Train on no problem that dev or a test set has."
            ),
            click.option(
                "--labels",
                metavar="VERIFIER",
                shell_complete=completing.component("verifier"),
                help="Who says what is trained on; agreement needs no golds.",
            ),
            click.option(
                "--schedule",
                metavar="NAME",
                shell_complete=completing.component("schedule"),
                help="How teacher and student are mixed.",
            ),
            click.option(
                "--iterations", "-t", type=click.IntRange(0), metavar="T", help="Iterations after 0."
            ),
            click.option(
                "--samples", "-k", type=click.IntRange(1), metavar="K", help="Student samples a pair."
            ),
            click.option("--limit", type=click.IntRange(1), metavar="N", help="Training problems at most."),
            click.option("--seed", type=click.IntRange(0), help="Seed of everything but the teacher."),
            click.option("--config", "-c", "file", metavar="FILE", help="A YAML file of settings."),
            click.option(
                "--preset",
                metavar="NAME",
                shell_complete=completing.preset,
                help="paper, smollm2, tiny, or package:NAME of a plugin.",
            ),
            click.option(
                "--set", "sets", multiple=True, metavar="KEY=VALUE", help="Any setting; value is JSON."
            ),
        ]
    ):
        function = option(function)
    return function


def flags(values: dict[str, Any]) -> dict[str, Any]:
    """Turn the flags that were given into configuration values."""
    found: dict[str, Any] = {}
    if values["strategy"] is not None:
        found["strategies"] = [name.strip() for name in values["strategy"].split(",") if name.strip()]
    if values["student"] is not None:
        found["student"] = {"model": values["student"]}
    if values["teacher"] is not None:
        name, _, model = values["teacher"].partition(":")
        found["teacher"] = {"name": name, **({"model": model} if model else {})}
    budget = {key: values[key] for key in ("max_cost", "max_tokens") if values[key] is not None}
    if budget:
        found["teacher"] = {**found.get("teacher", {}), **budget}
    dataset = {
        key: values[flag]
        for key, flag in (
            ("name", "dataset"),
            ("data_dir", "data_dir"),
            ("skip_bad", "skip_bad"),
            ("limit", "limit"),
        )
        if values[flag] not in (None, False)
    }
    if dataset:
        found["dataset"] = dataset
    if values["schedule"] is not None:
        found["schedule"] = {"name": values["schedule"]}
    if values["decontaminate"]:
        found["decontaminate"] = True
    if values["labels"] is not None:
        found["labels"] = {"name": values["labels"]}
    if values["samples"]:
        found["sample"] = {"k": values["samples"]}
    for key in ("iterations", "seed"):
        if values[key] is not None:
            found[key] = values[key]
    return found


def config_from(values: dict[str, Any]) -> Any:
    """Put the configuration together from options of :func:`config_options`."""
    from siked.config import load_config

    return load_config(preset=values["preset"], file=values["file"], flags=flags(values), sets=values["sets"])


def preset_line(values: dict[str, Any]) -> str:
    """Return which preset applies to the options and why, empty where none does."""
    from siked.config import applied_preset

    name, why = applied_preset(
        preset=values["preset"], file=values["file"], flags=flags(values), sets=values["sets"]
    )
    return f"{name}, as {why}" if why and why != "named" else name


def tell(found: Any, preset: str) -> None:
    """Say on standard error what was not asked for but holds: the preset, limits, what is left out."""
    if preset:
        click.echo(f"preset {preset}", err=True)
    if len(found.train) < found.available:
        click.echo(f"taking {len(found.train)} of {found.available} problems (dataset.limit)", err=True)
    for note in found.notes:
        click.echo(safe(note), err=True)


@click.command(epilog=_EPILOG)
@config_options
@click.option("--from", "parent", metavar="RUN[@T]", help="Start from a finished iteration of a run.")
@click.option("--cache", metavar="DIR", help="Texts and students that runs share; made where it is missing.")
@click.option("--sync", metavar="URL", help="Bring the run there after every step; see 'siked archive'.")
@click.option("--out", metavar="DIR", help="Folder of the run; it must not exist yet.")
@click.option("--trust", is_flag=True, help="With --from: use what its settings name, whoever wrote them.")
@click.option("--dry-run", is_flag=True, help="Print the plan and its cost; run nothing.")
@click.option("--json", "as_json", is_flag=True, help="With --dry-run: print the plan as JSON.")
@plugin_option
def command(
    out: str | None,
    parent: str | None,
    cache: str | None,
    sync: str | None,
    trust: bool,
    dry_run: bool,
    as_json: bool,
    plugins: tuple[str, ...],
    **values: Any,
) -> None:
    """Run SIKeD: teach, train, then sample, verify, mix, train and evaluate for T iterations.

    With nothing configured it runs on the bundled student, problems and teacher. Settings come
    from a preset, then --config, then flags, then --set; with --from, over those of the other run.
    """
    if as_json and not dry_run:
        raise click.UsageError("--json is for --dry-run; of a run that is done: siked show RUN --json")
    config = config_from(values) if parent is None else _over_parent(parent, values)
    from siked.runs.fork import parse_place

    registry = registry_of(plugins, None if parent is None else parse_place(parent)[0], trust)
    if dry_run:
        from siked.runs.estimate import print_plan

        print_plan(config, registry, "" if parent else preset_line(values), as_json)
        return
    from siked.runs.lookup import look_up
    from siked.runs.run import new_folder, run

    if parent is not None:
        _look_at(parent, config, registry, trust)
    tell(look_up(config, registry), "" if parent else preset_line(values))
    folder = new_folder(config, out)
    from siked.cli.finish import guarded

    click.echo(safe(f"run folder: {folder}"))
    if parent is not None:
        _fork(parent, config, folder)
        from siked.runs.run import resume

        with guarded(folder) as reporter:
            resume(folder, registry=registry, reporter=reporter, cache=cache, sync=sync, trust=True)
        return
    with guarded(folder) as reporter:
        run(config, folder, registry=registry, reporter=reporter, new=False, cache=cache, sync=sync)


def _over_parent(parent: str, values: dict[str, Any]) -> Any:
    """Return the settings of another run with those that were given over them."""
    from siked.config import load_config
    from siked.runs.fork import parent_config, parse_place

    config = parent_config(parse_place(parent)[0])
    return load_config(
        preset=values["preset"] or "",
        file=values["file"],
        flags=flags(values),
        sets=values["sets"],
        under=config.dump(),
    )


def _look_at(parent: str, config: Any, registry: Any, trust: bool) -> None:
    """Tell what changed since the other run was started, and check that its settings are the user's."""
    from siked.runs.components import changes
    from siked.runs.fork import parse_place
    from siked.runs.run import Run, stored_config
    from siked.runs.trust import check

    place = parse_place(parent)[0]
    reader = Run(place).journal
    try:
        check(place, stored_config(reader), registry, trust)
        for line in changes(reader, config, registry):
            click.echo(safe(line), err=True)
    finally:
        reader.close()


def _fork(parent: str, config: Any, folder: Any) -> None:
    import shutil

    from siked.errors import UsageError
    from siked.runs.fork import fork, parse_place

    try:
        at = fork(*parse_place(parent), config, folder)
    except UsageError:
        shutil.rmtree(folder)
        raise
    click.echo(safe(f"iterations 0 to {at} come from {parent.rpartition('@')[0] or parent}"))
