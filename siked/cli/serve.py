"""``siked serve``."""

from __future__ import annotations

import click

from siked.cli import completing
from siked.cli.plugin_option import plugin_option, registry_of
from siked.text.terminal import safe

LOOPBACK = ("127.0.0.1", "::1", "localhost")


@click.command()
@click.argument("target", metavar="RUN|MODEL", shell_complete=completing.run)
@click.option("--iteration", type=click.IntRange(0), metavar="T", help="Which student; default: the best.")
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address; others than this need a token."
)
@click.option("--port", type=click.IntRange(0, 65535), default=8017, show_default=True)
@click.option(
    "--token-env", metavar="NAME", help="Environment variable with the token that clients must send."
)
@click.option(
    "--waiting", type=click.IntRange(1), default=1024, show_default=True, help="Questions that may wait."
)
@click.option(
    "--timeout",
    type=click.FloatRange(0, min_open=True),
    default=120.0,
    show_default=True,
    help="Seconds a request.",
)
@plugin_option
@click.option("--trust", is_flag=True, help="Use what the run's settings name, whoever wrote them.")
def command(
    target: str,
    iteration: int | None,
    host: str,
    port: int,
    token_env: str | None,
    waiting: int,
    timeout: float,
    plugins: tuple[str, ...],
    trust: bool,
) -> None:
    """Answer questions over HTTP as OpenAI's chat and completions do, by a run's student.

    The student chooses its strategy and programs run in the sandbox; 'siked' in the answer has strategy,
    answer and what became of the program. Questions that wait are solved together. POST
    /v1/chat/completions or /v1/completions; GET /v1/models, /metrics.
    """
    import os
    from pathlib import Path

    from siked.engine.progress import Reporter
    from siked.errors import MissingExtra, UsageError
    from siked.runs.serve_app import Limits, Service
    from siked.runs.serving import Batcher
    from siked.runs.solver import opened

    try:
        import uvicorn
    except ImportError as error:
        raise MissingExtra("siked serve", "serve") from error
    token = os.environ.get(token_env, "") if token_env else ""
    if token_env and not token:
        raise UsageError(f"--token-env: the variable {token_env} is not set")
    if host not in LOOPBACK and not token:
        raise UsageError(f"--host {host}: others could ask; name a token: --token-env NAME")
    registry = registry_of(plugins, target, trust)
    batcher = Batcher(opened(target, iteration, registry, Reporter(), trust), waiting)
    batcher.start()
    service = Service(Path(target).name, batcher, Limits(seconds=timeout, token=token))
    click.echo(safe(f"serving {target} at http://{host}:{port}/v1"), err=True)
    try:
        uvicorn.run(service.app(), host=host, port=port, log_level="warning")
    finally:
        batcher.close()
