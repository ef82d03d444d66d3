"""Cells as text of the language: how a found architecture is written."""

from __future__ import annotations

from itertools import groupby

from dslnas.language.check.cell import Cell, Operation
from dslnas.space.network import Network, Place


def cell_text(cell: Cell) -> str:
    """Return a cell with its nodes spelt out; choices are written in braces."""
    names = [f"in{i + 1}" for i in range(len(cell.inputs))]
    inputs = str(len(names)) if list(cell.inputs) == names else ", ".join(cell.inputs)
    lines = [f"    inputs  {inputs}"]
    if cell.preprocess is not None:
        lines.append(f"    preprocess  {cell.preprocess.text}")
    if cell.stride > 1:
        lines.append(f"    stride  {cell.stride}")
    if cell.widen > 1:
        lines.append(f"    widen  {cell.widen}")
    if cell.keep is not None:
        lines.append(f"    keep  {cell.keep}")
    if cell.none_allowed:
        lines.append("    none  allowed")
    for _, line in cell.written:
        lines.append(f"    {line}")
    for node in cell.nodes:
        lines.append(f"    node {node} = {node_text(cell, node)}")
    lines.append(f"    output  {_output(cell)}")
    return "\n".join([f"cell {cell.name} {{", *lines, "}"])


def node_text(cell: Cell, node: str) -> str:
    """Return the terms that a node sums, as in `sep_conv(3)(in1) + skip_connect(n1)`."""
    return " + ".join(
        f"{_operations(edge.operations)}({cell.together.get(edge.source, edge.source)})"
        for edge in cell.incoming(node)
    )


def layout_text(network: Network) -> str:
    """Return the cells of a network in order, choices among them in braces."""
    found = []
    for (names, is_open), alike in groupby(network.places, _choice_of):
        counts = [place.counts for place in alike]
        if is_open:
            found += [f"{names} * {{{', '.join(map(str, count))}}}" for count in counts]
        elif (times := sum(count for (count,) in counts)) > 0:
            found.append(names if times == 1 else f"{names} * {times}")
    return ", ".join(found)


def _choice_of(place: Place) -> tuple[str, bool]:
    """Return the cells of a place, and whether their number is chosen."""
    names = place.cells[0] if len(place.cells) == 1 else f"{{{', '.join(place.cells)}}}"
    return names, len(place.counts) > 1


def _output(cell: Cell) -> str:
    joined = ", ".join(cell.output_of)
    is_value = cell.output == "last" and joined not in cell.nodes
    return joined if is_value else f"{cell.output}({joined})"


def _operations(operations: tuple[Operation, ...]) -> str:
    texts = [operation.text for operation in operations]
    return texts[0] if len(texts) == 1 else "{" + ", ".join(texts) + "}"
