"""The ``siked`` command: a group whose subcommands are imported when they are used."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

import click

from siked import __version__
from siked.errors import SikedError
from siked.text.terminal import safe

if TYPE_CHECKING:
    from siked.plugins import Plugins

SLOW = 0.5
"""Seconds of a plugin's import that are told."""
COMMANDS = {
    "run": ("siked.cli.run:command", "Run SIKeD from teacher to last student."),
    "teach": ("siked.cli.teach:command", "Let the teacher write verified rationales, and stop there."),
    "resume": ("siked.cli.resume:command", "Go on with a run, also with more iterations."),
    "show": ("siked.cli.show:command", "Show what a run did, as tables or JSON."),
    "report": ("siked.cli.report:command", "Write what a run did as one HTML page."),
    "diff": ("siked.cli.diff:command", "Set two runs beside each other, problem by problem."),
    "browse": ("siked.cli.browse:command", "Look through a run's rationales in a browser."),
    "replay": ("siked.cli.replay:command", "Verify and mix a run again without a model, and compare."),
    "why": ("siked.cli.why:command", "Show where a training row comes from."),
    "eval": ("siked.cli.eval:command", "Score a student or any model on a data set."),
    "solve": ("siked.cli.solve:command", "Let a student choose a strategy and solve a question."),
    "serve": ("siked.cli.serve:command", "Answer questions over HTTP, as OpenAI's API does."),
    "exec": ("siked.cli.exec:command", "Run programs in the sandbox, JSON lines in and out."),
    "study": ("siked.cli.study:command", "Run a grid of settings and seeds and compare them."),
    "verify": ("siked.cli.verify:command", "Judge answers against golds, JSON lines in and out."),
    "plugins": ("siked.cli.plugins:command", "List what is installed and where it comes from."),
    "check": ("siked.cli.check:command", "Check a configuration without running anything."),
    "init": ("siked.cli.init:command", "Write the start of a plugin, or a configuration."),
    "doctor": ("siked.cli.doctor:command", "Try what this machine can do: sandbox, packages, devices."),
    "families": ("siked.cli.families:command", "Show which strategy suits which family of problems."),
    "archive": ("siked.cli.archive:command", "Bring a run to other storage, its journal as Parquet."),
    "restore": ("siked.cli.archive:restore", "Make the folder of a run from its archive."),
    "export": ("siked.cli.export:command", "Write a student, or rationales, as a folder that others load."),
    "tasks": ("siked.cli.tasks:command", "Write tasks that let lm-eval score a student as siked does."),
}
"""Name to (where the command is, one line for the help page): help imports no command module."""


class LazyGroup(click.Group):
    """A group that imports a subcommand on use and takes commands that plugins add."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the subcommand; what click says of wrong usage repeats arguments, such as names of files."""
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            raise click.UsageError(safe(error.format_message()), error.ctx) from None

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return siked's own commands, then those of plugins."""
        return [*COMMANDS, *sorted(self._added())]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command."""
        if cmd_name in COMMANDS:
            module, _, attribute = COMMANDS[cmd_name][0].partition(":")
            found: click.Command = getattr(importlib.import_module(module), attribute)
            return found
        return self._added().get(cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing any of siked's own."""
        rows = [(name, line) for name, (_, line) in COMMANDS.items()]
        plugins = _strangers()
        added = _commands_of(plugins)
        rows += [(name, command.get_short_help_str()) for name, command in sorted(added.items())]
        with formatter.section("Commands"):
            formatter.write_dl(rows)
        for plugin in plugins.loaded:
            if plugin.seconds >= SLOW:
                formatter.write_paragraph()
                formatter.write_text(
                    f"The import of plugin {plugin.name} of {plugin.owner} took {plugin.seconds:.1f} s; "
                    "SIKED_PLUGINS names those that are to be let in."
                )

    def _added(self) -> dict[str, click.Command]:
        return _commands_of(_strangers())


def _strangers() -> Plugins:
    from siked.plugins import load_plugins

    return load_plugins(own=False)


def _commands_of(plugins: Plugins) -> dict[str, click.Command]:
    from siked.plugins import added_commands

    return {name: command for name, (command, _) in added_commands(plugins, COMMANDS).items()}


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="siked")
def cli() -> None:
    """Distil several ways to reason into a small model, and let it find out which works where.

    \b
      siked run --strategy cot,l2m,pot           the whole method on the bundled problems
      siked show runs/wordproblems-tiny-001      what came of it
    """


def main(argv: list[str] | None = None) -> Any:
    """Run the command line; errors that siked raises on purpose become one line and an exit code."""
    try:
        return cli.main(args=argv, prog_name="siked", standalone_mode=True)
    except SikedError as error:
        click.echo(safe(f"siked: {error}"), err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # The reader of our output went away (head, less): nothing is left to say and nobody to say it to.
        sys.stderr.close()
        sys.exit(0)
