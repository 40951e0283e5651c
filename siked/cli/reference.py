"""Reference pages that are made from the code, so that they cannot drift from it.

``python -m siked.cli.reference docs/reference`` writes ``hooks.md`` and ``cli.md``; a test
compares.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import itertools
import sys
from pathlib import Path

import click

from siked import events, hookspecs
from siked.cli.main import COMMANDS, cli


def hooks_page() -> str:
    """Return the page of all hooks: signature, meaning, and the records of observers."""
    lines = ["# Hooks", "", inspect.getdoc(hookspecs) or "", ""]
    specs = [(n, f) for n, f in vars(hookspecs).items() if n.startswith("siked_") and inspect.isfunction(f)]
    for name, function in specs:
        lines += [f"## {name}", "", "```python", f"def {name}{inspect.signature(function)}", "```", ""]
        lines += [inspect.getdoc(function) or "", ""]
    lines += ["# Records of observers", ""]
    for name, record in vars(events).items():
        if dataclasses.is_dataclass(record) and inspect.isclass(record):
            lines += [f"## {name}", "", inspect.getdoc(record) or "", ""]
            said = _said(record)
            for field in dataclasses.fields(record):
                text = f"  \n  {said[field.name]}" if field.name in said else ""
                lines.append(f"- `{field.name}: {field.type}`{text}")
            lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _said(record: type) -> dict[str, str]:
    """Return what the docstrings below the fields of a record's own say."""
    (tree,) = ast.parse(inspect.getsource(record)).body
    assert isinstance(tree, ast.ClassDef)
    found: dict[str, str] = {}
    for field, below in itertools.pairwise(tree.body):
        match field, below:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str() as text)),
            ):
                found[name] = inspect.cleandoc(text).replace("\n", " ")
    return found


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


def main(folder: Path) -> None:
    """Write both pages."""
    (folder / "hooks.md").write_text(hooks_page(), encoding="utf-8")
    (folder / "cli.md").write_text(cli_page(), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
