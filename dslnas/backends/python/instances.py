"""Blocks and cells as instances of classes, read from the regions of a graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

from dslnas.backends.python.class_model import Body, Instance, Layers
from dslnas.backends.python.expressions import JOINS, is_function
from dslnas.backends.python.identifiers import Names, snake_case, variable_names
from dslnas.backends.python.layers import layers_of
from dslnas.backends.python.regions import Block, Region
from dslnas.backends.python.statements import StatementWriter, Step, channels_of, letters, unique
from dslnas.graph.graph import PrimitiveGraph
from dslnas.ops.primitive import Shape

# ---- blocks: runs of layers are one attribute each, and only joins are statements ---------------


def read_block(graph: PrimitiveGraph, block: Block, source: str) -> Instance:
    """Return the class that a block could be; `source` is the node that it reads."""
    before, after = graph.by_name[source].shape, graph.by_name[block.output].shape
    steps = _block_steps(block, {block.source: before} | {n.name: n.shape for n in block.nodes})
    if len(steps) == 1 and steps[0].layers:
        body = Body(("x",), (("", steps[0].layers),))
    else:
        writer = StatementWriter(letters)
        statements, (result,) = writer.write(steps, {block.source: "x"}, [block.output])
        body = Body(("x",), writer.attributes, statements, result)
    variant = "Strided" if after[1:] < before[1:] else ""
    sizes = {"in_channels": before[0]} if before else {}
    sizes |= {"out_channels": after[0]}
    return Instance(block.scope.label, block.scope.kind, variant, body, sizes)


def inline_layers(made: Instance) -> Layers:
    """Return the layers of a block that needs no class: a single one, or a plain stem or head."""
    if not made.body.is_chain:
        return ()
    ((_, layers),) = made.body.attributes
    needs_class = made.kind in ("operation", "preprocess") and len(layers) > 1
    return () if needs_class else layers


def _block_steps(block: Block, shapes: Mapping[str, Shape]) -> list[Step]:
    """Return the joins of a block, and the layers between them as chains."""
    reads = Counter(name for node in block.nodes for name in node.inputs)
    reads[block.output] += 1
    steps: dict[str, Step] = {}
    for node in block.nodes:
        if node.primitive in JOINS:
            steps[node.name] = Step(node.name, node.inputs, group=node.name, node=node)
            continue
        (source,) = node.inputs
        layers, step = layers_of(node, shapes[source]), steps.get(source)
        if step is None or step.node or reads[source] > 1:
            wish = node.primitive
            step = Step(node.name, (source,), layers=layers, attribute=wish, is_term=True)
        else:
            del steps[source]
            step = replace(step, value=node.name, layers=step.layers + layers, attribute="layers")
        steps[node.name] = step
    return _with_attributes(steps)


def _with_attributes(steps: Mapping[str, Step]) -> list[Step]:
    """Return steps whose chains have different attributes, and stand inside of what joins them."""
    joined = {name: step.value for step in steps.values() if step.node for name in step.inputs}
    wishes = {v: "branch" if v in joined else s.attribute for v, s in steps.items() if not s.node}
    totals, seen = Counter(wishes.values()), Counter[str]()
    named = []
    for value, step in steps.items():
        if step.node is None:
            wish = wishes[value]
            seen[wish] += 1
            name = f"{wish}{seen[wish]}" if totals[wish] > 1 else wish
            step = replace(step, group=joined.get(value, value), attribute=name)
        named.append(step)
    return named


# ---- cells: every block is an attribute, and every value of the language a statement ------------


def read_cell(graph: PrimitiveGraph, region: Region, calls: Mapping[str, Layers]) -> Instance:
    """Return the class that a cell could be; `calls` construct its blocks, by their outputs.

    Raises:
        ValueError: A primitive has no form, or weights are shared with another class.
    """
    variables = variable_names(["states"])
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
    """Yield what a cell or the network around the cells computes; `calls` as of `read_cell`."""
    naming = region.naming
    blocks = {block.nodes[0].name: block for block in region.blocks}
    covered = {node.name for block in region.blocks for node in block.nodes}
    single = [node for node in region.nodes if node.name not in covered]
    layers = {
        node.name: layers_of(node, graph.by_name[region.node(node.inputs[0])].shape)
        for node in single
        # joins and functions have none, and others are called like the layer that they borrow
        if not (node.primitive in JOINS or is_function(node) or (node.borrowed and not node.owned))
    }
    wishes = Counter(map(naming.layer, layers))
    for node in region.nodes:
        if block := blocks.get(node.name):
            value, wish = block.output, _attribute(region, block)
            name = naming.value(value, is_block=True) if region.scope.path else wish
            step = Step(value, (block.source,), name, layers=calls[value], attribute=wish)
        elif node.name not in covered:
            value, wish = node.name, naming.layer(node.name)
            wish = f"{wish}_{node.primitive}" if wishes[wish] > 1 else wish
            name, own = naming.value(value, is_block=False), layers.get(value, ())
            step = Step(value, node.inputs, name, node=node, layers=own, attribute=wish)
        else:
            continue
        group, is_term, renews = naming.group(value), naming.is_term(value), naming.is_input(value)
        yield replace(step, group=group, is_term=is_term, renews=renews)


def _attribute(region: Region, block: Block) -> str:
    path = block.scope.path.removeprefix(f"{region.scope.path}/")
    if block.scope.kind == "preprocess":
        path = f"{path}_{block.scope.label.partition('(')[0]}"
    return snake_case(path)
