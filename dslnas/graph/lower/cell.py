"""The way through one cell: its inputs, states, values and nodes, in computing order."""

from __future__ import annotations

from typing import TypeVar

from dslnas.diagnostics import user_error
from dslnas.graph.graph import Mix, edges_of
from dslnas.graph.lower.edge import EdgeWalk
from dslnas.graph.lower.value import Shared
from dslnas.ops.primitive import Shape
from dslnas.ops.shapes import show_shape
from dslnas.space.cell import Cell
from dslnas.space.choice_table import choice_table

Value = TypeVar("Value")

JOINS = {"concat": "concat", "sum": "add", "mean": "mean", "last": "add"}


class CellWalk(EdgeWalk[Value]):
    """Goes through cells."""

    def cell(self, name: str, cell: Cell, sources: list[Value], channels: int) -> Value:
        """Apply a cell to the outputs of the cells before it."""
        path = self.scope("", name, "cell", cell.name)
        self._owners.clear()
        values = self._preprocess(path, cell, sources, channels)
        reference = self.shape(values[cell.inputs[-1]])
        size = tuple(-(-n // cell.stride) for n in reference[1:])
        states = [self.state(self.path(path, state), (channels,)) for state in cell.states]
        values |= zip(cell.states, states, strict=True)
        fixed = {value.name: value for value in cell.values}
        for step in cell.order or cell.nodes:
            if step in fixed:
                here = self.path(path, step)
                values[step] = self.value(here, fixed[step].expression, values, channels)
            else:
                values[step] = self._node(path, cell, step, values, (channels, *size))
            if step in cell.nodes or step == cell.first:
                values[step] = self._normalised(path, cell, step, values[step], channels)
        ends = [values[end] for end in cell.output_of]
        output = self._join(path, "output", JOINS[cell.output], ends)
        nexts = [values[end] for end in cell.next_states] or [output] * len(states)
        for state, value, called in zip(states, nexts, cell.states, strict=True):
            self._check_state(cell, called, self.shape(value), (channels,))
            self.carry(state, value)
        return output

    def _node(
        self, path: str, cell: Cell, node: str, values: dict[str, Value], expected: Shape
    ) -> Value:
        """Return the sum of a node's edges, which all have to give the expected shape."""
        terms = []
        for edge in cell.incoming(node):
            stride = cell.stride if edge.source in cell.inputs else 1
            end = self.edge(path, cell, edge, values[edge.source], expected[0], stride)
            self._check_shape(cell, edge, end, expected)
            terms.append(end)
        if self._network.partial is not None:
            terms = self._weighed(path, cell, node, terms)
        return self._join(path, node, "add", terms)

    def _normalised(self, path: str, cell: Cell, step: str, value: Value, channels: int) -> Value:
        """Normalise a node, or the first value, by the layer that all of a cell share."""
        if cell.normalise is None:
            return value
        where = f"after `{step}` of cell `{cell.name}`"
        fragment = self._fragment(cell.normalise, self.shape(value), channels, 1, where)
        if fragment.is_identity:
            return value
        here = self.path(path, f"{step}/normalise")
        owner = self._owner(Shared(path, "normalise"), here)
        return self.layers(here, fragment, value, owner)

    def _weighed(self, path: str, cell: Cell, node: str, ends: list[Value]) -> list[Value]:
        """Weigh the ends of a node's choosing edges; those of its fixed edges stay as they are."""
        rows = [edge.row for edge in cell.incoming(node)]
        choosing = [end for row, end in zip(rows, ends, strict=True) if row is not None]
        fixed = [end for row, end in zip(rows, ends, strict=True) if row is None]
        if not choosing:
            return fixed
        sums = choice_table(cell).choosing
        number = sums.index(tuple(row for row in rows if row is not None))
        here = self.path(path, f"{node}_edges" if fixed else node)
        return [self.mix(here, Mix(edges_of(cell.name), number), choosing), *fixed]

    def _join(self, path: str, name: str, primitive: str, ends: list[Value]) -> Value:
        """Join values; a single one needs nothing."""
        return ends[0] if len(ends) == 1 else self.join(self.path(path, name), primitive, ends)

    def _preprocess(
        self, path: str, cell: Cell, sources: list[Value], channels: int
    ) -> dict[str, Value]:
        """Bring all inputs to the size of the last one and to C channels."""
        if cell.preprocess is None:
            return dict(zip(cell.inputs, sources, strict=True))
        values = {}
        size = self.shape(sources[-1])[1:]
        for name, source in zip(cell.inputs, sources, strict=True):
            shape = self.shape(source)
            stride = max((-(-n // m) for n, m in zip(shape[1:], size, strict=True)), default=1)
            where = f"on input `{name}` of cell `{cell.name}`"
            fragment = self._fragment(cell.preprocess, shape, channels, stride, where)
            if fragment.shape != (channels, *size):
                raise user_error(
                    "NAS404",
                    f"`{cell.preprocess.text}` gives {show_shape(fragment.shape)} {where}, "
                    f"which needs {show_shape((channels, *size))}",
                    span=cell.preprocess.span,
                    help="use an operation that gives C channels and can be strided",
                )
            here = self.scope(path, name, "preprocess", cell.preprocess.text)
            values[name] = self.layers(here, fragment, source)
        return values

    def _check_state(self, cell: Cell, state: str, found: Shape, expected: Shape) -> None:
        if found != expected:
            raise user_error(
                "NAS404",
                f"state `{state}` of cell `{cell.name}` becomes {show_shape(found)}, "
                f"but it is {show_shape(expected)} before",
                span=cell.span,
                help="a state has C features, before and after every step",
            )
