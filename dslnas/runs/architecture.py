"""The cells of a run, read from its architecture for people and machines to look at."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

from dslnas.runs.folder import ARCHITECTURE

Cells: TypeAlias = dict[str, dict[str, str]]
"""By cell and node, what the node sums: `sep_conv(3)(in1) + skip_connect(n1)`."""


def cells_of(folder: Path) -> Cells:
    """Return the cells of a run as they are written; none if it has found nothing yet."""
    path = folder / ARCHITECTURE
    if not path.exists():
        return {}
    cells: Cells = {}
    nodes: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        first, _, rest = line.strip().partition(" ")
        if line.startswith("cell "):
            nodes = cells[rest.removesuffix(" {")] = {}
        elif first == "node":
            name, _, terms = rest.partition(" = ")
            nodes[name.strip()] = terms.strip()
    return cells
