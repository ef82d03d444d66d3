"""Operations, stems and heads: a group of layers that reads one value and gives one.

Runs of layers become one attribute each; only where branches part or join is there a statement.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from dslnas.backends.python.body import Instance, Part, Statement, Term, instance
from dslnas.backends.python.forms import HAND_ON, JOINS, layer_part
from dslnas.graph.graph import Node, PrimitiveGraph, Scope


@dataclass(frozen=True)
class Block:
    """A group of layers in a graph.

    Attributes:
        scope: What the group is.
        source: The node that it reads, outside of it.
        output: The node that it gives.
        instance: The class that it could be.
    """

    scope: Scope
    source: str
    output: str
    instance: Instance


@dataclass
class _Chain:
    """Layers in a row, while they are gathered."""

    source: str
    nodes: list[Node]
    part: Part = field(default_factory=Part)

    def append(self, node: Node, graph: PrimitiveGraph) -> None:
        self.nodes.append(node)
        self.part += layer_part(node, graph.by_name[node.inputs[0]].shape)

    @property
    def end(self) -> str:
        return self.nodes[-1].name


def read_block(graph: PrimitiveGraph, scope: Scope, nodes: Sequence[Node]) -> Block:
    """Return the block that some nodes are.

    Args:
        graph: The network.
        scope: Of the block.
        nodes: All nodes under the scope; the last one is its output.

    Raises:
        ValueError: The nodes read more than one value from outside.
    """
    inside = {node.name for node in nodes}
    sources = {name for node in nodes for name in node.inputs} - inside
    if len(sources) != 1:
        raise ValueError(f"`{scope.path}` must read one value, not {len(sources)}")
    (source,) = sources
    output = nodes[-1].name
    before, after = graph.by_name[source].shape, graph.by_name[output].shape
    children, statements = _Reader(graph, nodes, source).read()
    made = instance(
        scope,
        "Strided" if after[1:] < before[1:] else "",
        ("x",),
        children,
        statements,
        {"in_channels": before[0], "out_channels": after[0]},
    )
    return Block(scope, source, output, made)


class _Reader:
    """Reads the layers of one block."""

    def __init__(self, graph: PrimitiveGraph, nodes: Sequence[Node], source: str) -> None:
        self._graph = graph
        self._source = source
        self._values = {source: source}
        for node in nodes:
            hands_on = node.primitive in HAND_ON
            self._values[node.name] = self._values[node.inputs[0]] if hands_on else node.name
        self._nodes = [node for node in nodes if node.primitive not in HAND_ON]
        self._output = self._values[nodes[-1].name]
        reads = [value for node in self._nodes for value in self._inputs(node)]
        self._reads = Counter([*reads, self._output])
        joins = [node for node in self._nodes if node.primitive in JOINS]
        self._joined = {value for node in joins for value in self._inputs(node)}

    def read(self) -> tuple[dict[str, Part], list[Statement]]:
        """Return the attributes and the statements."""
        steps = self._steps()
        if not steps:
            return {"": Part()}, []
        if len(steps) == 1 and isinstance(steps[0], _Chain):
            return {"": steps[0].part}, []
        names = self._child_names([step for step in steps if isinstance(step, _Chain)])
        terms = {end: Term(name, (chain.source,)) for end, (name, chain) in names.items()}
        inline = {v: t for v, t in terms.items() if self._reads[v] == 1 and v in self._joined}
        statements = []
        for step in steps:
            if isinstance(step, Node):
                reads = self._inputs(step)
                joined = tuple(inline.get(value, Term(None, (value,))) for value in reads)
                statements.append(Statement(step.name, joined, step.primitive))
            elif step.end not in inline:
                statements.append(Statement(step.end, (terms[step.end],)))
        children = {name: chain.part for name, chain in names.values()}
        return children, _with_short_names(statements, self._source)

    def _inputs(self, node: Node) -> list[str]:
        return [self._values[name] for name in node.inputs]

    def _steps(self) -> list[_Chain | Node]:
        """Return the joins, and the layers between them as chains."""
        steps: list[_Chain | Node] = []
        growing: dict[str, _Chain] = {}
        for node in self._nodes:
            if node.primitive in JOINS:
                steps.append(node)
                continue
            (value,) = self._inputs(node)
            chain = growing.pop(value, None) if self._reads[value] == 1 else None
            if chain is None:
                chain = _Chain(value, [])
                steps.append(chain)
            chain.append(node, self._graph)
            growing[chain.end] = chain
        return steps

    def _child_names(self, chains: Sequence[_Chain]) -> dict[str, tuple[str, _Chain]]:
        """Return the attribute for every chain, by the value that it ends in."""
        wishes = [
            "branch"
            if chain.end in self._joined
            else chain.nodes[0].primitive
            if len(chain.nodes) == 1
            else "layers"
            for chain in chains
        ]
        seen: Counter[str] = Counter()
        named = {}
        for wish, chain in zip(wishes, chains, strict=True):
            seen[wish] += 1
            name = f"{wish}{seen[wish]}" if wishes.count(wish) > 1 else wish
            named[chain.end] = (name, chain)
        return named


def _with_short_names(statements: Sequence[Statement], source: str) -> list[Statement]:
    """Return the statements with variables x, y, z, ... used again as soon as they are free."""
    last = {
        value: number
        for number, statement in enumerate(statements)
        for term in statement.terms
        for value in term.reads
    }
    short = {source: "x"}
    renamed = []
    for number, statement in enumerate(statements):
        terms = tuple(
            Term(term.child, tuple(short[value] for value in term.reads))
            for term in statement.terms
        )
        busy = {name for value, name in short.items() if last.get(value, -1) > number}
        letters = ("x", "y", "z", *(f"x{count}" for count in range(1, len(statements) + 1)))
        short = {value: name for value, name in short.items() if name in busy}
        short[statement.target] = next(name for name in letters if name not in busy)
        renamed.append(Statement(short[statement.target], terms, statement.join))
    return renamed
