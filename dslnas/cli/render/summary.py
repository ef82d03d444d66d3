"""Summary of a compiled spec in numbers: for people and for machines."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from itertools import groupby
from typing import Any

from dslnas.app.compile import CompiledArchitecture, CompiledSpace
from dslnas.language.check.cell import Cell
from dslnas.ops.primitive import Example
from dslnas.space.architecture import Architecture, trained_network
from dslnas.space.count import count_architectures, count_cells, count_distinct
from dslnas.space.network import Network, SearchSpace
from dslnas.tasks.catalogue import task_of

LARGEST = 10**308
"""Larger numbers are no floats, and too long to be read."""


def summary(compiled: CompiledSpace | CompiledArchitecture) -> dict[str, Any]:
    """Return the numbers of a spec."""
    space = compiled.architecture if isinstance(compiled, CompiledArchitecture) else compiled.space
    network, final = compiled.network, trained_network(space)
    used = dict.fromkeys((*network.layout, *final.layout))
    return {
        "spec": compiled.name,
        "spec_hash": compiled.hash,
        "method": compiled.method,
        "data": compiled.program.data.source,
        "input": _sizes(network.example),
        "classes": network.classes,
        "is_architecture": isinstance(space, Architecture),
        **_counts(space),
        "cells": [_cell(space.cells[name]) for name in used],
        "search_network": _network(network),
        "final_network": _network(final),
        "params": compiled.graph.params(),
        "flops": compiled.graph.flops(),
    }


def _cell(cell: Cell) -> dict[str, Any]:
    edges = [
        {"from": e.source, "to": e.target, "operations": [op.text for op in e.operations]}
        for e in cell.edges
    ]
    return {
        "name": cell.name,
        "inputs": list(cell.inputs),
        "states": list(cell.states),
        "values": [" ".join(line.split()) for _, line in cell.written],
        "nodes": list(cell.nodes),
        "edges": edges,
        "keep": cell.keep,
        "stride": cell.stride,
        "output": cell.output,
        "output_of": list(cell.output_of),
        "derivable": exact(count_cells(cell)),
    }


def _counts(space: SearchSpace | Architecture) -> dict[str, Any]:
    if isinstance(space, Architecture):
        return {"architectures": 1, "distinct": 1, "architecture_hash": space.hash}
    distinct = count_distinct(space)
    return {
        "architectures": exact(count_architectures(space)),
        "distinct": None if distinct is None else exact(distinct),
        "architecture_hash": None,
    }


def _network(network: Network) -> dict[str, Any]:
    return {"channels": network.channels, "cells": list(network.layout)}


def _sizes(example: Example) -> list[int] | dict[str, list[int]]:
    """Return the shape of an example, or of each of its inputs by name."""
    if isinstance(example, Mapping):
        return {name: list(shape) for name, shape in example.items()}
    return list(example)


def summary_text(compiled: CompiledSpace | CompiledArchitecture) -> str:
    """Return the summary for people."""
    facts = summary(compiled)
    method = facts["method"] or "no search"
    network = compiled.network
    reads = task_of(compiled.program.data).described(network.example, network.classes)
    lines = [f"{facts['spec']}: {method} on {facts['data']} ({reads})"]
    for cell in facts["cells"]:
        lines += ["", *_cell_lines(cell)]
    lines.append("")
    networks = (
        [("network", facts["final_network"])]
        if facts["is_architecture"]
        else [("supernet", facts["search_network"]), ("final network", facts["final_network"])]
    )
    for what, network in networks:
        count = len(network["cells"])
        cells = _runs(network["cells"])
        lines.append(f"{what:<15}{many(count, 'cell')} of {network['channels']} channels: {cells}")
        if what != "final network":
            flops = big(facts["flops"])
            lines.append(f"{'':<15}{facts['params']:,} parameters, {flops} multiply-adds")
    if not facts["is_architecture"]:
        distinct = facts["distinct"]
        of_them = "" if distinct is None else f", of which {big(distinct)} are distinct"
        lines.append(f"{'architectures':<15}{big(facts['architectures'])}{of_them}")
    lines.append(f"{'spec hash':<15}{facts['spec_hash'][:16]}")
    return "\n".join(lines)


def _cell_lines(cell: dict[str, Any]) -> list[str]:
    edges = cell["edges"]
    sizes = [(key, len(cell[key])) for key in ("inputs", "states", "nodes", "edges")]
    shown = ", ".join(many(size, key.removesuffix("s")) for key, size in sizes if size)
    head = f"cell {cell['name']}: {shown}"
    values = [f"    {line}" for line in cell["values"]]
    if cell["stride"] > 1:
        head += f", stride {cell['stride']}"
    if all(len(edge["operations"]) == 1 for edge in edges):
        terms = [
            f"    {node} = "
            + " + ".join(f"{e['operations'][0]}({e['from']})" for e in edges if e["to"] == node)
            for node in cell["nodes"]
        ]
        return [head, *values, *terms, *([f"    output {_output(cell)}"] if values else [])]
    keep = "all edges" if cell["keep"] is None else many(cell["keep"], "edge") + " per node"
    lines = [f"{head}, keeps {keep}", *values]
    alike = {tuple(edge["operations"]) for edge in edges}
    if len(alike) == 1:
        operations = edges[0]["operations"]
        lines.append(f"    {many(len(operations), 'operation')}: {', '.join(operations)}")
    else:
        for edge in edges:
            lines.append(f"    {edge['from']} -> {edge['to']}: {', '.join(edge['operations'])}")
    lines.append(f"    {big(cell['derivable'])} cells can be derived")
    return lines


def _output(cell: dict[str, Any]) -> str:
    joined = ", ".join(cell["output_of"])
    return joined if cell["output"] == "last" else f"{cell['output']}({joined})"


def exact(number: int) -> int | str:
    """Return a number for JSON; larger than any float, and for most readers, as people read it."""
    return number if number < LARGEST else big(number)


def big(number: int | str) -> str:
    """Return a number for people: in full to 9 digits, then with three significant digits."""
    if isinstance(number, str):
        return number
    if number < 10**9:
        return f"{number:,}"
    # not through a float, which ends at 1.8e308: there are larger spaces
    digits, exponent = f"{Decimal(number):.2e}".split("e+")
    return f"{digits.rstrip('0').rstrip('.')}e+{exponent:0>2}"


def many(number: int, word: str) -> str:
    """Return a number with its word, in the plural unless it is one."""
    return f"{number} {word}{'' if number == 1 else 's'}"


def _runs(names: list[str]) -> str:
    """Write equal neighbours once: `normal * 2, reduction`."""
    parts = [(name, len(list(group))) for name, group in groupby(names)]
    return ", ".join(name if count == 1 else f"{name} * {count}" for name, count in parts)
