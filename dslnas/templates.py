"""Templates of files that are written: where they lie, and how strictly they are filled in."""

from __future__ import annotations

from collections.abc import Callable

import jinja2


def templates(
    package: str,
    folder: str = "templates",
    *,
    autoescape: bool | Callable[[str | None], bool] = False,
    keep_trailing_newline: bool = True,
) -> jinja2.Environment:
    """Return the templates in a folder of a package; a name that nobody gives is an error.

    Lines that hold a statement alone leave nothing behind.
    """
    return jinja2.Environment(
        loader=jinja2.PackageLoader(package, folder),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=keep_trailing_newline,
        autoescape=autoescape,
    )
