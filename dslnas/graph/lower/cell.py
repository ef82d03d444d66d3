"""Lowering of one cell: its inputs, states, values and nodes, in computing order."""

from __future__ import annotations

from collections.abc import Sequence

from dslnas.diagnostics import user_error
from dslnas.graph.graph import Mix, edges_of
from dslnas.graph.lower.context import CellContext, Shared
from dslnas.graph.lower.edge import CellEdges, check_end
from dslnas.graph.lower.subgraph import Source, Subgraph, Value
from dslnas.graph.lower.value import alone, lower_source
from dslnas.language.check.cell import Cell
from dslnas.ops.primitive import Shape, ShapeError
from dslnas.ops.shapes import show_shape
from dslnas.space.choice_table import choice_table

JOINS = {"concat": "concat", "sum": "add", "mean": "mean", "last": "add"}


def lower_cell(context: CellContext, sources: Sequence[Value]) -> Subgraph:
    """Return a cell as a subgraph that reads the outputs of parts before it.

    Raises:
        UserError: NAS4xx where shapes do not fit.
    """
    cell, out, channels = context.cell, context.out, context.channels
    given = _preprocess(context, sources)
    reference = given[cell.inputs[-1]].shape
    values: dict[str, Source] = {**given}
    size = tuple(-(-n // cell.stride) for n in reference[1:])
    states = [out.state(out.path("", state), (channels,)) for state in cell.states]
    values |= zip(cell.states, states, strict=True)
    edges = CellEdges(context)
    fixed = {value.name: value for value in cell.values}
    for step in cell.order or cell.nodes:
        if step in fixed:
            here = out.path("", step)
            values[step] = lower_source(context, here, fixed[step].expression, values)
        else:
            values[step] = _node(edges, step, values, (channels, *size))
        if step in cell.nodes or step == cell.first:
            values[step] = _normalised(context, step, alone(values[step]))
    ends = [alone(values[end]) for end in cell.output_of]
    try:
        output = _join(context, "output", JOINS[cell.output], ends)
    except ShapeError as error:
        raise user_error(
            "NAS404",
            f"output of cell `{cell.name}` cannot join its ends: {error}",
            span=cell.span,
            help="let all that the output joins have one size",
        ) from None
    nexts = [alone(values[end]) for end in cell.next_states] or [output] * len(states)
    for state, value, called in zip(states, nexts, cell.states, strict=True):
        _check_state(cell, called, value.shape, (channels,))
        out.carry(state, value)
    return out.subgraph(output)


def _node(edges: CellEdges, node: str, values: dict[str, Source], expected: Shape) -> Value:
    """Return the sum of a node's edges, which all have to give one shape.

    It is the expected one where the cell says only how many nodes there are.
    """
    context, cell = edges.context, edges.context.cell
    terms: list[Value] = []
    for edge in cell.incoming(node):
        stride = cell.stride if cell.is_strided(edge.source) else 1
        end = edges.lower(edge, values[edge.source], stride)
        if cell.is_spelt and not terms:
            expected = end.shape
        check_end(cell, edge, end, expected)
        terms.append(end)
    if context.partial is not None:
        terms = _weighed(context, node, terms)
    return _join(context, node, "add", terms)


def _normalised(context: CellContext, step: str, value: Value) -> Value:
    """Normalise a node, or the first value, by the layer that all of a cell share."""
    cell = context.cell
    if cell.normalise is None:
        return value
    where = f"after `{step}` of cell `{cell.name}`"
    body = context.body(cell.normalise, value.shape, context.channels, 1, where)
    if body.is_identity:
        return value
    here = context.out.path(step, "normalise")
    return context.apply(here, body, value, Shared("normalise"))


def _weighed(context: CellContext, node: str, ends: list[Value]) -> list[Value]:
    """Weigh the ends of a node's choosing edges; those of its fixed edges stay as they are."""
    cell, out = context.cell, context.out
    rows = [edge.row for edge in cell.incoming(node)]
    choosing = [end for row, end in zip(rows, ends, strict=True) if row is not None]
    fixed = [end for row, end in zip(rows, ends, strict=True) if row is None]
    if not choosing:
        return fixed
    sums = choice_table(cell).choosing
    number = sums.index(tuple(row for row in rows if row is not None))
    here = out.path("", f"{node}_edges" if fixed else node)
    return [out.join(here, "mix", choosing, Mix(edges_of(cell.name), number)), *fixed]


def _join(context: CellContext, name: str, primitive: str, ends: list[Value]) -> Value:
    """Join values; a single one needs nothing."""
    out = context.out
    return ends[0] if len(ends) == 1 else out.join(out.path("", name), primitive, ends)


def _preprocess(context: CellContext, sources: Sequence[Value]) -> dict[str, Value]:
    """Bring all inputs to the size of the last one and to C channels."""
    cell, channels = context.cell, context.channels
    if cell.preprocess is None:
        return dict(zip(cell.inputs, sources, strict=True))
    values = {}
    size = sources[-1].shape[1:]
    for name, source in zip(cell.inputs, sources, strict=True):
        stride = max((-(-n // m) for n, m in zip(source.shape[1:], size, strict=True)), default=1)
        where = f"on input `{name}` of cell `{cell.name}`"
        body = context.body(cell.preprocess, source.shape, channels, stride, where)
        if body.shape != (channels, *size):
            raise user_error(
                "NAS404",
                f"`{cell.preprocess.text}` gives {show_shape(body.shape)} {where}, "
                f"which needs {show_shape((channels, *size))}",
                span=cell.preprocess.span,
                help="use an operation that gives C channels and can be strided",
            )
        here = context.out.scope(name, "preprocess", cell.preprocess.text)
        values[name] = context.apply(here, body, source)
    return values


def _check_state(cell: Cell, state: str, found: Shape, expected: Shape) -> None:
    if found != expected:
        raise user_error(
            "NAS404",
            f"state `{state}` of cell `{cell.name}` becomes {show_shape(found)}, "
            f"but it is {show_shape(expected)} before",
            span=cell.span,
            help="a state has C features, before and after every step",
        )
