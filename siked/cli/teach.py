"""``siked teach``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from siked.cli.plugin_option import plugin_option, registry_of
from siked.cli.run import config_options

_EPILOG = """\b
Examples:
  siked teach --strategy cot,pot --dataset svamp --data-dir DATA --teacher openai:MODEL --out rationales
  siked run --dataset svamp --data-dir DATA --teacher replay:rationales/rationales.jsonl
"""


@click.command(epilog=_EPILOG)
@config_options
@click.option("--cache", metavar="DIR", help="Texts that runs share; made where it is missing.")
@click.option("--retry-failed", is_flag=True, help="Ask again where a request failed.")
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="DIR", help="Folder to fill.")
@plugin_option
def command(
    out: Path, cache: str | None, retry_failed: bool, plugins: tuple[str, ...], **values: Any
) -> None:
    """Let the teacher write rationales for a data set, keep what is verified, and stop there.

    DIR gets rationales.jsonl, a data card, and the journal of everything that was asked. The same
    command goes on where it was cut off; 'siked resume DIR' goes on to train a student on them.
    """
    from siked.cli.finish import INTERRUPTED
    from siked.cli.run import config_from, preset_line, tell
    from siked.cli.watch import Watch
    from siked.config import with_budget
    from siked.errors import RunError, UsageError
    from siked.journal import Reader
    from siked.runs.lookup import look_up
    from siked.runs.run import resume, run, stored_config
    from siked.runs.teach_dataset import CARD, ROWS, teach_only
    from siked.text.terminal import safe

    config = config_from(values)
    registry = registry_of(plugins, out)
    tell(look_up(config, registry, student=False), preset_line(values))
    try:
        with Watch() as reporter:
            if not (out / "run.db").exists():
                run(config, out, registry=registry, reporter=reporter, cache=cache, loop=teach_only)
            else:
                reader = Reader.at(out)
                kept = stored_config(reader)
                reader.close()
                budget = {k: values[k] for k in ("max_cost", "max_tokens") if values[k] is not None}
                if with_budget(kept, budget) != config:
                    raise UsageError(f"{out}: holds rationales of other settings; name another --out")
                resume(
                    out,
                    retry_failed=retry_failed,
                    budget=budget,
                    registry=registry,
                    reporter=reporter,
                    cache=cache,
                    loop=teach_only,
                    trust=True,  # the settings are those of this command line
                )
    except KeyboardInterrupt:
        click.echo("siked: interrupted; go on with the same command", err=True)
        raise SystemExit(INTERRUPTED) from None
    except RunError as error:
        raise type(error)(f"{error}\nsiked: what is there is kept; go on with the same command") from None
    click.echo(safe((out / CARD).read_text(encoding="utf-8")))
    click.echo(safe(f"rationales: {out / ROWS}"))
