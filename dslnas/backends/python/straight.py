"""Straight-line code: a list of primitives as statements that read like the architecture.

A value has a variable if the language names it or if it is read more than once; what is in between
stands inside of expressions. Layers with weights are attributes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dslnas.backends.python.body import Part, Statement, Term
from dslnas.backends.python.expressions import (
    FUNCTIONS,
    Expression,
    applied,
    chunked,
    joined,
    operands,
)
from dslnas.backends.python.forms import HAND_ON, JOINS, layer_part
from dslnas.backends.python.names import Names
from dslnas.backends.python.paths import Paths
from dslnas.backends.python.text import INDENT, WIDTH
from dslnas.graph.graph import Node, PrimitiveGraph

_ROOM = WIDTH - len(f"{2 * INDENT} = ")
"""Columns for the two sides of an assignment."""

_INNER = _ROOM - 16
"""What is longer is not put into another expression."""

_WITHOUT_LAYER = frozenset({*JOINS, *FUNCTIONS})


@dataclass(frozen=True)
class Layers:
    """Where the layers of a class are written down.

    Attributes:
        names: Gives the names of its attributes.
        parts: How every attribute is constructed, by name.
        attributes: Attributes by the node whose weights they hold.
    """

    names: Names
    parts: dict[str, Part]
    attributes: dict[str, str]


@dataclass(frozen=True)
class Straight:
    """What is to be written as straight-line code.

    Attributes:
        graph: The network.
        nodes: What is computed, in order.
        paths: What the language calls them.
        layers: Of the class that the code is in; new layers are added.
        variables: Of the function that the code is in; new names are taken.
        known: Variables of what is computed before, by node.
        results: Nodes that are read elsewhere.
        wishes: What variables of results had better be called, by node.
    """

    graph: PrimitiveGraph
    nodes: Sequence[Node]
    paths: Paths
    layers: Layers
    variables: Names
    known: Mapping[str, str]
    results: Sequence[str]
    wishes: Mapping[str, str] = field(default_factory=dict)


def read_straight(straight: Straight) -> tuple[list[Statement], list[str]]:
    """Return the statements, and the variables of the results in order.

    Raises:
        ValueError: A primitive has no form, or weights are shared with another class.
    """
    return _Reader(straight).read()


class _Reader:
    def __init__(self, straight: Straight) -> None:
        self._graph = straight.graph
        self._paths = straight.paths
        self._layers = straight.layers
        self._variables = straight.variables
        self._stands_for: dict[str, str] = {}
        for node in straight.nodes:
            if node.primitive in HAND_ON:
                self._stands_for[node.name] = self._value(node.inputs[0])
        self._nodes = [node for node in straight.nodes if node.primitive not in HAND_ON]
        self._results = [self._value(name) for name in straight.results]
        self._wishes = {self._value(name): wish for name, wish in straight.wishes.items()}
        self._readers: dict[str, list[Node]] = {}
        for node in self._nodes:
            for value in self._inputs(node):
                self._readers.setdefault(value, []).append(node)
        self._layer_names = Counter(
            self._paths.layer(node.name)
            for node in self._nodes
            if node.primitive not in _WITHOUT_LAYER
        )
        self._expressions = {value: Expression(name) for value, name in straight.known.items()}
        self._waiting: dict[str, Node] = {}
        self._in_parts: set[str] = set()
        self._statements: list[Statement] = []

    def read(self) -> tuple[list[Statement], list[str]]:
        for node in self._nodes:
            self._waiting[node.name] = node
            if not self._is_inner(node) or len(self._short(node, _INNER).text) > _INNER:
                self._assign(node.name)
        return self._statements, [self._expressions[value].text for value in self._results]

    # ---- values ---------------------------------------------------------------------------------

    def _value(self, name: str) -> str:
        return self._stands_for.get(name, name)

    def _inputs(self, node: Node) -> list[str]:
        return [self._value(name) for name in node.inputs]

    def _is_inner(self, node: Node) -> bool:
        """Whether a node has no name: it is read once, by what makes the same value of the cell."""
        readers = self._readers.get(node.name, [])
        return (
            len(readers) == 1
            and node.name not in self._results
            and self._paths.group(readers[0].name) == self._paths.group(node.name)
        )

    def _cut(self, value: str) -> int:
        """Return into how many parts all readers of a value cut it; 0 if it is read as a whole."""
        readers = self._readers.get(value, [])
        parts = {node.attribute("parts") if node.primitive == "split" else None for node in readers}
        if len(readers) < 2 or len(parts) != 1 or value in self._results:
            return 0
        (number,) = parts
        return number if isinstance(number, int) else 0

    # ---- expressions ----------------------------------------------------------------------------

    def _short(self, node: Node, longest: int) -> Expression:
        """Return the expression of a node; if it is too long, with variables inside of it."""
        while True:
            expression = self._expression(node)
            inner = {
                value: len(self._read(value).text)
                for value in self._inputs(node)
                if value in self._waiting
            }
            if len(expression.text) <= longest or not inner:
                return expression
            self._assign(max(inner, key=lambda value: inner[value]))

    def _expression(self, node: Node) -> Expression:
        inputs = [self._read(value) for value in self._inputs(node)]
        if node.primitive in JOINS:
            return joined(node.primitive, inputs)
        if node.primitive == "split" and self._value(node.inputs[0]) in self._in_parts:
            return Expression(f"{inputs[0].text}[{node.attribute('index')}]")
        if node.primitive in FUNCTIONS:
            return applied(node, inputs[0])
        return Expression(f"self.{self._attribute(node)}({', '.join(self._arguments(node))})")

    def _read(self, value: str) -> Expression:
        if value in self._waiting:
            return self._expression(self._waiting[value])
        return self._expressions[value]

    def _arguments(self, node: Node) -> tuple[str, ...]:
        """Return what a layer is called with: its input, and a matrix that is another layer's."""
        source = self._read(self._value(node.inputs[0])).text
        if not (node.owned and node.borrowed):
            return (source,)
        owners = [(key.rpartition("/")[0], key.rpartition("/")[2]) for _, key in node.borrowed]
        return (source, *(f"self.{self._owner(owner)}.{weight}" for owner, weight in owners))

    def _attribute(self, node: Node) -> str:
        """Return the attribute that holds a layer; make it if there is none."""
        if node.borrowed and not node.owned:
            return self._owner(node.borrowed[0][1].rpartition("/")[0])
        attributes = self._layers.attributes
        if node.name not in attributes:
            wish = self._paths.layer(node.name)
            if self._layer_names[wish] > 1:
                wish = f"{wish}_{node.primitive}"
            name = self._layers.names.take(wish)
            attributes[node.name] = name
            shape = self._graph.by_name[node.inputs[0]].shape
            self._layers.parts[name] = layer_part(node, shape)
        return attributes[node.name]

    def _owner(self, node: str) -> str:
        if node not in self._layers.attributes:
            raise ValueError(f"weights of `{node}` are shared with another class")
        return self._layers.attributes[node]

    # ---- statements -----------------------------------------------------------------------------

    def _assign(self, value: str) -> None:
        node = self._waiting[value]
        wish = self._wishes.get(value) or self._paths.variable(value)
        expression = self._short(node, _ROOM - len(wish))
        target = self._variables.take(wish)
        terms: tuple[Term, ...] = (Term(None, (expression.text,)),)
        join = ""
        if node.primitive in JOINS:
            texts = operands(node.primitive, [self._read(source) for source in self._inputs(node)])
            terms, join = tuple(Term(None, (text,)) for text in texts), node.primitive
        elif node.primitive not in FUNCTIONS:
            terms = (Term(self._attribute(node), self._arguments(node)),)
        if parts := self._cut(value):
            whole = chunked(expression, parts).text
            if len(target) + len(whole) <= _ROOM:
                terms, join = (Term(None, (whole,)),), ""
                self._in_parts.add(value)
        self._statements.append(Statement(target, terms, join))
        self._expressions[value] = Expression(target)
        del self._waiting[value]
