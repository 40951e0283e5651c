"""Reference pages that are made from the code, so that they cannot drift from it.

``python -m siked.cli.reference docs/reference`` writes the pages of :data:`PAGES`; a test compares.
"""

from __future__ import annotations

import dataclasses
import inspect
import sys
from collections.abc import Callable
from pathlib import Path

import click

from siked import events, hookspecs
from siked.cli.main import COMMANDS, cli
from siked.cli.reference_pages import (
    components_page,
    configuration_page,
    contracts_page,
    errors_page,
    python_page,
    records_page,
)
from siked.cli.reference_text import fields_list, markdown


def hooks_page() -> str:
    """Return the page of all hooks: signature, meaning, and the records of observers."""
    lines = ["# Hooks", "", markdown(hookspecs.__doc__ or ""), ""]
    specs = [(n, f) for n, f in vars(hookspecs).items() if n.startswith("siked_") and inspect.isfunction(f)]
    for name, function in specs:
        signature = str(inspect.signature(function)).replace("'", "")
        lines += [f"## {name}", "", "```python", f"def {name}{signature}: ...", "```", ""]
        lines += [markdown(function.__doc__ or ""), ""]
    lines += ["## Records of observers", "", "Each event is a frozen dataclass of `siked.events`.", ""]
    for name, record in vars(events).items():
        if (
            dataclasses.is_dataclass(record)
            and inspect.isclass(record)
            and record.__module__ == events.__name__
        ):
            lines += [f"### {name}", "", markdown(record.__doc__ or ""), "", *fields_list(record), ""]
    lines += ["`Mixture` and `Score` are among the [records](records.md).", ""]
    return "\n".join(lines).rstrip() + "\n"


def cli_page() -> str:
    """Return the help of every command, as it is printed."""
    context = click.Context(cli, info_name="siked", terminal_width=100, **cli.context_settings)
    lines = ["# Commands", "", "```", cli.get_help(context), "```", ""]
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        inner = click.Context(
            command, info_name=name, parent=context, max_content_width=100, terminal_width=100
        )
        lines += [f"## siked {name}", "", "```", command.get_help(inner), "```", ""]
        if not isinstance(command, click.Group):
            continue
        for word in command.list_commands(inner):
            below = command.get_command(inner, word)
            assert below is not None
            context_below = click.Context(
                below, info_name=word, parent=inner, max_content_width=100, terminal_width=100
            )
            lines += [f"## siked {name} {word}", "", "```", below.get_help(context_below), "```", ""]
    lines += ["Exit codes: 0 done, 1 the run failed, 2 wrong usage, 130 interrupted.", ""]
    return "\n".join(line.rstrip() for line in "\n".join(lines).splitlines()) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "hooks.md": hooks_page,
    "cli.md": cli_page,
    "configuration.md": configuration_page,
    "components.md": components_page,
    "contracts.md": contracts_page,
    "records.md": records_page,
    "errors.md": errors_page,
    "python.md": python_page,
}
"""File name to what makes it."""


def main(folder: Path) -> None:
    """Write all pages."""
    for name, made in PAGES.items():
        (folder / name).write_text(made(), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
