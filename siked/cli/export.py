"""``siked export``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from siked.cli import completing
from siked.cli.plugin_option import plugin_option, registry_of
from siked.text.terminal import safe

if TYPE_CHECKING:
    from siked.runs.push import Hub


@click.command()
@click.argument("run", type=click.Path(path_type=Path), shell_complete=completing.run)
@click.option("--to", required=True, type=click.Path(path_type=Path), metavar="DIR", help="Folder to write.")
@click.option("--iteration", type=click.IntRange(0), metavar="T", help="Which student; default: the best.")
@click.option(
    "--merged/--adapter", default=True, help="Whole float32 weights (default), or the adapter by itself."
)
@click.option("--gguf", is_flag=True, help="Convert to GGUF too, by llama.cpp's converter.")
@click.option(
    "--rationales", type=click.Choice(["parquet", "jsonl"]), help="The run's rationales instead of a student."
)
@click.option("--push", metavar="REPO", help="Bring DIR to the Hub, too: NAME or OWNER/NAME; private.")
@click.option("--public", is_flag=True, help="With --push: let everybody see a repository that is made.")
@plugin_option
@click.option("--trust", is_flag=True, help="Use what the run's settings name, whoever wrote them.")
def command(
    run: Path,
    to: Path,
    iteration: int | None,
    merged: bool,
    gguf: bool,
    rationales: str | None,
    push: str | None,
    public: bool,
    plugins: tuple[str, ...],
    trust: bool,
) -> None:
    """Write a student as a folder that transformers, vLLM and others load as it is.

    An adapter is merged in float32; the files are then loaded and compared with the student on prompts of the
    run. The chat template renders the run's prompt, the generation config stops, and README.md says
    what the student is made of. With --rationales, DIR is a data set instead: a file for each split.
    --push takes the token that 'hf auth login' has kept, or HF_TOKEN.
    """
    from siked.runs.run import Run, stored_config
    from siked.runs.trust import check

    if public and push is None:
        raise click.UsageError("--public says how to push; add --push REPO")
    opened, registry = Run(run), registry_of(plugins, run, trust)
    hub = _hub(push, rationales is not None, public)
    if rationales is not None:
        if iteration is not None or gguf or not merged:
            raise click.UsageError(
                "--rationales writes no student; leave --iteration, --adapter and --gguf out"
            )
        from siked.runs.export_rationales import export_rationales
        from siked.runs.reading import shown

        form = "parquet" if rationales == "parquet" else "jsonl"
        with shown(run):
            rows = export_rationales(opened, registry, to, form)  # type: ignore[arg-type]
        click.echo("rationales: " + ", ".join(f"{split} {n}" for split, n in rows.items()))
        _written(to, hub)
        return
    if gguf and not merged:
        raise click.UsageError("--gguf needs whole weights; leave --adapter out")
    check(run, stored_config(opened.journal), registry, trust)
    _student(opened, registry, to, iteration, merged, gguf)
    _written(to, hub)


def _hub(repo: str | None, rationales: bool, public: bool) -> Hub | None:
    """Return where to push, before anything is written."""
    if repo is None:
        return None
    from siked.runs.push import Hub

    return Hub(repo, "dataset" if rationales else "model", public=public)


def _written(to: Path, hub: Hub | None) -> None:
    click.echo(safe(f"written: {to}"))
    if hub is not None:
        click.echo(safe(f"pushed: {hub.push(to)}"))


def _student(opened: Any, registry: Any, to: Path, iteration: int | None, merged: bool, gguf: bool) -> None:
    from siked.runs.export import export_student
    from siked.runs.gguf import convert, converter

    script = converter() if gguf else None
    done = export_student(opened, registry, iteration, to, "merged" if merged else "adapter")
    click.echo(f"student {done.iteration}, {'whole weights' if merged else 'adapter'}")
    if done.check is not None:
        click.echo(
            f"logits differ from the run's student by at most {done.check.logit:.2g} on {done.check.prompts} "
            f"prompts (largest logit {done.check.largest:.3g})"
        )
    if script is not None:
        click.echo(safe(f"gguf: {convert(script, to)}"))
