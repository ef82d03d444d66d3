"""The version of dslnas, and what it runs on."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version

from dslnas.cli.render.tables import aligned

PACKAGE = "dslnas"
FOR_DEVELOPERS = ("dev", "bench")

_REQUIREMENT = re.compile(r"([\w.-]+)(?:.*extra == ['\"](\w+)['\"])?")


def environment_text() -> str:
    """Return the versions of this tool, of Python and of what it needs, and the machine.

    They are read from what is installed; nothing is imported for it.
    """
    rows = [
        (PACKAGE, version(PACKAGE)),
        ("Python", f"{platform.python_version()}, {platform.platform()}"),
        ("cores", str(os.cpu_count())),
        *_packages(),
    ]
    return "\n".join(aligned(rows, left=rows[0]))


def _packages() -> Iterator[tuple[str, str]]:
    """Yield all packages that are needed, and those of extras, with their versions."""
    for requirement in requires(PACKAGE) or ():
        found = _REQUIREMENT.match(requirement)
        name, extra = found.groups() if found else (requirement, None)
        if extra in FOR_DEVELOPERS:
            continue
        try:
            yield name, version(name)
        except PackageNotFoundError:
            yield name, f"not installed: `pip install 'dslnas[{extra}]'`" if extra else "missing"
