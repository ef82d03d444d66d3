"""Cells and network of a run, read from its architecture for people and machines to look at."""

from __future__ import annotations

from os.path import exists
from pathlib import Path
from typing import TypeAlias

from dslnas.language.link.sources import read_source
from dslnas.language.print.format import format_expression
from dslnas.language.syntax import ast
from dslnas.language.syntax.parse import parse
from dslnas.runs.folder import ARCHITECTURE, SPEC

Cells: TypeAlias = dict[str, dict[str, str]]
"""Terms of each node by cell and node, as in `sep_conv(3)(in1) + skip_connect(n1)`."""

SPEC_HASH = "Spec hash: "
"""Start of the comment with the hash of the spec that an architecture was found by."""


def spec_hash_of(run: Path) -> str | None:
    """Return the hash that the architecture of a run names; None if it names none."""
    lines = read_source(run / ARCHITECTURE).text.splitlines()
    start = f"# {SPEC_HASH}"
    return next((line.removeprefix(start) for line in lines if line.startswith(start)), None)


def cells_of(run: Path) -> Cells:
    """Return the cells of a run as they are written; none if it has found nothing yet."""
    path = run / ARCHITECTURE
    if not exists(path):
        return {}
    return {
        cell.name.text: {
            node.name.text: format_expression(node.value)
            for node in cell.statements
            if isinstance(node, ast.NodeDef)
        }
        for cell in parse(read_source(path)).items
        if isinstance(cell, ast.CellDef)
    }


def network_of(run: Path) -> dict[str, str]:
    """Return the settings of the network that a search chose: its `cells`, its `channels`."""
    if not exists(run / ARCHITECTURE) or not exists(run / SPEC):
        return {}
    found, asked = (_around_cells(run / file) for file in (ARCHITECTURE, SPEC))
    return {name: text for name, text in found.items() if text != asked.get(name)}


def _around_cells(path: Path) -> dict[str, str]:
    return {
        setting.key.text: ", ".join(map(format_expression, setting.values))
        for section in parse(read_source(path)).items
        if isinstance(section, ast.Section) and section.kind == "network"
        for setting in section.settings
        if setting.key.text in ("cells", "channels")
    }
