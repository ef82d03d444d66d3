"""The page on commands: the help of each."""

from __future__ import annotations

import click

from docs.site.markdown import fence, page
from dslnas.cli.main import COMMANDS, cli

WIDTH = 90


def commands_page() -> str:
    """Return the page with the help of every command."""
    settings = {**cli.context_settings, "max_content_width": WIDTH, "terminal_width": WIDTH}
    above = click.Context(cli, info_name="dslnas", **settings)
    blocks = [f"## dslnas {name}\n\n{fence(_help(name, above), 'text')}" for name in COMMANDS]
    return page("# Commands", fence(cli.get_help(above), "text"), *blocks)


def _help(name: str, above: click.Context) -> str:
    command = cli.get_command(above, name)
    assert command is not None, "the table names commands that are there"
    return command.get_help(click.Context(command, info_name=name, parent=above))
