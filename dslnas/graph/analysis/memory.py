"""Does a network fit into this machine? How much memory there is, and what is said if it is less.

`check_memory` counts weights alone and answers at once; `dslnas.graph.analysis.activations` does
the rest.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from dslnas.diagnostics import user_error

BYTES_PER_PARAMETER = 12
"""A weight, its gradient and its momentum, four bytes each."""

CERTAIN = 0.8
"""Share of an estimate that is needed for certain: it may be a quarter too high."""


def check_memory(params: int) -> None:
    """Refuse (NAS408) a network if weights, gradients and momentum do not fit into this machine."""
    needed, there = BYTES_PER_PARAMETER * params, memory_bytes()
    if there is not None and needed > there:
        raise user_error(
            "NAS408",
            f"network of {params:,} parameters needs {needed / 2**30:,.0f} GiB to train, "
            f"this machine has {there / 2**30:,.0f} GiB",
            where="memory",
            help="use fewer `channels`, or fewer cells (`repeat`)",
        )


def fits(estimated: int, there: int | None) -> bool:
    """Return whether an estimate of bytes may fit; it certainly does where nothing is known."""
    return there is None or CERTAIN * estimated <= there


def shown(size: float) -> str:
    """Return a number of bytes for people."""
    unit, bytes_of = ("GiB", 2**30) if size >= 2**30 else ("MiB", 2**20)
    return f"{size / bytes_of:,.1f} {unit}"


def memory_bytes(root: Path = Path("/")) -> int | None:
    """Return the bytes of this machine, or of its container if that has less; None if not known.

    The limits of containers lie in the file system below `root`.
    """
    sizes = list(_limits(root))
    if hasattr(os, "sysconf"):
        sizes.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    return min(sizes, default=None)


def _limits(root: Path) -> Iterator[int]:
    """Yield the limits of the control groups that this process is in, and of those around them."""
    mounts = root / "sys/fs/cgroup"
    try:
        lines = (root / "proc/self/cgroup").read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        return
    for line in lines:  # `0::/path` in version 2, `4:memory:/path` in version 1
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            top, name = mounts, "memory.max"
        elif "memory" in controllers.split(","):
            top, name = mounts / "memory", "memory.limit_in_bytes"
        else:
            continue
        inner = top / path.lstrip("/")
        for folder in (inner, *inner.parents):
            yield from _number_in(folder / name)
            if folder == top:
                break


def _number_in(path: Path) -> Iterator[int]:
    """Yield the number that a file holds; `max`, or no file, is no limit."""
    try:
        yield int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return
