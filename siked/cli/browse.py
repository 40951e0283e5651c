"""``siked browse``."""

from __future__ import annotations

from pathlib import Path

import click

from siked.cli import completing


@click.command()
@click.argument("run", type=click.Path(path_type=Path), shell_complete=completing.run)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, metavar="N", help="Port; default: one that is free."
)
def command(run: Path, port: int) -> None:
    """Look through the rationales of a run, finished or not, in a browser of this machine.

    They are found by iteration, strategy, writer, verdict and flag, and by words in text and question; what
    a student was trained on is marked. The address that is printed is its own key: who does not know it is
    not answered. The pages have no script and nothing is written.
    """
    import socket

    from siked.errors import MissingExtra, UsageError
    from siked.report.browsing import Browser

    try:
        import uvicorn
    except ImportError as error:
        raise MissingExtra("siked browse", "serve") from error
    browser = Browser(run)
    app = browser.app()
    with socket.socket() as place:
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            place.bind(("127.0.0.1", port))
            place.listen()  # who reads the address may ask at once
        except OSError as error:
            raise UsageError(f"--port {port}: {error.strerror}") from None
        click.echo(f"http://127.0.0.1:{place.getsockname()[1]}/{browser.key}/")
        # The log would hold the key.
        config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False)
        uvicorn.Server(config).run(sockets=[place])
