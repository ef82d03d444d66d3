"""A recurrent network as data: a class for every kind of cell, and the network around its loop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dslnas.backends.python.body import Instance, Statement, instance
from dslnas.backends.python.classes import PythonClass, make_classes
from dslnas.backends.python.names import (
    ATTRIBUTES,
    LONGEST_ATTRIBUTE,
    LONGEST_VARIABLE,
    VARIABLES,
    Names,
    class_names,
    snake_case,
)
from dslnas.backends.python.parameters import signature
from dslnas.backends.python.paths import Paths
from dslnas.backends.python.straight import Layers, Straight, read_straight
from dslnas.graph.graph import INPUT, Node, PrimitiveGraph, Scope

TOKENS = "tokens.flatten()"
ROWS = "x"
LOGITS = "logits"

_LOCAL = ("tokens", "states", "step", "outputs", "output")


@dataclass(frozen=True)
class Turn:
    """What the loop does with one cell.

    Attributes:
        cell: Attribute of the network.
        reads: Variables of its inputs.
        gives: Variable of its output.
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
class RecurrentPlan:
    """What a module is made of.

    Attributes:
        cells: Classes of cells.
        network: The class of the network; its statements are those of stem and head.
        stem: From tokens to what the first cell reads, on all steps at once.
        turns: The loop.
        head: From what the last cell gives to logits, on all steps at once.
    """

    cells: tuple[PythonClass, ...]
    network: PythonClass
    stem: tuple[Statement, ...]
    turns: tuple[Turn, ...]
    head: tuple[Statement, ...]


@dataclass(frozen=True)
class _Cell:
    """A cell of the network: its instance, what it reads, and the value that it gives."""

    scope: Scope
    sources: tuple[str, ...]
    output: str
    instance: Instance


def make_recurrent_plan(graph: PrimitiveGraph) -> RecurrentPlan:
    """Return the plan of a derived recurrent network.

    Raises:
        ValueError: The graph is not the plain one of a derived network.
    """
    if graph.alphas:
        raise ValueError("only a derived network can be written")
    inside = _by_scope(graph)
    names = class_names()
    cells = [_read_cell(graph, s, inside[s.path]) for s in graph.scopes if s.kind == "cell"]
    classes, parts = make_classes({cell.scope.path: cell.instance for cell in cells}, names)

    layers = Layers(Names(ATTRIBUTES, LONGEST_ATTRIBUTE), {}, {})
    variables = Names({*VARIABLES, *_LOCAL}, LONGEST_VARIABLE)
    around = {scope.kind: scope for scope in graph.scopes if scope.kind in ("stem", "head")}
    turns, output = _turns(graph, cells)

    def straight(kind: str, known: Mapping[str, str], result: str, wish: str) -> list[Statement]:
        nodes = inside[around[kind].path]
        paths = Paths("", (node.name for node in nodes))
        code = Straight(graph, nodes, paths, layers, variables, known, [result], {result: wish})
        statements, _ = read_straight(code)
        return statements

    stem = straight("stem", {INPUT: TOKENS}, cells[0].sources[0], ROWS)
    for cell in cells:
        layers.parts[layers.names.take(cell.scope.path)] = parts[cell.scope.path]
    head = straight("head", {output: ROWS}, graph.output, LOGITS)
    network = instance(
        Scope("", "network", "network"), "", ("tokens",), layers.parts, [*stem, *head], {}
    )
    made = PythonClass("Network", network.body, signature([network]), (network,))
    return RecurrentPlan(tuple(classes), made, tuple(stem), turns, tuple(head))


def _by_scope(graph: PrimitiveGraph) -> dict[str, list[Node]]:
    """Return the nodes of stem, cells and head that are computed and needed."""
    found: dict[str, list[Node]] = {
        scope.path: [] for scope in graph.scopes if scope.kind in ("stem", "cell", "head")
    }
    for node in graph.nodes[1:]:
        outer = node.name.partition("/")[0]
        if outer not in found:
            raise ValueError(f"`{node.name}` belongs to no stem, cell or head")
        if node.primitive != "state" and node.name in graph.needed:
            found[outer].append(node)
    return found


def _read_cell(graph: PrimitiveGraph, scope: Scope, nodes: Sequence[Node]) -> _Cell:
    own = [state for state in graph.states if state.name.startswith(f"{scope.path}/")]
    inside = {*(node.name for node in nodes), *(state.name for state in own)}
    read = [*(name for node in nodes for name in node.inputs), *(state.next for state in own)]
    sources = tuple(dict.fromkeys(name for name in read if name not in inside))
    output = _output(graph, scope, inside)

    variables = Names({*VARIABLES, "states"}, LONGEST_VARIABLE)
    numbers = [""] if len(sources) == 1 else range(1, len(sources) + 1)
    inputs = [variables.take(f"x{number}") for number in numbers]
    states = [variables.take(snake_case(state.name.rpartition("/")[2])) for state in own]
    known = dict(zip(sources, inputs, strict=True))
    known |= zip((state.name for state in own), states, strict=True)
    layers = Layers(Names(ATTRIBUTES, LONGEST_ATTRIBUTE), {}, {})
    results = [output, *(state.next for state in own)]
    paths = Paths(scope.path, (*(state.name for state in own), *(node.name for node in nodes)))
    code = Straight(graph, nodes, paths, layers, variables, known, results)
    statements, returned = read_straight(code)
    sizes = {"channels": graph.by_name[own[0].name].shape[0]} if own else {}
    sizes |= {
        f"{name}_channels": graph.by_name[source].shape[0]
        for source, name in known.items()
        if source in sources
    }
    made = instance(
        scope, "", inputs, layers.parts, statements, sizes, states=states, results=returned
    )
    return _Cell(scope, sources, output, made)


def _output(graph: PrimitiveGraph, scope: Scope, inside: set[str]) -> str:
    """Return the node of a cell that is read outside of it."""
    outside = (node for node in graph.nodes if not node.name.startswith(f"{scope.path}/"))
    read = dict.fromkeys(name for node in outside for name in node.inputs if name in inside)
    if len(read) != 1:
        raise ValueError(f"`{scope.path}` must give one value, not {len(read)}")
    (output,) = read
    return output


def _turns(graph: PrimitiveGraph, cells: Sequence[_Cell]) -> tuple[tuple[Turn, ...], str]:
    """Return what the loop does, and the value that leaves it."""
    several = len(cells) > 1
    variables: dict[str, str] = {}
    turns = []
    place = 0
    for number, cell in enumerate(cells):
        reads = tuple(variables.get(source, "step") for source in cell.sources)
        gives = f"output{number}" if several else "output"
        variables[cell.output] = gives
        count = len(cell.instance.body.states)
        states = f"states{number}" if several else "states"
        turns.append(Turn(cell.scope.path, reads, gives, states, place, place + count))
        place += count
    return tuple(turns), cells[-1].output
