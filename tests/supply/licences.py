"""Licences of all packages that dslnas installs: `python -m tests.supply.licences`, a line each."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.matrix.rows import EXTRAS

_CLASSIFIER = re.compile(r"License :: (?:OSI Approved :: )?(.+)")


def needed(name: str, extras: frozenset[str] = frozenset()) -> dict[str, Distribution]:
    """Return what is installed of a package with some extras and all that it needs, by name."""
    found: dict[str, Distribution] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    _gather(Requirement(f"{name}[{','.join(extras)}]" if extras else name), found, seen)
    return found


def _gather(
    wanted: Requirement,
    found: dict[str, Distribution],
    seen: set[tuple[str, frozenset[str]]],
) -> None:
    key = canonicalize_name(wanted.name), frozenset(wanted.extras)
    if key in seen:
        return
    seen.add(key)
    try:
        package = found.setdefault(key[0], distribution(wanted.name))
    except PackageNotFoundError:
        return  # an extra that is not installed here
    for requirement in map(Requirement, package.requires or ()):
        if _applies(requirement, wanted.extras or {""}):
            _gather(requirement, found, seen)


def _applies(requirement: Requirement, extras: set[str]) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in extras)


def licence(package: Distribution) -> str:
    """Return the licence that a package states, empty if it states none.

    The expression is the standard's (PEP 639); before it, packages had classifiers or free text.
    """
    metadata = package.metadata
    if "License-Expression" in metadata:
        return metadata["License-Expression"]
    classified = [_CLASSIFIER.fullmatch(text) for text in metadata.get_all("Classifier") or ()]
    if names := [match[1] for match in classified if match]:
        return ", ".join(names)
    if "License" in metadata:
        return metadata["License"].strip().partition("\n")[0]
    return f"in its file {metadata['License-File']}" if "License-File" in metadata else ""


def report() -> Iterator[str]:
    """Yield name, version and licence of every package, by name."""
    packages = needed("dslnas", frozenset(EXTRAS))
    width = max(map(len, packages))
    for name, package in sorted(packages.items()):
        yield f"{name:{width}}  {package.version:12}  {licence(package) or 'NONE STATED'}"


def main() -> int:
    """Print the report; return 1 if a package states no licence."""
    lines = list(report())
    print(*lines, sep="\n")
    return int(any(line.endswith("NONE STATED") for line in lines))


if __name__ == "__main__":
    sys.exit(main())
