"""The whole module as data: every class, and the network that uses them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from dslnas.backends.python.class_model import Body, Instance, Layers, Statement
from dslnas.backends.python.classes import PythonClass, make_class, make_classes
from dslnas.backends.python.identifiers import Names, class_names, snake_case, variable_names
from dslnas.backends.python.instances import inline_layers, read_block, read_cell, region_steps
from dslnas.backends.python.regions import Region, find_regions
from dslnas.backends.python.statements import StatementWriter, Step, unique
from dslnas.backends.python.text import Call, Terms
from dslnas.graph.graph import PrimitiveGraph
from dslnas.ops.primitive import Shape, input_name
from dslnas.ops.shapes import show_shape

_LOOP = ("tokens", "states", "step", "outputs", "output")
"""Variables of the loop over time; several cells have numbered `states` and `output`."""


@dataclass(frozen=True)
class Loop:
    """The loop over time of a recurrent network.

    Attributes:
        before: Statements on all steps at once, from tokens to rows.
        rows: Expression of what cells read; empty if they only read states.
        calls: The loop: a call of each cell.
        output: Variable that leaves it; empty if it is for the states alone.
        after: Statements on all steps at once, from its outputs to logits.
    """

    before: tuple[Statement, ...]
    rows: str
    calls: tuple[Statement, ...]
    output: str
    after: tuple[Statement, ...]


@dataclass(frozen=True)
class Plan:
    """The classes of a module, and the loop over time of a recurrent network.

    `inputs` are the shapes of what it reads by argument; stems and heads may be operations.
    """

    inputs: Mapping[str, Shape]
    operations: tuple[PythonClass, ...]
    cells: tuple[PythonClass, ...]
    network: PythonClass
    loop: Loop | None


def make_plan(graph: PrimitiveGraph) -> Plan:
    """Return the plan of a derived network.

    Raises:
        ValueError: The graph is not the plain one of a derived network.
    """
    if graph.auxiliary is not None or graph.alphas:
        raise ValueError("only a derived network without auxiliary head can be written")
    around, regions = find_regions(graph)
    names = class_names()
    operations, calls = _operation_classes(graph, [around, *regions], names)
    read = {region.scope.path: read_cell(graph, region, calls) for region in regions}
    cells, cell_calls = make_classes(read, names)
    network = _Network(graph, around, regions, calls | cell_calls)
    made, loop = network.read()
    shapes = {name: graph.by_name[node].shape for node, name in network.inputs.items()}
    return Plan(shapes, tuple(operations), tuple(cells), made, loop)


def _operation_classes(
    graph: PrimitiveGraph, regions: Sequence[Region], names: Names
) -> tuple[list[PythonClass], dict[str, Layers]]:
    """Return the classes of blocks, and the constructors of all blocks by their outputs."""
    order = {scope.path: place for place, scope in enumerate(graph.scopes)}
    blocks = [(block, region) for region in regions for block in region.blocks]
    blocks.sort(key=lambda pair: order[pair[0].scope.path])
    made = {b.output: read_block(graph, b, region.node(b.source)) for b, region in blocks}
    inline = {output: layers for output, each in made.items() if (layers := inline_layers(each))}
    named = {output: each for output, each in made.items() if output not in inline}
    paths = {block.scope.path for block, _ in blocks if block.output in named}
    others = [scope.label for scope in graph.scopes if scope.path not in paths]
    classes, calls = make_classes(named, names, others)
    return classes, inline | calls


class _Network:
    """Reads the network around its cells; `inputs` are its arguments by node."""

    def __init__(
        self,
        graph: PrimitiveGraph,
        around: Region,
        cells: Sequence[Region],
        calls: Mapping[str, Layers],
    ) -> None:
        self._graph = graph
        self._around = around
        self._cells = cells
        self._calls = calls
        names = variable_names()
        self.inputs = {
            node.name: names.take(snake_case(name) if name else _of_many(input_name(node.shape)))
            for name, node in graph.inputs.items()
        }
        names = variable_names([*_LOOP, *self.inputs.values()])
        self._writer = StatementWriter(unique(names))
        self._steps = [
            replace(step, name="logits") if step.value == around.results[0] else step
            for step in region_steps(graph, around, calls)
        ]

    def read(self) -> tuple[PythonClass, Loop | None]:
        """Return the class of the network, and its loop if it has one."""
        loop = self._loop() if self._graph.is_sequence else None
        statements, (result,) = ((), ("",)) if loop else self._straight()
        body = Body(tuple(self.inputs.values()), self._writer.attributes, statements, result)
        return make_class("Network", [Instance("network", "network", "", body)]), loop

    def _straight(self) -> tuple[tuple[Statement, ...], tuple[str, ...]]:
        """Return a network without a loop: one statement per stem, cell and head."""
        places = {node.name: place for place, node in enumerate(self._graph.nodes)}
        steps = [*self._steps]
        for cell in self._cells:
            path = cell.scope.path
            reads = tuple(self._around.value(given.node) for given in cell.inputs.values())
            layers = self._calls[path]
            steps.append(Step(cell.output, reads, path, path, layers=layers, attribute=path))
        steps = [
            replace(step, comment=show_shape(self._graph.by_name[step.value].shape))
            for step in sorted(steps, key=lambda step: places[step.value])
        ]
        return self._writer.write(steps, self.inputs, self._around.results[:1])

    def _loop(self) -> Loop:
        behind = {cell.output for cell in self._cells}
        known = dict.fromkeys(behind, "x")
        for step in self._steps:
            if not behind.isdisjoint(step.inputs):
                behind.add(step.value)
        rows = self._around.results[1:]
        if len(rows) > 1:
            raise ValueError(f"cells must read one value of every step, not {len(rows)}")
        before = [
            replace(step, name="x") if step.value in rows else step
            for step in self._steps
            if step.value not in behind
        ]
        tokens = {node: f"{name}.flatten()" for node, name in self.inputs.items()}
        first, read = self._writer.write(before, tokens, rows)
        slices, calls, outputs = self._cell_calls()
        after = [step for step in self._steps if step.value in behind]
        last, _ = self._writer.write(after, known, ())
        if len(slices) > 1:
            first += slices
            last += (Statement("states", Terms(tuple(s.target for s in slices), " + ")),)
        return Loop(
            first,
            f"{read[0]}.unflatten(0, tokens.shape)" if read else "",
            calls,
            next((outputs[v] for step in after for v in step.inputs if v in outputs), ""),
            last,
        )

    def _cell_calls(self) -> tuple[tuple[Statement, ...], tuple[Statement, ...], dict[str, str]]:
        """Return the states of each cell, the calls of all, and the variables of their outputs."""
        slices, calls = [], []
        outputs: dict[str, str] = {}
        first = 0
        for number, cell in enumerate(self._cells):
            suffix = f"{number}" if len(self._cells) > 1 else ""
            states, last = f"states{suffix}", first + len(cell.states)
            reads = (outputs.get(given.node, "step") for given in cell.inputs.values())
            name = self._writer.add(cell.scope.path, self._calls[cell.scope.path])
            call = Call(f"self.{name}(", (*reads, states))
            if cell.output:
                outputs[cell.output] = f"output{suffix}"
            target = f"{outputs[cell.output]}, {states}" if cell.output else states
            slices.append(Statement(states, f"states[{first}:{last}]"))
            calls.append(Statement(target, call))
            first = last
        return tuple(slices), tuple(calls), outputs


def _of_many(name: str) -> str:
    """Return the plural of an input's name, as a batch has many of it."""
    return f"{name.removesuffix('s')}s"
