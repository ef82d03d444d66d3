"""A compiled spec in numbers, and its graph between the passes."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from dslnas.app.compiled import CompiledArchitecture, CompiledSpace
from dslnas.graph.graph import PrimitiveGraph
from dslnas.language.check.cell import Cell
from dslnas.ops.primitive import Example, InputShape, Token
from dslnas.passes.manager import USUAL, pass_named, run_passes
from dslnas.space.architecture import Architecture, trained_network
from dslnas.space.count import count_architectures, count_cells, count_distinct
from dslnas.space.network import Network
from dslnas.space.search_space import SearchSpace
from dslnas.space.text import layout_text

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
    return {
        "channels": list(network.widths) or network.channels,
        "cells": list(network.layout),
        "fewest_cells": sum(min(place.counts) for place in network.places),
        "most_cells": sum(place.most for place in network.places),
        "layout": layout_text(network),
    }


def _sizes(example: Example) -> object:
    """Return the shape of an example, or of each of its inputs by name."""
    if isinstance(example, Mapping):
        return {name: _size(shape) for name, shape in example.items()}
    return _size(example)


def _size(shape: InputShape) -> list[int] | dict[str, int]:
    return {"words": shape.words} if isinstance(shape, Token) else list(shape)


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


def graph_after(graph: PrimitiveGraph, name: str) -> PrimitiveGraph:
    """Return a graph behind a pass and those before it; raise NAS806 if there is none."""
    names = list(USUAL)
    last = names.index(pass_named(name, "after"))
    for passed in run_passes(graph, names[: last + 1]):
        graph = passed.graph
    return graph
