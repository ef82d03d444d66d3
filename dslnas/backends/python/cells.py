"""Classes of operations and cells, read from the regions of a graph."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from dslnas.backends.python.class_model import Body, Instance, Part, children_of
from dslnas.backends.python.expressions import is_function
from dslnas.backends.python.identifiers import LONGEST_VARIABLE, VARIABLES, Names, snake_case
from dslnas.backends.python.layers import JOINS, layer_part
from dslnas.backends.python.regions import Block, Region
from dslnas.backends.python.statements import (
    Attributes,
    StatementWriter,
    Step,
    channels_of,
    unique,
)
from dslnas.graph.graph import Node, PrimitiveGraph


@dataclass(frozen=True)
class PlacedCell:
    """A cell in a network.

    Attributes:
        path: Path of its nodes.
        sources: Nodes that it reads, in the order of its arguments.
        output: Node that it gives; empty if nobody reads its output.
        instance: The class that it could be.
    """

    path: str
    sources: tuple[str, ...]
    output: str
    instance: Instance


def read_cell(graph: PrimitiveGraph, region: Region, parts: Mapping[str, Part]) -> PlacedCell:
    """Return the cell that a region is.

    Args:
        graph: The network.
        region: The nodes of the cell.
        parts: Constructors of its blocks, by their outputs.

    Raises:
        ValueError: A primitive has no form, or weights are shared with another class.
    """
    variables = Names({*VARIABLES, "states"}, LONGEST_VARIABLE)
    inputs = _name_inputs(region, variables)
    states = {name: variables.take(snake_case(name.rpartition("/")[2])) for name in region.states}
    attributes = Attributes()
    writer = StatementWriter(attributes, unique(variables))
    steps = region_steps(graph, region, parts)
    statements, results = writer.write(steps, inputs | states, region.results)
    sources = tuple(region.inputs[value].node for value in inputs)
    shapes = {name: graph.by_name[region.node(value)].shape for value, name in inputs.items()}
    made = Instance(
        region.scope.label,
        region.scope.kind,
        "AfterReduction" if len({shape[1:] for shape in shapes.values()}) > 1 else "",
        Body(
            tuple(inputs.values()),
            children_of(attributes.parts),
            statements,
            results[0] if region.output else "",
            tuple(states.values()),
            results[bool(region.output) :],
        ),
        attributes.parts,
        {"channels": _channels(graph, region)}
        | {channels_of(name): shape[0] for name, shape in shapes.items()},
    )
    return PlacedCell(region.scope.path, sources, region.output, made)


def _name_inputs(region: Region, variables: Names) -> dict[str, str]:
    """Return the arguments of a cell; `in1`, `in2`, ... are in this order, others as read first."""
    nameless = [value for value, given in region.inputs.items() if not given.name]
    plain = {v: f"x{n}" if len(nameless) > 1 else "x" for n, v in enumerate(nameless, 1)}
    names = {
        value: variables.take(snake_case(given.name or plain[value]))
        for value, given in region.inputs.items()
    }
    return dict(sorted(names.items(), key=lambda item: _number(item[1])))


def _number(variable: str) -> int:
    match = re.fullmatch(r"in(\d+)", variable)
    return int(match[1]) if match else 0


def _channels(graph: PrimitiveGraph, region: Region) -> int:
    """Return C of a cell."""
    operations = (block.output for block in region.blocks if block.scope.kind == "operation")
    values = (*region.states, *operations, region.output)
    return graph.by_name[values[0]].shape[0]


def region_steps(graph: PrimitiveGraph, region: Region, parts: Mapping[str, Part]) -> list[Step]:
    """Return what a region computes; arguments as of `read_cell`."""
    blocks = {block.nodes[0].name: block for block in region.blocks}
    covered = {node.name for block in region.blocks for node in block.nodes}
    single = [node for node in region.nodes if node.name not in covered]
    layers = {node.name: _layer(graph, region, node) for node in single if _has_layer(node)}
    wishes = Counter(region.naming.layer(name) for name in layers)
    steps = []
    for node in region.nodes:
        if node.name in blocks:
            steps.append(_block_step(region, blocks[node.name], parts))
        elif node.name not in covered:
            wish = region.naming.layer(node.name)
            wish = f"{wish}_{node.primitive}" if wishes[wish] > 1 else wish
            steps.append(_step(region, node.name, node.inputs, node, layers.get(node.name), wish))
    return steps


def _has_layer(node: Node) -> bool:
    """Whether a node outside of blocks has a layer of its own."""
    is_lent = bool(node.borrowed) and not node.owned
    return not (node.primitive in JOINS or is_function(node) or is_lent)


def _layer(graph: PrimitiveGraph, region: Region, node: Node) -> Part:
    return layer_part(node, graph.by_name[region.node(node.inputs[0])].shape)


def _block_step(region: Region, block: Block, parts: Mapping[str, Part]) -> Step:
    path = block.scope.path.removeprefix(f"{region.scope.path}/")
    if block.scope.kind == "preprocess":
        path = f"{path}_{block.scope.label.partition('(')[0]}"
    part, wish = parts[block.output], snake_case(path)
    return _step(region, block.output, (block.source,), None, part, wish)


def _step(
    region: Region,
    value: str,
    inputs: tuple[str, ...],
    node: Node | None,
    part: Part | None,
    attribute: str,
) -> Step:
    naming, edge = region.naming, region.naming.edge(value)
    return Step(
        value,
        inputs,
        naming.value(value, is_block=node is None),
        naming.group(value),
        node,
        part,
        attribute,
        is_term=naming.is_term(value),
        renews=edge is not None and edge.is_input,
    )
