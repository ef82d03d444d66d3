"""Operations, preprocessing, stems and heads as classes.

Runs of layers become one attribute each; only where branches part or join is there a statement.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from dslnas.backends.python.class_model import Body, Instance, Part, children_of
from dslnas.backends.python.layers import JOINS, layer_part
from dslnas.backends.python.regions import Block
from dslnas.backends.python.statements import Attributes, StatementWriter, Step, letters
from dslnas.graph.graph import Node, PrimitiveGraph
from dslnas.ops.primitive import Shape


def read_block(graph: PrimitiveGraph, block: Block, source: str) -> Instance:
    """Return the class that a block could be; `source` is the node that it reads."""
    before, after = graph.by_name[source].shape, graph.by_name[block.output].shape
    steps = _steps(block, {block.source: before} | {n.name: n.shape for n in block.nodes})
    variant = "Strided" if after[1:] < before[1:] else ""
    sizes = {"in_channels": before[0]} if before else {}
    sizes |= {"out_channels": after[0]}
    made = partial(Instance, block.scope.label, block.scope.kind, variant)
    if len(steps) == 1 and steps[0].part is not None:
        parts = {"": steps[0].part}
        return made(Body(("x",), children_of(parts)), parts, sizes)
    attributes = Attributes()
    writer = StatementWriter(attributes, letters)
    statements, (result,) = writer.write(steps, {block.source: "x"}, [block.output])
    children = children_of(attributes.parts)
    return made(Body(("x",), children, statements, result), attributes.parts, sizes)


def inline_part(made: Instance) -> Part | None:
    """Return the layers of a block that needs no class: a single one, or a plain stem or head."""
    chain = made.parts.get("")
    if chain is None:
        return None
    needs_class = made.kind in ("operation", "preprocess") and len(chain.pieces) > 1
    return None if needs_class else chain


@dataclass
class _Chain:
    """Layers in a row, while they are gathered."""

    source: str
    nodes: list[Node] = field(default_factory=list)
    part: Part = field(default_factory=Part)

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
        chain.part += layer_part(node, shapes[source])
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
            part=item.part,
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
