"""Operations, preprocessing, stems and heads as classes.

Runs of layers become one attribute each; only where branches part or join is there a statement.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from dslnas.backends.python.class_model import Body, Instance, Layers
from dslnas.backends.python.expressions import JOINS
from dslnas.backends.python.layers import layers_of
from dslnas.backends.python.regions import Block
from dslnas.backends.python.statements import StatementWriter, Step, letters
from dslnas.graph.graph import PrimitiveGraph
from dslnas.ops.primitive import Shape


def read_block(graph: PrimitiveGraph, block: Block, source: str) -> Instance:
    """Return the class that a block could be; `source` is the node that it reads."""
    before, after = graph.by_name[source].shape, graph.by_name[block.output].shape
    steps = _steps(block, {block.source: before} | {n.name: n.shape for n in block.nodes})
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


def _steps(block: Block, shapes: Mapping[str, Shape]) -> list[Step]:
    """Return the joins of a block, and the layers between them as chains."""
    reads = Counter(name for node in block.nodes for name in node.inputs)
    reads[block.output] += 1
    steps: dict[str, Step] = {}
    for node in block.nodes:
        if node.primitive in JOINS:
            steps[node.name] = Step(node.name, node.inputs, "", node.name, node)
            continue
        (source,) = node.inputs
        layers, step = layers_of(node, shapes[source]), steps.get(source)
        if step is None or step.node or reads[source] > 1:
            wish = node.primitive
            step = Step(node.name, (source,), "", "", layers=layers, attribute=wish, is_term=True)
        else:
            del steps[source]
            step = replace(step, value=node.name, layers=step.layers + layers, attribute="layers")
        steps[node.name] = step
    return _with_attributes(steps)


def _with_attributes(steps: Mapping[str, Step]) -> list[Step]:
    """Return steps whose chains are told apart by their attributes, with those that are joined."""
    joined = {name: step.value for step in steps.values() if step.node for name in step.inputs}
    wishes = {
        value: "branch" if value in joined else step.attribute
        for value, step in steps.items()
        if step.node is None
    }
    alike: dict[str, list[str]] = {}
    for value, wish in wishes.items():
        alike.setdefault(wish, []).append(value)
    numbers = {v: f"{n}" for vs in alike.values() if len(vs) > 1 for n, v in enumerate(vs, 1)}
    return [
        replace(
            step,
            group=joined.get(value, value),
            attribute=f"{wishes[value]}{numbers.get(value, '')}",
        )
        if value in wishes
        else step
        for value, step in steps.items()
    ]
