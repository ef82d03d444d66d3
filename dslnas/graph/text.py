"""The primitive graph as text: one line per node, for golden tests, dumps and bug reports.

An argument that has its usual value is left out; the usual stride is 1. Weights are never written,
they follow from the primitive; only those of other nodes are named. The head of
`grammars/graph.lark` shows an example.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from itertools import accumulate

from lark import Lark
from lark.exceptions import UnexpectedInput, UnexpectedToken

from dslnas.diagnostics import UserError, user_error
from dslnas.graph.attributes import usual_value
from dslnas.graph.graph import Mix, Node, PrimitiveGraph
from dslnas.graph.text_builder import GraphBuilder
from dslnas.language.syntax.grammar import grammar_text
from dslnas.ops.catalogue import PRIMITIVES
from dslnas.ops.primitive import AttributeValue
from dslnas.ops.shapes import show_shape
from dslnas.source import SourceFile, Span

# ---- graph to text ------------------------------------------------------------------------------


def print_graph(graph: PrimitiveGraph) -> str:
    """Return a graph as text; `parse_graph` gives an equal graph if `graph` is sound."""
    alphas = (f"alpha {name} {rows} x {columns}" for name, (rows, columns) in graph.alphas.items())
    carried = (f"carry {state.name} = {state.next}" for state in graph.states)
    output = f"output {', '.join(graph.outputs)}"
    return "\n".join([*alphas, *_body(graph), *carried, output, ""])


def _body(graph: PrimitiveGraph) -> Iterator[str]:
    """Yield nodes and scopes, both in their order, each scope before the first of its nodes."""
    places = {scope.path: place for place, scope in enumerate(graph.scopes)}
    lines = [f"scope {s.path} = {s.kind} {_quoted(s.label)}" for s in graph.scopes]
    printed = 0
    for node in graph.nodes:
        around = accumulate(node.name.split("/"), "{}/{}".format)
        opened = max(places.get(path, -1) for path in around) + 1
        yield from lines[printed:opened]
        printed = max(printed, opened)
        yield _node_line(node)
    yield from lines[printed:]


def _node_line(node: Node) -> str:
    call = f"{node.name} = {node.primitive}{_arguments(node)}"
    row = f" {_row(node.mix)}" if node.mix else ""
    inputs = f" {', '.join(node.inputs)}" if node.inputs else ""
    loans = ", ".join(f"{weight} = {tensor}" for weight, tensor in node.borrowed)
    return f"{call}{row}{inputs} : {show_shape(node.shape)}{f' with {loans}' if loans else ''}"


def _row(mix: Mix) -> str:
    last = f":{mix.row + mix.rows}" if mix.rows > 1 else ""
    rows = ", ".join(map(str, mix.edges)) if mix.edges else f"{mix.row}{last}"
    columns = f"{{{', '.join(map(str, mix.columns))}}}" if mix.columns else ""
    return f"{mix.cell}[{rows}]{columns}"


def _arguments(node: Node) -> str:
    primitive, attributes = PRIMITIVES.get(node.primitive), dict(node.attributes)
    known = {a.name: a for a in primitive.arguments} if primitive else {}
    shown = [
        f"{name}={_value(value)}"
        for name, value in node.attributes
        if name not in known or value != usual_value(known[name], attributes, attributes)
    ]
    return f"({', '.join(shown)})" if shown else ""


def _value(value: AttributeValue) -> str:
    if isinstance(value, tuple):
        return str(value[0]) if value[0] == value[1] else f"({value[0]}, {value[1]})"
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _quoted(label: str) -> str:
    return json.dumps(label, ensure_ascii=False)


# ---- text to graph ------------------------------------------------------------------------------


def parse_graph(text: str, name: str = "graph") -> PrimitiveGraph:
    """Return the graph that a text describes.

    Names, arguments and numbers of inputs are checked; shapes are taken as written, so that a
    broken graph can be written for `verify_graph`.

    Args:
        text: As `print_graph` writes it.
        name: Name that messages print before the line number.

    Raises:
        UserError: NAS801 for syntax, NAS802 for an unknown name, NAS803 for a second definition,
            NAS804 for something that is missing or too much, NAS502 for a wrong value.
    """
    source = SourceFile(name, text + "\n")
    try:
        tree = _parser().parse(source.text)
    except UnexpectedInput as error:
        raise _syntax_error(error, source) from None
    return GraphBuilder(source).graph(tree)


@cache
def _parser() -> Lark:
    return Lark(grammar_text("graph"), parser="lalr", start="graph", maybe_placeholders=False)


def _syntax_error(error: UnexpectedInput, source: SourceFile) -> UserError:
    start = error.pos_in_stream or 0
    found = str(error.token) if isinstance(error, UnexpectedToken) else source.text[start]
    if found.strip():
        span, message = Span(source, start, start + len(found)), f"unexpected `{found}`"
    else:
        span, message = Span(source, max(0, start - 1), start), "unexpected end of the line"
    help = "a node is written `name = primitive(argument=1) input, input : 3 x 8 x 8`"
    return user_error("NAS801", message, span=span, help=help)
