"""The whole module as data: every class, and the network that uses them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from dslnas.backends.python.blocks import inline_part, read_block
from dslnas.backends.python.cells import PlacedCell, read_cell, region_steps
from dslnas.backends.python.class_model import Part, Statement, instance
from dslnas.backends.python.classes import PythonClass, make_classes
from dslnas.backends.python.identifiers import (
    LONGEST_VARIABLE,
    VARIABLES,
    Names,
    class_names,
)
from dslnas.backends.python.parameters import signature
from dslnas.backends.python.regions import Region, cell_region, network_region
from dslnas.backends.python.statements import Attributes, Step, unique, write_statements
from dslnas.graph.graph import INPUT, PrimitiveGraph
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
    """What the loop over time does with one cell.

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
    """What a module is made of.

    Attributes:
        blocks: Classes of operations.
        cells: Classes of cells.
        network: The class of the network.
        loop: Its loop over time, if it is recurrent.
    """

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
    network = _Network(graph, around, cells, parts | cell_parts)
    loop = network.read_loop() if graph.is_sequence else None
    if loop is None:
        network.read_line()
    return Plan(tuple(blocks), tuple(classes), network.made(), loop)


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
        around: Region,
        cells: Sequence[PlacedCell],
        parts: Mapping[str, Part],
    ) -> None:
        self._graph = graph
        self._around = around
        self._cells = cells
        self._parts = parts
        self._attributes = Attributes()
        self._name = unique(Names({*VARIABLES, *_LOOP}, LONGEST_VARIABLE))
        self._logits = around.results[0]
        self._steps = [
            replace(step, name=LOGITS) if step.value == self._logits else step
            for step in region_steps(graph, around, parts)
        ]
        self._statements: list[Statement] = []

    def made(self) -> PythonClass:
        """Return the class of the network."""
        network = instance(
            self._around.scope,
            "",
            (TOKENS if self._graph.is_sequence else IMAGES,),
            self._attributes.parts,
            {},
            statements=self._statements,
            result=self._statements[-1].target,
        )
        return PythonClass("Network", network.body, signature([network]), (network,))

    def read_line(self) -> None:
        """Read a network without a loop: one statement per stem, cell and head."""
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
        steps = sorted([*self._steps, *cells], key=lambda step: places[step.value])
        commented = [
            replace(step, comment=show_shape(self._graph.by_name[step.value].shape))
            for step in steps
        ]
        self._write(commented, {INPUT: IMAGES}, [self._logits])

    def read_loop(self) -> Loop:
        """Read a network with a loop over time."""
        outputs = {cell.output for cell in self._cells}
        behind = set(outputs)
        for step in self._steps:
            if not behind.isdisjoint(step.inputs):
                behind.add(step.value)
        rows, *_ = (*self._around.results[1:], None)
        before = [
            replace(step, name=ROWS) if step.value == rows else step
            for step in self._steps
            if step.value not in behind
        ]
        after = [step for step in self._steps if step.value in behind]
        ends = dict.fromkeys(v for step in after for v in step.inputs if v in outputs)
        names = self._write(before, {INPUT: f"{TOKENS}.flatten()"}, [rows] if rows else [])
        written = len(self._statements)
        calls = self._calls()
        self._write(after, dict.fromkeys(ends, ROWS), [])
        return Loop(
            tuple(self._statements[:written]),
            f"{names[0]}.reshape(*{TOKENS}.shape, -1)" if names else "",
            calls,
            calls[-1].gives if ends else "",
            tuple(self._statements[written:]),
        )

    def _calls(self) -> tuple[CellCall, ...]:
        """Return the cells as the loop calls them."""
        several = len(self._cells) > 1
        variables: dict[str, str] = {}
        calls = []
        first = 0
        for number, cell in enumerate(self._cells):
            suffix = str(number) if several else ""
            reads = tuple(variables.get(source, STEP) for source in cell.sources)
            if cell.output:
                variables[cell.output] = f"output{suffix}"
            name = self._attributes.add(cell.path, self._parts[cell.path])
            last = first + cell.states
            gives = variables.get(cell.output, "")
            calls.append(CellCall(name, reads, gives, f"states{suffix}", first, last))
            first = last
        return tuple(calls)

    def _write(
        self, steps: Sequence[Step], known: Mapping[str, str], results: Sequence[str]
    ) -> list[str]:
        statements, names = write_statements(steps, self._attributes, self._name, known, results)
        self._statements += statements
        return names
