"""`dslnas completion`: completions in a shell."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import click
from click.shell_completion import get_completion_class

from dslnas.cli import completing  # noqa: F401 - registers what it has for Bash
from dslnas.cli.options import COMPLETE
from dslnas.files import make_folder, write_whole

PROGRAM = "dslnas"


def _below(variable: str, otherwise: str) -> Path:
    """Return the folder that a variable names, else one below the user's."""
    given = os.environ.get(variable)
    return Path(given) if given else Path.home() / otherwise


def _bash() -> Path:
    given = os.environ.get("BASH_COMPLETION_USER_DIR")
    own = Path(given) if given else _below("XDG_DATA_HOME", ".local/share") / "bash-completion"
    return own / "completions" / PROGRAM


def _zsh() -> Path:
    return _below("ZDOTDIR", "") / ".zfunc" / f"_{PROGRAM}"


def _fish() -> Path:
    return _below("XDG_CONFIG_HOME", ".config") / "fish" / "completions" / f"{PROGRAM}.fish"


PLACES: Mapping[str, Callable[[], Path]] = {"bash": _bash, "zsh": _zsh, "fish": _fish}
"""By shell, the file in which it looks for the completions of this program."""

MORE = {
    "bash": "new shells have it, if the package bash-completion is there",
    "zsh": "put these lines into ~/.zshrc, if they are not there:\n"
    "  fpath+=~/.zfunc\n  autoload -Uz compinit && compinit",
    "fish": "new shells have it",
}


@click.command()
@click.argument("shell", required=False, type=click.Choice(tuple(PLACES)))
@click.option("--install", is_flag=True, help="Write it where the shell looks for it.")
def completion(shell: str | None, install: bool) -> None:
    """Print what makes SHELL complete commands, options, settings, codes and architectures.

    With --install it is written where the shell looks for it; SHELL is yours, unless you name one.
    """
    name = shell or _own_shell()
    kind = get_completion_class(name)
    assert kind is not None, "one of those that click has"
    script = kind(click.get_current_context().find_root().command, {}, PROGRAM, COMPLETE).source()
    if not install:
        click.echo(script, nl=False)
        return
    path = PLACES[name]()
    by_hand = f"put what `{PROGRAM} completion {name}` prints where {name} looks for it"
    make_folder(path.parent, by_hand)
    write_whole(path, script, instead=by_hand)
    click.echo(f"{path}\n{MORE[name]}")


def _own_shell() -> str:
    """Return the shell that the environment names."""
    name = Path(os.environ.get("SHELL", "")).name
    if name not in PLACES:
        known = ", ".join(f"`{PROGRAM} completion {shell}`" for shell in PLACES)
        raise click.UsageError(f"$SHELL names no shell that is known here; write {known}")
    return name
