"""The laws of the primitive graph. Whoever makes or rewrites a graph has it verified.

A broken law is our fault, never the user's: what a user can get wrong is found before there is a
graph.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from dslnas.diagnostics import InternalError, UserError
from dslnas.graph.attributes import attribute_value
from dslnas.graph.fused_laws import Finding, absorbed, bundled, folded, stacks
from dslnas.graph.graph import INPUT, Mix, Node, PrimitiveGraph
from dslnas.graph.slices import is_slice
from dslnas.ops.catalogue import PRIMITIVES, has_trait
from dslnas.ops.primitive import Primitive, Shape, ShapeError, Weight, as_fixed, as_searched
from dslnas.ops.shapes import show_shape
from dslnas.ops.traits import Trait

_NAME = re.compile(r"[A-Za-z_][\w.]*(/[\w.]+)*", re.ASCII)
_INPUT_NAME = re.compile(r"input(/[A-Za-z_]\w*)?", re.ASCII)


@dataclass(frozen=True)
class Law:
    """Law that every node obeys; `broken_by` may count on the laws before it."""

    name: str
    broken_by: Callable[[PrimitiveGraph], Iterator[Finding]]


def verify_graph(graph: PrimitiveGraph, laws: Iterable[Law] | None = None) -> None:
    """Check laws in their order: if none are given, all of `LAWS`.

    Raises:
        InternalError: Names the first law that is broken, and the node that breaks it.
    """
    for law in LAWS if laws is None else laws:
        for name, wrong in law.broken_by(graph):
            raise InternalError(f"graph breaks the law `{law.name}`: node `{name}` {wrong}")


# ---- laws of form -------------------------------------------------------------------------------


def _names(graph: PrimitiveGraph) -> Iterator[Finding]:
    seen: set[str] = set()
    for node in graph.nodes:
        if node.name in seen:
            yield node.name, "has the name of an earlier node"
        if not _NAME.fullmatch(node.name):
            yield node.name, "has a name that is no path of words"
        seen.add(node.name)


def _input(graph: PrimitiveGraph) -> Iterator[Finding]:
    if not graph.inputs:
        yield (
            (graph.nodes[0].name, "is first but no input") if graph.nodes else (INPUT, "is missing")
        )
    for place, node in enumerate(graph.nodes):
        if node.primitive == INPUT and place >= len(graph.inputs):
            yield node.name, "is an input but not first"
        if node.primitive == INPUT and not _INPUT_NAME.fullmatch(node.name):
            yield node.name, "is an input but not called so"
    if "" in graph.inputs and len(graph.inputs) > 1:
        yield INPUT, "has no name, but is not the only input"


def _primitives(graph: PrimitiveGraph) -> Iterator[Finding]:
    for node in graph.nodes[len(graph.inputs) :]:
        if node.primitive not in PRIMITIVES:
            yield node.name, f"is an unknown primitive `{node.primitive}`"


def _order(graph: PrimitiveGraph) -> Iterator[Finding]:
    earlier: set[str] = set()
    for node in graph.nodes:
        for source in node.inputs:
            if source not in earlier:
                yield node.name, f"reads `{source}`, which does not come before it"
        earlier.add(node.name)


def _arity(graph: PrimitiveGraph) -> Iterator[Finding]:
    for node in graph.inputs.values():
        if node.inputs:
            yield node.name, "is an input but reads another node"
    for node, primitive, _ in _layers(graph):
        least, most = primitive.inputs
        if not least <= len(node.inputs) <= most:
            yield node.name, f"reads {len(node.inputs)} nodes, not {least} to {most}"


def _arguments(graph: PrimitiveGraph) -> Iterator[Finding]:
    for node, primitive, _ in _layers(graph):
        names = [name for name, _ in node.attributes]
        expected = [argument.name for argument in primitive.arguments]
        if names != expected:
            yield node.name, f"has the arguments {names}, not {expected}"
            continue
        for argument, (name, value) in zip(primitive.arguments, node.attributes, strict=True):
            try:
                as_kind = attribute_value(primitive, argument, value, None)
            except UserError as error:
                yield node.name, f"is wrong: {error.diagnostics[0].message}"
                continue
            if as_kind != value or type(as_kind) is not type(value):
                yield node.name, f"has {name}={value!r}, which is written {as_kind!r}"


def _mixes(graph: PrimitiveGraph) -> Iterator[Finding]:
    for node in graph.nodes:
        if (node.mix is None) == has_trait(node.primitive, Trait.WEIGHED):
            yield (
                node.name,
                "has no row of alpha" if node.mix is None else "is no mix but has a row",
            )
        if node.mix is None:
            continue
        mix = node.mix
        rows, columns = graph.alphas.get(mix.cell, (0, 0))
        if not 0 <= mix.row < mix.row + mix.rows <= rows:
            shown = (
                f"row {mix.row}" if mix.rows == 1 else f"rows {mix.row} to {mix.row + mix.rows - 1}"
            )
            yield node.name, f"reads {shown} of `{mix.cell}`, which has {rows}"
        elif any(not 0 <= edge < rows for edge in mix.edges):
            yield node.name, f"reads rows {list(mix.edges)} of `{mix.cell}`, which has {rows}"
        elif mix.edges and (
            mix.rows != 1 or not len(mix.edges) == len(mix.columns) == len(node.inputs)
        ):
            yield node.name, "does not name a row and a column for every node it mixes"
        else:
            yield from _columns(node, mix, columns)


def _columns(node: Node, mix: Mix, columns: int) -> Iterator[Finding]:
    """Yield what is wrong with the columns that a node reads of an alpha with so many."""
    named, inputs = len(mix.columns), len(node.inputs)
    primitive = PRIMITIVES[node.primitive]
    too_many = node.primitive == "mix" and inputs > columns and not mix.edges
    if too_many or any(not 0 <= c < columns for c in mix.columns):
        yield node.name, f"mixes {inputs} nodes with {columns} columns of alpha"
    elif node.primitive == "mix" and named not in (0, inputs):
        yield node.name, f"names {named} columns for {inputs} nodes"
    elif node.primitive == "share" and not mix.columns:
        yield node.name, "is a share of no columns"
    elif primitive.columns is not None and primitive.columns(dict(node.attributes)) != named:
        wanted = primitive.columns(dict(node.attributes))
        yield node.name, f"names {named} columns of alpha, not {wanted}"


# ---- laws of meaning ----------------------------------------------------------------------------


def _shapes(graph: PrimitiveGraph) -> Iterator[Finding]:
    for node, primitive, shapes in _layers(graph):
        try:
            expected = primitive.output(dict(node.attributes), shapes)
        except ShapeError as error:
            yield node.name, f"cannot read its inputs: {error}"
            continue
        if node.shape != expected:
            yield node.name, f"has shape {show_shape(node.shape)}, not {show_shape(expected)}"


def _weights(graph: PrimitiveGraph) -> Iterator[Finding]:
    for node in graph.inputs.values():
        if node.weights:
            yield node.name, "is an input but has weights"
    for node, primitive, shapes in _layers(graph):
        expected = primitive.weights(dict(node.attributes), shapes)
        if node.weights not in (expected, as_searched(expected)) and not _is_fixed(node, expected):
            yield node.name, f"has the weights {node.weights}, not {expected}"


def _is_fixed(node: Node, expected: tuple[Weight, ...]) -> bool:
    """Whether the trained ones among the weights of a node are given, and the others as usual."""
    given = [w.values for w in node.weights if w.values]
    sizes = [weight.size for weight in expected if weight.trained]
    return [len(v) for v in given] == sizes and node.weights == as_fixed(expected, sum(given, ()))


def _borrowed(graph: PrimitiveGraph) -> Iterator[Finding]:
    owned = {f"{n.name}/{w.name}": w.shape for n in graph.nodes for w in n.owned}
    joined = (node for node in graph.nodes if has_trait(node.primitive, Trait.FUSED))
    fused = {tensor for node in joined for tensor in node.tensors}
    for node in graph.nodes:
        shapes = {weight.name: weight.shape for weight in node.weights}
        for weight, tensor in node.borrowed:
            if weight not in shapes:
                yield node.name, f"borrows `{weight}`, which it does not need"
            elif tensor not in owned:
                owner = graph.by_name.get(tensor.rpartition("/")[0])
                gone = owner is None or has_trait(owner.primitive, Trait.FUSED)
                if gone and tensor in fused:
                    continue
                yield node.name, f"borrows `{tensor}`, which no node owns"
            elif not is_slice(shapes[weight], owned[tensor]):
                shown = show_shape(owned[tensor]), show_shape(shapes[weight])
                yield node.name, f"borrows `{tensor}` of {shown[0]} for a `{weight}` of {shown[1]}"


def _states(graph: PrimitiveGraph) -> Iterator[Finding]:
    held = [node.name for node in graph.nodes if node.primitive == "state"]
    carried = [state.name for state in graph.states]
    for name in dict.fromkeys([*held, *carried]):
        if held.count(name) != 1 or carried.count(name) != 1:
            yield name, f"is a state {held.count(name)} times and carried {carried.count(name)}"
    for state in graph.states:
        if state.next not in graph.by_name:
            yield state.next, f"is carried to `{state.name}` but not in the graph"
        elif graph.by_name[state.next].shape != graph.by_name[state.name].shape:
            shown = show_shape(graph.by_name[state.next].shape)
            yield state.name, f"is a state that becomes {shown}"


def _outputs(graph: PrimitiveGraph) -> Iterator[Finding]:
    for name in graph.outputs:
        if name not in graph.by_name:
            yield name, "is an output but not in the graph"
            continue
        shape, first = graph.by_name[name].shape, graph.by_name[graph.output].shape
        if len(shape) != 1 or shape != first:
            expected = show_shape(first) if len(first) == 1 else "a vector"
            yield name, f"is an output of shape {show_shape(shape)}, not {expected}"


def _use(graph: PrimitiveGraph) -> Iterator[Finding]:
    for node in graph.nodes:
        if node.name not in graph.needed and node.primitive != INPUT:
            yield node.name, "has no path to an output"


def _choices(graph: PrimitiveGraph) -> Iterator[Finding]:
    for node in graph.nodes:
        if node.mix is not None:
            yield node.name, "is a choice: derive an architecture first"


def _layers(graph: PrimitiveGraph) -> Iterator[tuple[Node, Primitive, tuple[Shape, ...]]]:
    """Yield every node but the inputs, with its primitive and the shapes that it reads."""
    shapes = {node.name: node.shape for node in graph.nodes}
    for node in graph.nodes[len(graph.inputs) :]:
        yield node, PRIMITIVES[node.primitive], tuple(shapes[name] for name in node.inputs)


LAWS = (
    Law("names are paths and unique", _names),
    Law("inputs come first", _input),
    Law("primitives are known", _primitives),
    Law("nodes come after what they read", _order),
    Law("numbers of inputs fit", _arity),
    Law("arguments are complete and of their kind", _arguments),
    Law("mixes read rows of alpha", _mixes),
    Law("what is folded is read by one sum", folded),
    Law("absorbed norms stand behind layers", absorbed),
    Law("bundles stand side by side", bundled),
    Law("stacks are handled by part and summed", stacks),
    Law("shapes follow the rules", _shapes),
    Law("weights follow the rules", _weights),
    Law("borrowed tensors exist and fit", _borrowed),
    Law("states are carried on", _states),
    Law("outputs are vectors", _outputs),
    Law("every node reaches an output", _use),
)
"""In an order in which each law may count on those before it."""

NO_CHOICES = Law("no choices are left", _choices)
"""Holds for networks that predict; passes for them require it."""
