"""The page on commands: the help of each, and tables of commands and of options."""

from __future__ import annotations

import sys

import click

from docs.site.markdown import code, escaped, fence, page, table
from dslnas.cli.commands.check import FORMATS
from dslnas.cli.main import COMMANDS, cli
from dslnas.cli.runtime import runtime_options

WIDTH = 90


def commands_page() -> str:
    """Return the page with the help of every command."""
    settings = {**cli.context_settings, "max_content_width": WIDTH, "terminal_width": WIDTH}
    above = click.Context(cli, info_name="dslnas", **settings)
    blocks = [f"## dslnas {name}\n\n{fence(_help(name, above), 'text')}" for name in COMMANDS]
    return page("# Commands", fence(cli.get_help(above), "text"), *blocks)


def commands_text() -> str:
    """Return a table of the commands."""
    return table(("command", "what it does"), map(_row, COMMANDS))


def formats_text() -> str:
    """Return a table of the formats of `check`."""
    return table(("format", "what is printed"), ([code(f), escaped(t)] for f, t in FORMATS.items()))


def options_text() -> str:
    """Return a table of the options that say how networks run."""
    command = click.command()(runtime_options(lambda **given: None))
    told = (option.get_help_record(click.Context(command)) for option in command.params)
    return table(("option", "what it does"), ([code(o), escaped(h)] for o, h in filter(None, told)))


def _row(name: str) -> list[str]:
    """Return how a command is called, without options, and the first sentence of its help."""
    command = _command(name, click.Context(cli))
    _, *arguments = command.collect_usage_pieces(click.Context(command))
    about = command.get_short_help_str(limit=sys.maxsize)
    return [code(" ".join(["dslnas", name, *arguments])), escaped(about)]


def _help(name: str, above: click.Context) -> str:
    command = _command(name, above)
    return command.get_help(click.Context(command, info_name=name, parent=above))


def _command(name: str, above: click.Context) -> click.Command:
    command = cli.get_command(above, name)
    assert command is not None, "the table names commands that are there"
    return command
