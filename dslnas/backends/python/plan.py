"""The whole module as data: every class, and the network that uses them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from dslnas.backends.python.blocks import inline_part, read_block
from dslnas.backends.python.cells import PlacedCell, read_cell, region_steps
from dslnas.backends.python.class_model import Body, Instance, Part, Statement, children_of
from dslnas.backends.python.classes import PythonClass, make_classes
from dslnas.backends.python.identifiers import (
    LONGEST_VARIABLE,
    VARIABLES,
    Names,
    class_names,
    snake_case,
)
from dslnas.backends.python.parameters import signature
from dslnas.backends.python.regions import Region, cell_region, network_region
from dslnas.backends.python.statements import Attributes, StatementWriter, Step, unique
from dslnas.graph.graph import PrimitiveGraph
from dslnas.ops.primitive import Shape
from dslnas.ops.shapes import show_shape

IMAGES = "images"
TOKENS = "tokens"
LOGITS = "logits"
ROWS = "x"
STEP = "step"

_LOOP = (TOKENS, "states", STEP, "outputs", "output")
"""Variables of the loop over time."""


@dataclass(frozen=True)
class CellCall:
    """One call of a cell in the loop over time.

    Attributes:
        cell: Attribute of the network.
        reads: Variables of its inputs.
        gives: Variable of its output; empty if nobody reads it.
        states: Variable of its states.
        first: Place of its first state among those of the network.
        last: Place after its last one.
    """

    cell: str
    reads: tuple[str, ...]
    gives: str
    states: str
    first: int
    last: int


@dataclass(frozen=True)
class Loop:
    """The loop over time of a recurrent network.

    Attributes:
        before: Statements on all steps at once, from tokens to rows.
        rows: Expression of what cells read; empty if they only read states.
        calls: The loop.
        output: Variable that leaves it; empty if it is for the states alone.
        after: Statements on all steps at once, from its outputs to logits.
    """

    before: tuple[Statement, ...]
    rows: str
    calls: tuple[CellCall, ...]
    output: str
    after: tuple[Statement, ...]


@dataclass(frozen=True)
class Plan:
    """The classes of a module.

    Attributes:
        inputs: Shapes of what the network reads, by the names of its arguments.
        blocks: Classes of operations.
        cells: Classes of cells.
        network: The class of the network.
        loop: Its loop over time, if it is recurrent.
    """

    inputs: Mapping[str, Shape]
    blocks: tuple[PythonClass, ...]
    cells: tuple[PythonClass, ...]
    network: PythonClass
    loop: Loop | None

    @property
    def classes(self) -> tuple[PythonClass, ...]:
        """All classes; each uses earlier ones only."""
        return (*self.blocks, *self.cells, self.network)


def make_plan(graph: PrimitiveGraph) -> Plan:
    """Return the plan of a derived network.

    Raises:
        ValueError: The graph is not the plain one of a derived network.
    """
    if graph.auxiliary is not None or graph.alphas:
        raise ValueError("only a derived network without auxiliary head can be written")
    regions = [cell_region(graph, scope) for scope in graph.scopes if scope.kind == "cell"]
    regions = [region for region in regions if region.output or region.states]
    around = network_region(graph, [i.node for r in regions for i in r.inputs.values()])
    names = class_names()
    blocks, parts = _block_classes(graph, [around, *regions], names)
    cells = [read_cell(graph, region, parts) for region in regions]
    classes, cell_parts = make_classes({cell.path: cell.instance for cell in cells}, names)
    inputs = _name_inputs(graph)
    network, loop = _Network(graph, inputs, around, cells, parts | cell_parts).read()
    shapes = {name: graph.by_name[node].shape for node, name in inputs.items()}
    return Plan(shapes, tuple(blocks), tuple(classes), network, loop)


def _name_inputs(graph: PrimitiveGraph) -> dict[str, str]:
    """Return the arguments of the network by the nodes that they are."""
    if graph.is_sequence:
        (node,) = graph.inputs.values()
        return {node.name: TOKENS}
    names = Names(VARIABLES, LONGEST_VARIABLE)
    return {
        node.name: names.take(snake_case(name or IMAGES)) for name, node in graph.inputs.items()
    }


def _block_classes(
    graph: PrimitiveGraph, regions: Sequence[Region], names: Names
) -> tuple[list[PythonClass], dict[str, Part]]:
    """Return the classes of blocks, and the constructors of all blocks by their outputs."""
    order = {scope.path: place for place, scope in enumerate(graph.scopes)}
    made = {
        block.output: read_block(graph, block, region.node(block.source))
        for block, region in sorted(
            ((block, region) for region in regions for block in region.blocks),
            key=lambda pair: order[pair[0].scope.path],
        )
    }
    inline = {output: part for output, each in made.items() if (part := inline_part(each))}
    named = {output: each for output, each in made.items() if output not in inline}
    paths = {
        block.scope.path for region in regions for block in region.blocks if block.output in named
    }
    others = [scope.label for scope in graph.scopes if scope.path not in paths]
    classes, parts = make_classes(named, names, others)
    return classes, inline | parts


class _Network:
    """Reads the network around its cells."""

    def __init__(
        self,
        graph: PrimitiveGraph,
        inputs: Mapping[str, str],
        around: Region,
        cells: Sequence[PlacedCell],
        parts: Mapping[str, Part],
    ) -> None:
        self._graph = graph
        self._inputs = inputs
        self._around = around
        self._cells = cells
        self._parts = parts
        self._attributes = Attributes()
        names = Names({*VARIABLES, *_LOOP, *inputs.values()}, LONGEST_VARIABLE)
        self._writer = StatementWriter(self._attributes, unique(names))
        self._steps = [
            replace(step, name=LOGITS) if step.value == around.results[0] else step
            for step in region_steps(graph, around, parts)
        ]

    def read(self) -> tuple[PythonClass, Loop | None]:
        """Return the class of the network, and its loop if it has one."""
        loop = self._loop() if self._graph.is_sequence else None
        statements, (result,) = ((), ("",)) if loop else self._statements()
        parts = self._attributes.parts
        body = Body(tuple(self._inputs.values()), children_of(parts), statements, result)
        made = Instance("network", "network", "", body, parts)
        return PythonClass("Network", body, signature([made]), (made,)), loop

    def _statements(self) -> tuple[tuple[Statement, ...], tuple[str, ...]]:
        """Return a network without a loop: one statement per stem, cell and head."""
        places = {node.name: place for place, node in enumerate(self._graph.nodes)}
        cells = [
            Step(
                cell.output,
                tuple(map(self._around.value, cell.sources)),
                cell.path,
                cell.path,
                part=self._parts[cell.path],
                attribute=cell.path,
            )
            for cell in self._cells
        ]
        steps = [
            replace(step, comment=show_shape(self._graph.by_name[step.value].shape))
            for step in sorted([*self._steps, *cells], key=lambda step: places[step.value])
        ]
        return self._writer.write(steps, self._inputs, self._around.results[:1])

    def _loop(self) -> Loop:
        outputs = {cell.output for cell in self._cells}
        behind = set(outputs)
        for step in self._steps:
            if not behind.isdisjoint(step.inputs):
                behind.add(step.value)
        rows = self._around.results[1:]
        if len(rows) > 1:
            raise ValueError(f"cells must read one value of every step, not {len(rows)}")
        before = [
            replace(step, name=ROWS) if step.value in rows else step
            for step in self._steps
            if step.value not in behind
        ]
        tokens = {node: f"{name}.flatten()" for node, name in self._inputs.items()}
        first, names = self._writer.write(before, tokens, rows)
        variables, calls = self._calls()
        after = [step for step in self._steps if step.value in behind]
        last, _ = self._writer.write(after, dict.fromkeys(outputs, ROWS), ())
        return Loop(
            first,
            f"{names[0]}.reshape(*{TOKENS}.shape, -1)" if names else "",
            calls,
            next((variables[v] for step in after for v in step.inputs if v in variables), ""),
            last,
        )

    def _calls(self) -> tuple[dict[str, str], tuple[CellCall, ...]]:
        """Return the variables of the cells' outputs, and the cells as the loop calls them."""
        suffixes = map(str, range(len(self._cells))) if len(self._cells) > 1 else [""]
        variables: dict[str, str] = {}
        calls = []
        first = 0
        for suffix, cell in zip(suffixes, self._cells, strict=True):
            reads = tuple(variables.get(source, STEP) for source in cell.sources)
            if cell.output:
                variables[cell.output] = f"output{suffix}"
            name = self._attributes.add(cell.path, self._parts[cell.path])
            last = first + len(cell.instance.body.states)
            gives = variables.get(cell.output, "")
            calls.append(CellCall(name, reads, gives, f"states{suffix}", first, last))
            first = last
        return variables, tuple(calls)
