"""Classes of cells, read from the regions of a graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from dslnas.backends.python.class_model import Body, Instance, Layers
from dslnas.backends.python.expressions import JOINS, is_function
from dslnas.backends.python.identifiers import LONGEST_VARIABLE, VARIABLES, Names, snake_case
from dslnas.backends.python.layers import layers_of
from dslnas.backends.python.regions import Block, Region
from dslnas.backends.python.statements import StatementWriter, Step, channels_of, unique
from dslnas.graph.graph import Node, PrimitiveGraph


def read_cell(graph: PrimitiveGraph, region: Region, calls: Mapping[str, Layers]) -> Instance:
    """Return the class that a cell could be.

    Args:
        graph: The network.
        region: The nodes of the cell.
        calls: Constructors of its blocks, by their outputs.

    Raises:
        ValueError: A primitive has no form, or weights are shared with another class.
    """
    variables = Names({*VARIABLES, "states"}, LONGEST_VARIABLE)
    inputs = _name_inputs(region, variables)
    states = {name: variables.take(snake_case(name.rpartition("/")[2])) for name in region.states}
    writer = StatementWriter(unique(variables))
    steps = list(region_steps(graph, region, calls))
    statements, results = writer.write(steps, inputs | states, region.results)
    shapes = {name: graph.by_name[region.node(value)].shape for value, name in inputs.items()}
    body = Body(
        tuple(inputs.values()),
        writer.attributes,
        statements,
        results[0] if region.output else "",
        tuple(states.values()),
        results[bool(region.output) :],
    )
    variant = "AfterReduction" if len({shape[1:] for shape in shapes.values()}) > 1 else ""
    sizes = {channels_of(name): shape[0] for name, shape in shapes.items()}
    sizes = {"channels": _channels(graph, region)} | sizes
    return Instance(region.scope.label, region.scope.kind, variant, body, sizes)


def _name_inputs(region: Region, variables: Names) -> dict[str, str]:
    """Return the arguments of a cell: as the language calls them, or x1, x2, ..."""
    nameless = [value for value, given in region.inputs.items() if not given.name]
    plain = {v: f"x{n}" if len(nameless) > 1 else "x" for n, v in enumerate(nameless, 1)}
    return {
        value: variables.take(snake_case(given.name or plain[value]))
        for value, given in region.inputs.items()
    }


def _channels(graph: PrimitiveGraph, region: Region) -> int:
    """Return C of a cell."""
    operations = (block.output for block in region.blocks if block.scope.kind == "operation")
    values = (*region.states, *operations, region.output)
    return graph.by_name[values[0]].shape[0]


def region_steps(
    graph: PrimitiveGraph, region: Region, calls: Mapping[str, Layers]
) -> Iterator[Step]:
    """Yield what a region computes; arguments as of `read_cell`."""
    blocks = {block.nodes[0].name: block for block in region.blocks}
    covered = {node.name for block in region.blocks for node in block.nodes}
    layers = {
        node.name: layers_of(node, graph.by_name[region.node(node.inputs[0])].shape)
        for node in region.nodes
        if node.name not in covered and _has_layer(node)
    }
    wishes = Counter(map(region.naming.layer, layers))
    for node in region.nodes:
        if block := blocks.get(node.name):
            wish, own = _block_attribute(region, block), calls[block.output]
            yield _step(region, block.output, (block.source,), None, own, wish)
        elif node.name not in covered:
            wish = region.naming.layer(node.name)
            wish = f"{wish}_{node.primitive}" if wishes[wish] > 1 else wish
            own = layers.get(node.name, ())
            yield _step(region, node.name, node.inputs, node, own, wish)


def _has_layer(node: Node) -> bool:
    """Whether a node outside of blocks has a layer of its own."""
    is_lent = bool(node.borrowed) and not node.owned
    return not (node.primitive in JOINS or is_function(node) or is_lent)


def _block_attribute(region: Region, block: Block) -> str:
    path = block.scope.path.removeprefix(f"{region.scope.path}/")
    if block.scope.kind == "preprocess":
        path = f"{path}_{block.scope.label.partition('(')[0]}"
    return snake_case(path)


def _step(
    region: Region,
    value: str,
    inputs: tuple[str, ...],
    node: Node | None,
    layers: Layers,
    attribute: str,
) -> Step:
    naming, edge = region.naming, region.naming.edge(value)
    return Step(
        value,
        inputs,
        naming.value(value, is_block=node is None),
        naming.group(value),
        node,
        layers,
        attribute,
        is_term=naming.is_term(value),
        renews=edge is not None and edge.is_input,
    )
