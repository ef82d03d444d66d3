"""`dslnas lsp`: help in an editor."""

from __future__ import annotations

from importlib.metadata import version
from os.path import isfile, realpath
from pathlib import Path

import click

from dslnas.diagnostics import user_error


@click.command()
@click.option("--stdio", is_flag=True, help="As always; some editors pass it.")
@click.option(
    "--docs",
    metavar="ADDRESS",
    default="",
    help="Where the documentation lies, a folder or a URL: codes of mistakes lead there.",
)
def lsp(stdio: bool, docs: str) -> None:
    """Serve an editor: mistakes, completions, explanations, renaming; by the extra `lsp`.

    It speaks the Language Server Protocol over stdin and stdout. Editors start it
    themselves: docs/editors.md tells how to let them.
    """
    try:
        from dslnas.app.editor import look_seldom_for_cycles
        from dslnas.language_server.answers import make_server
    except ImportError as error:
        if error.name not in ("pygls", "lsprotocol"):
            raise
        help = "install it: `pip install 'dslnas[lsp]'`"
        raise user_error("NAS028", "a language server needs pygls", help=help) from None
    address = address_of(docs)
    look_seldom_for_cycles()
    make_server(version("dslnas"), address).start_io()


def address_of(docs: str) -> str:
    """Return where the documentation lies as a URL, "" if that is not said."""
    if not docs or "://" in docs:
        return docs
    folder = Path(realpath(docs))
    if not isfile(folder / "index.html"):
        help = "`make docs` in a checkout of dslnas builds it"
        raise click.BadParameter(f"no documentation lies in {docs!r}; {help}", param_hint="--docs")
    return folder.as_uri()
