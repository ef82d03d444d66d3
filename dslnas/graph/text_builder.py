"""From Lark's tree of a graph text to the graph: names, arguments and numbers of inputs checked."""

from __future__ import annotations

import json

from lark import Token, Tree

from dslnas.diagnostics import UserError, suggestion, user_error
from dslnas.graph.attributes import attribute_value, usual_value
from dslnas.graph.graph import INPUT, Mix, Node, PrimitiveGraph, Scope, State
from dslnas.language.check.constants import Constant
from dslnas.ops.catalogue import PRIMITIVES
from dslnas.ops.primitive import AttributeValue, Primitive, Shape
from dslnas.ops.shapes import same_shape
from dslnas.ops.traits import Trait
from dslnas.source import SourceFile, Span

_WRITABLE = {INPUT: Primitive(INPUT, "one example", same_shape, inputs=(0, 0)), **PRIMITIVES}


class GraphBuilder:
    """Collects the statements of one text."""

    def __init__(self, source: SourceFile) -> None:
        self._source = source
        self._nodes: dict[str, Node] = {}
        self._scopes: list[Scope] = []
        self._alphas: dict[str, tuple[int, int]] = {}
        self._outputs: list[str] = []
        self._states: list[State] = []

    def graph(self, tree: Tree[Token]) -> PrimitiveGraph:
        """Return the graph of all statements; UserError as `parse_graph` says."""
        for statement in _trees(tree):
            match statement.data:
                case "alpha":
                    self._alpha(statement)
                case "scope":
                    path, kind, label = _tokens(statement)
                    self._scopes.append(Scope(str(path), str(kind), json.loads(label)))
                case "output":
                    self._output(statement)
                case "carry":
                    before, after = _tokens(statement)
                    state = State(self._known(before).name, self._known(after).name)
                    self._states.append(state)
                case _:
                    self._node(statement)
        if not self._outputs:
            end = len(self._source.text.rstrip())
            span = Span(self._source, max(0, end - 1), end)
            raise user_error("NAS804", "graph has no output", span=span, help="add `output name`")
        return PrimitiveGraph(
            tuple(self._nodes.values()),
            self._outputs[0],
            self._outputs[1] if len(self._outputs) > 1 else None,
            tuple(self._scopes),
            self._alphas,
            tuple(self._states),
        )

    def _alpha(self, tree: Tree[Token]) -> None:
        (name,), (sizes,) = _tokens(tree), _trees(tree)
        shape = _shape(sizes)
        if name in self._alphas:
            raise self._error("NAS803", f"alpha `{name}` is already defined", name)
        if len(shape) != 2:
            help = f"write `alpha {name} 14 x 8`"
            raise self._error("NAS804", "an alpha has rows and columns", name, help)
        self._alphas[str(name)] = (shape[0], shape[1])

    def _output(self, tree: Tree[Token]) -> None:
        if self._outputs:
            raise self._error("NAS803", "graph has an output already", _tokens(tree)[0])
        self._outputs = [self._known(name).name for name in _tokens(tree)]

    def _node(self, tree: Tree[Token]) -> None:
        name, word = _tokens(tree)
        parts = {part.data: part for part in _trees(tree)}
        if name in self._nodes:
            raise self._error("NAS803", f"node `{name}` is already defined", name)
        if word not in _WRITABLE:
            help = suggestion(word, _WRITABLE)
            raise self._error("NAS802", f"unknown primitive `{word}`", word, help)
        primitive = _WRITABLE[word]
        inputs = [self._known(n) for n in _tokens(parts["inputs"])] if "inputs" in parts else []
        least, most = primitive.inputs
        if not least <= len(inputs) <= most:
            fitting = str(least) if least == most else f"{least} to {most}"
            message = f"number of inputs of `{word}` is {len(inputs)}, not {fitting}"
            raise self._error("NAS804", message, word)
        written = _trees(parts["attributes"]) if "attributes" in parts else []
        attributes = self._attributes(primitive, word, written)
        shapes = tuple(node.shape for node in inputs)
        if () in shapes and not primitive.reads_tokens:
            raise self._error("NAS804", f"`{word}` cannot read tokens", word)
        self._nodes[str(name)] = Node(
            str(name),
            primitive.name,
            tuple(node.name for node in inputs),
            tuple(attributes.items()),
            _shape(parts["shape"]),
            primitive.weights(attributes, shapes),
            self._mix(parts["row"]) if "row" in parts else None,
            self._borrowed(parts.get("borrowed"), primitive),
        )

    def _mix(self, tree: Tree[Token]) -> Mix:
        (cell,), parts = _tokens(tree), {part.data: part for part in _trees(tree)}
        columns = tuple(map(int, _tokens(parts["columns"]))) if "columns" in parts else ()
        if "edges" in parts:
            edges = tuple(map(int, _tokens(parts["edges"])))
            return Mix(str(cell), edges[0], 1, columns, edges)
        row, *end = _tokens(parts["rows"])
        rows = int(end[0]) - int(row) if end else 1
        if rows < 1:
            raise self._error("NAS804", "a range of rows has at least one", end[0])
        return Mix(str(cell), int(row), rows, columns)

    def _borrowed(
        self, tree: Tree[Token] | None, primitive: Primitive
    ) -> tuple[tuple[str, str], ...]:
        loans = [] if tree is None else [_tokens(loan) for loan in _trees(tree)]
        for _, tensor in loans:
            owner = tensor.rpartition("/")[0]
            # what stands for several nodes keeps the tensors of those that are gone
            if owner not in self._nodes and not primitive.has(Trait.FUSED):
                help = suggestion(owner, self._nodes)
                raise self._error("NAS802", f"unknown node `{owner}`", tensor, help)
        return tuple((str(weight), str(tensor)) for weight, tensor in loans)

    def _attributes(
        self, primitive: Primitive, word: Token, written: list[Tree[Token]]
    ) -> dict[str, AttributeValue]:
        given: dict[str, Constant] = {}
        tokens: dict[str, Token] = {}
        known = [a.name for a in primitive.arguments]
        for tree in written:
            name, *values = [*_tokens(tree), *(t for pair in _trees(tree) for t in _tokens(pair))]
            if name not in known:
                message = f"`{primitive.name}` has no argument `{name}`"
                raise self._error("NAS802", message, name, suggestion(name, known))
            if name in given:
                raise self._error("NAS803", f"argument `{name}` is given twice", name)
            numbers = tuple(_number(value) for value in values)
            given[str(name)] = numbers[0] if len(numbers) == 1 else numbers
            tokens[str(name)] = values[0]
        attributes: dict[str, AttributeValue] = {}
        for argument in primitive.arguments:
            if argument.name in given:
                span = self._span(tokens[argument.name])
                value = given[argument.name]
                attributes[argument.name] = attribute_value(primitive, argument, value, span)
                continue
            usual = usual_value(argument, attributes, given)
            if usual is None:
                message = f"`{primitive.name}` needs `{argument.name}`"
                raise self._error("NAS804", message, word)
            attributes[argument.name] = usual
        return attributes

    def _known(self, name: Token) -> Node:
        if name not in self._nodes:
            help = suggestion(name, self._nodes)
            raise self._error("NAS802", f"unknown node `{name}`", name, help)
        return self._nodes[name]

    def _span(self, token: Token) -> Span:
        return Span(self._source, token.start_pos or 0, token.end_pos or 0)

    def _error(self, code: str, message: str, token: Token, help: str = "") -> UserError:
        return user_error(code, message, span=self._span(token), help=help)


def _trees(tree: Tree[Token]) -> list[Tree[Token]]:
    return [child for child in tree.children if isinstance(child, Tree)]


def _tokens(tree: Tree[Token]) -> list[Token]:
    return [child for child in tree.children if isinstance(child, Token)]


def _shape(tree: Tree[Token]) -> Shape:
    return tuple(int(size) for size in _tokens(tree))


def _number(token: Token) -> Constant:
    if token.type == "FLAG":
        return str(token) == "true"
    return int(token) if token.lstrip("-").isdigit() else float(token)
