"""Reads the text of a primitive graph, as `print_graph` writes it: graphs of tests are texts.

Shapes are taken as written, so that a broken graph can be written for `verify_graph`.
"""

from __future__ import annotations

import json
from functools import cache

from lark import Lark, Token, Tree

from dslnas.graph.attributes import attribute_value, usual_value
from dslnas.graph.graph import INPUT, Mix, Node, PrimitiveGraph, Scope, State
from dslnas.language.check.constants import Constant
from dslnas.language.syntax.grammar import grammar_text
from dslnas.ops.catalogue import PRIMITIVES
from dslnas.ops.primitive import AttributeValue, Primitive, Shape, as_fixed, as_searched
from dslnas.ops.rules import same_shape
from dslnas.ops.traits import Trait

_WRITABLE = {INPUT: Primitive(INPUT, "one example", same_shape, inputs=(0, 0)), **PRIMITIVES}
_NONE: Tree[Token] = Tree("none", [])


def parse_graph(text: str) -> PrimitiveGraph:
    """Return the graph that a text describes."""
    nodes: dict[str, Node] = {}
    scopes: list[Scope] = []
    states: list[State] = []
    alphas: dict[str, tuple[int, int]] = {}
    outputs: list[str] = []
    for statement in _trees(_parser().parse(f"{text}\n")):
        words = _words(statement)
        match statement.data:
            case "alpha":
                rows, columns = _shape(*_trees(statement))
                alphas[words[0]] = rows, columns
            case "scope":
                path, kind, label = words
                scopes.append(Scope(path, kind, json.loads(label)))
            case "output":
                outputs += words
            case "carry":
                before, after = words
                states.append(State(before, after))
            case _:
                node = _node(statement, nodes)
                assert node.name not in nodes
                nodes[node.name] = node
    output, *auxiliary = outputs
    assert nodes.keys() >= {*outputs, *(name for s in states for name in (s.name, s.next))}
    # what stands for several nodes keeps the tensors of those that are gone
    lenders = {
        tensor.rpartition("/")[0]
        for node in nodes.values()
        if not _WRITABLE[node.primitive].has(Trait.FUSED)
        for _, tensor in node.borrowed
    }
    assert nodes.keys() >= lenders
    second = auxiliary[0] if auxiliary else None
    return PrimitiveGraph(
        tuple(nodes.values()), output, second, tuple(scopes), alphas, tuple(states)
    )


def _node(tree: Tree[Token], known: dict[str, Node]) -> Node:
    name, word = _words(tree)
    parts = {part.data: part for part in _trees(tree)}
    primitive = _WRITABLE[word]
    inputs = tuple(_words(parts.get("inputs", _NONE)))
    least, most = primitive.inputs
    assert least <= len(inputs) <= most
    attributes = _attributes(primitive, _trees(parts.get("attributes", _NONE)))
    loans: list[tuple[str, str]] = []
    for weight, tensor in map(_words, _trees(parts.get("borrowed", _NONE))):
        loans.append((weight, tensor))
    weights = primitive.weights(attributes, tuple(known[source].shape for source in inputs))
    if "searched" in parts:
        weights = as_searched(weights)
    if "fixed" in parts:
        weights = as_fixed(weights, [float(number) for number in _tokens(parts["fixed"])])
    mix = _mix(parts["row"]) if "row" in parts else None
    given = tuple(attributes.items())
    return Node(name, word, inputs, given, _shape(parts["shape"]), weights, mix, tuple(loans))


def _mix(tree: Tree[Token]) -> Mix:
    (cell,), parts = _words(tree), {part.data: part for part in _trees(tree)}
    columns = tuple(map(int, _words(parts.get("columns", _NONE))))
    if "edges" in parts:
        edges = tuple(map(int, _words(parts["edges"])))
        return Mix(cell, edges[0], 1, columns, edges)
    row, *end = map(int, _words(parts["rows"]))
    return Mix(cell, row, end[0] - row if end else 1, columns)


def _attributes(primitive: Primitive, written: list[Tree[Token]]) -> dict[str, AttributeValue]:
    given: dict[str, Constant] = {}
    for tree in written:
        name, *values = [*_tokens(tree), *(t for pair in _trees(tree) for t in _tokens(pair))]
        numbers = tuple(_number(value) for value in values)
        given[str(name)] = numbers[0] if len(numbers) == 1 else numbers
    assert given.keys() <= {argument.name for argument in primitive.arguments}
    attributes: dict[str, AttributeValue] = {}
    for argument in primitive.arguments:
        if argument.name in given:
            value: AttributeValue | None = attribute_value(
                primitive, argument, given[argument.name], None
            )
        else:
            value = usual_value(argument, attributes, given)
        assert value is not None, f"`{primitive.name}` needs `{argument.name}`"
        attributes[argument.name] = value
    return attributes


@cache
def _parser() -> Lark:
    return Lark(grammar_text("graph"), parser="lalr", start="graph", maybe_placeholders=False)


def _trees(tree: Tree[Token]) -> list[Tree[Token]]:
    return [child for child in tree.children if isinstance(child, Tree)]


def _tokens(tree: Tree[Token]) -> list[Token]:
    return [child for child in tree.children if isinstance(child, Token)]


def _words(tree: Tree[Token]) -> list[str]:
    return [str(token) for token in _tokens(tree)]


def _shape(tree: Tree[Token]) -> Shape:
    return tuple(int(size) for size in _tokens(tree))


def _number(token: Token) -> Constant:
    if token.type == "FLAG":
        return str(token) == "true"
    return int(token) if token.lstrip("-").isdigit() else float(token)
