"""Operations, preprocessing, stems and heads as classes.

Runs of layers become one attribute each; only where branches part or join is there a statement.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dslnas.backends.python.class_model import Body, Instance, Layers
from dslnas.backends.python.expressions import JOINS
from dslnas.backends.python.layers import layers_of
from dslnas.backends.python.regions import Block
from dslnas.backends.python.statements import StatementWriter, Step, letters
from dslnas.graph.graph import Node, PrimitiveGraph
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


@dataclass
class _Chain:
    """Layers in a row, while they are gathered."""

    source: str
    nodes: list[Node] = field(default_factory=list)
    layers: Layers = ()

    @property
    def end(self) -> str:
        return self.nodes[-1].name


def _steps(block: Block, shapes: Mapping[str, Shape]) -> list[Step]:
    """Return the joins of a block, and the layers between them as chains."""
    reads = Counter(name for node in block.nodes for name in node.inputs)
    reads[block.output] += 1
    items: list[_Chain | Node] = []
    growing: dict[str, _Chain] = {}
    for node in block.nodes:
        if node.primitive in JOINS:
            items.append(node)
            continue
        (source,) = node.inputs
        chain = growing.pop(source, None) if reads[source] == 1 else None
        if chain is None:
            chain = _Chain(source)
            items.append(chain)
        chain.nodes.append(node)
        chain.layers += layers_of(node, shapes[source])
        growing[node.name] = chain
    joined = {name: item.name for item in items if isinstance(item, Node) for name in item.inputs}
    names = _attribute_names([item for item in items if isinstance(item, _Chain)], joined)
    return [
        Step(item.name, item.inputs, "", item.name, node=item)
        if isinstance(item, Node)
        else Step(
            item.end,
            (item.source,),
            "",
            joined.get(item.end, item.end),
            layers=item.layers,
            attribute=names[item.end],
            is_term=True,
        )
        for item in items
    ]


def _attribute_names(chains: Sequence[_Chain], joined: Mapping[str, str]) -> dict[str, str]:
    """Return the attribute of every chain, by the value that it ends in."""
    wishes = [
        "branch"
        if chain.end in joined
        else chain.nodes[0].primitive
        if len(chain.nodes) == 1
        else "layers"
        for chain in chains
    ]
    seen: Counter[str] = Counter()
    names = {}
    for wish, chain in zip(wishes, chains, strict=True):
        seen[wish] += 1
        names[chain.end] = f"{wish}{seen[wish]}" if wishes.count(wish) > 1 else wish
    return names
