"""The whole module as data: every class, and the network that uses them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from dslnas.backends.python.blocks import inline_layers, read_block
from dslnas.backends.python.cells import read_cell, region_steps
from dslnas.backends.python.class_model import Body, Instance, Layers, Statement
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
from dslnas.backends.python.statements import StatementWriter, Step, unique
from dslnas.backends.python.text import Call, Terms
from dslnas.graph.graph import PrimitiveGraph
from dslnas.ops.primitive import Shape
from dslnas.ops.shapes import show_shape

IMAGES, TOKENS = "images", "tokens"
"""Arguments of a network."""

LOGITS, ROWS, STEP, STATES, OUTPUT = "logits", "x", "step", "states", "output"
"""Variables of a network; STATES and OUTPUT are numbered where there are several cells."""

_LOOP = (TOKENS, STATES, STEP, "outputs", OUTPUT)
"""Variables of the loop over time."""


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
    cells = {r.scope.path: r for r in regions if r.output or r.states}
    around = network_region(graph, [i.node for r in cells.values() for i in r.inputs.values()])
    names = class_names()
    blocks, calls = _block_classes(graph, [around, *cells.values()], names)
    instances = {path: read_cell(graph, region, calls) for path, region in cells.items()}
    classes, cell_calls = make_classes(instances, names)
    inputs = _name_inputs(graph)
    reader = _NetworkReader(graph, inputs, around, cells, calls | cell_calls)
    shapes = {name: graph.by_name[node].shape for node, name in inputs.items()}
    return Plan(shapes, tuple(blocks), tuple(classes), *reader.read())


def _name_inputs(graph: PrimitiveGraph) -> dict[str, str]:
    """Return the arguments of the network by the nodes that they are."""
    if graph.is_sequence:
        return {node.name: TOKENS for node in graph.inputs.values()}
    names = Names(VARIABLES, LONGEST_VARIABLE)
    return {
        node.name: names.take(snake_case(name or IMAGES)) for name, node in graph.inputs.items()
    }


def _block_classes(
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


class _NetworkReader:
    """Reads the network around its cells."""

    def __init__(
        self,
        graph: PrimitiveGraph,
        inputs: Mapping[str, str],
        around: Region,
        cells: Mapping[str, Region],
        calls: Mapping[str, Layers],
    ) -> None:
        self._graph = graph
        self._inputs = inputs
        self._around = around
        self._cells = cells
        self._calls = calls
        names = Names({*VARIABLES, *_LOOP, *inputs.values()}, LONGEST_VARIABLE)
        self._writer = StatementWriter(unique(names))
        self._steps = [
            replace(step, name=LOGITS) if step.value == around.results[0] else step
            for step in region_steps(graph, around, calls)
        ]

    def read(self) -> tuple[PythonClass, Loop | None]:
        """Return the class of the network, and its loop if it has one."""
        loop = self._loop() if self._graph.is_sequence else None
        statements, (result,) = ((), ("",)) if loop else self._straight()
        body = Body(tuple(self._inputs.values()), self._writer.attributes, statements, result)
        made = Instance("network", "network", "", body)
        return PythonClass("Network", body, signature([made]), (made,)), loop

    def _straight(self) -> tuple[tuple[Statement, ...], tuple[str, ...]]:
        """Return a network without a loop: one statement per stem, cell and head."""
        places = {node.name: place for place, node in enumerate(self._graph.nodes)}
        cells = [
            Step(
                region.output,
                tuple(self._around.value(given.node) for given in region.inputs.values()),
                path,
                path,
                layers=self._calls[path],
                attribute=path,
            )
            for path, region in self._cells.items()
        ]
        steps = [
            replace(step, comment=show_shape(self._graph.by_name[step.value].shape))
            for step in sorted([*self._steps, *cells], key=lambda step: places[step.value])
        ]
        return self._writer.write(steps, self._inputs, self._around.results[:1])

    def _loop(self) -> Loop:
        outputs = {region.output for region in self._cells.values()}
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
        after = [step for step in self._steps if step.value in behind]
        tokens = {node: f"{name}.flatten()" for node, name in self._inputs.items()}
        first, names = self._writer.write(before, tokens, rows)
        several = len(self._cells) > 1
        suffixes = {p: f"{n}" if several else "" for n, p in enumerate(self._cells)}
        variables = {r.output: f"{OUTPUT}{suffixes[p]}" for p, r in self._cells.items() if r.output}
        calls = tuple(self._cell_calls(suffixes, variables))
        last, _ = self._writer.write(after, dict.fromkeys(outputs, ROWS), ())
        states = tuple(f"{STATES}{suffix}" for suffix in suffixes.values())
        joined = (Statement(STATES, Terms(states, " + ", "")),) if several else ()
        return Loop(
            (*first, *(self._slices(states) if several else ())),
            f"{names[0]}.reshape(*{TOKENS}.shape, -1)" if names else "",
            calls,
            next((variables[v] for step in after for v in step.inputs if v in variables), ""),
            (*last, *joined),
        )

    def _cell_calls(
        self, suffixes: Mapping[str, str], variables: Mapping[str, str]
    ) -> Iterator[Statement]:
        """Yield the calls of the cells, given the variables of their outputs."""
        for path, region in self._cells.items():
            name, states = self._writer.add(path, self._calls[path]), f"{STATES}{suffixes[path]}"
            reads = (variables.get(given.node, STEP) for given in region.inputs.values())
            targets = filter(None, (variables.get(region.output), states))
            yield Statement(", ".join(targets), Call(f"self.{name}(", (*reads, states)))

    def _slices(self, variables: Sequence[str]) -> Iterator[Statement]:
        """Yield what divides the states among the cells."""
        first = 0
        for variable, region in zip(variables, self._cells.values(), strict=True):
            last = first + len(region.states)
            yield Statement(variable, f"{STATES}[{first}:{last}]")
            first = last
