"""`dslnas lsp`: help in an editor."""

from __future__ import annotations

import gc
from importlib.metadata import version

import click

from dslnas.diagnostics import user_error


@click.command()
@click.option("--stdio", is_flag=True, help="As always; some editors pass it.")
def lsp(stdio: bool) -> None:
    """Serve an editor: mistakes, completions, explanations, renaming; by the extra `lsp`.

    It speaks the Language Server Protocol over stdin and stdout. Editors start it
    themselves: docs/editors.md tells how to let them.
    """
    try:
        from dslnas.language_server.answers import make_server
    except ImportError as error:
        if error.name not in ("pygls", "lsprotocol"):
            raise
        help = "install it: `pip install 'dslnas[lsp]'`"
        raise user_error("NAS028", "a language server needs pygls", help=help) from None
    gc.freeze()  # what is loaded stays: Python need not look for cycles in it
    gc.enable()  # it stays for hours
    make_server(version("dslnas")).start_io()
