"""Cells as text of the language: how a found architecture is written."""

from __future__ import annotations

from dslnas.language.check.cell import Cell, Operation


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
        terms = " + ".join(
            f"{_operations(edge.operations)}({cell.together.get(edge.source, edge.source)})"
            for edge in cell.incoming(node)
        )
        lines.append(f"    node {node} = {terms}")
    lines.append(f"    output  {_output(cell)}")
    return "\n".join([f"cell {cell.name} {{", *lines, "}"])


def _output(cell: Cell) -> str:
    joined = ", ".join(cell.output_of)
    is_value = cell.output == "last" and joined not in cell.nodes
    return joined if is_value else f"{cell.output}({joined})"


def _operations(operations: tuple[Operation, ...]) -> str:
    texts = [operation.text for operation in operations]
    return texts[0] if len(texts) == 1 else "{" + ", ".join(texts) + "}"
