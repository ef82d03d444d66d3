"""Checked program to search space: DAGs, and the mistakes that only a DAG can have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from dslnas.diagnostics import Diagnostics, UserError, user_error
from dslnas.edits import Advice, removal
from dslnas.language.check.cell import Cell
from dslnas.language.check.checked import CheckedInput, CheckedNetwork, CheckedProgram
from dslnas.language.check.constants import Scope, number_of
from dslnas.language.syntax import ast
from dslnas.ops.primitive import Example, InputShape, Token, by_name
from dslnas.space.architecture import Architecture, architecture_of
from dslnas.space.connectivity import with_must_read
from dslnas.space.continuous import check_continuous
from dslnas.space.derive.count_rules import check_rule
from dslnas.space.lower_cell import lower_cell
from dslnas.space.network import Input, Network, Partial, Place, network_graph
from dslnas.space.network_choices import check_network_choices, check_sharing
from dslnas.space.op_properties import OpProperties
from dslnas.space.search_space import SearchSpace

MAX_CELLS = 1000

MOST_CANDIDATES = 60_000
"""Most operations on the edges of all cells: so many take a second to look at."""


def lower(program: CheckedProgram, example: Example, classes: int) -> SearchSpace | Architecture:
    """Return the search space of a program, or its architecture where nothing is left to choose.

    Raises:
        UserError: NAS301 for a cycle, NAS302 for a node that reaches no output,
            NAS303 for a wrong number of cells, NAS315 where nothing that can be derived is
            connected, NAS410 where there are too many operations, NAS507 for a `keep` that keeps
            too much, NAS509 and NAS510 for counts that cannot be obeyed.
    """
    _check_size(program)
    found, properties = Diagnostics(), OpProperties(program.operations)
    cells = {
        name: lowered
        for name, cell in program.cells.items()
        if (lowered := lower_cell(cell, properties, found)) is not None
    }
    named = [cells.get(n.text) for place in program.network.places for n in place.names]
    is_open = any(place.is_chosen for place in program.network.places)
    search = None
    if is_open or program.network.widths or any(c is None or c.is_searched for c in named):
        search = _supernet(program, example, classes, found)
    final = _final(program, example, classes, found)
    check_continuous(program, search or final, cells, found)
    if search is not None:
        _check_searched(search, final, cells, found)
        _check_inputs(program, search, cells, found)
        check_network_choices(program, search, final, cells, found)
        check_sharing(program, search, cells, found)
    _check_inputs(program, final, cells, found)
    found.raise_if_any()
    is_searched = search is not None and (
        search.decisions or any(cells[name].is_searched for name in search.layout)
    )
    if search is None or not is_searched:
        final = final.with_chosen({})
        return architecture_of(final, cells, program.operations, program.constants)
    cells = with_must_read(cells, (search, final))
    space = SearchSpace(cells, program.operations, program.constants, search, final)
    check_rule(space, program.derivation.rule, program.spans)
    return space


def _check_size(program: CheckedProgram) -> None:
    edges = [edge for cell in program.cells.values() for edge in cell.edges]
    candidates = sum(len(edge.operations) for edge in edges)
    if candidates > MOST_CANDIDATES:
        raise user_error(
            "NAS410",
            f"cells have {candidates:,} operations on {len(edges):,} edges, more than "
            f"{MOST_CANDIDATES:,}",
            span=program.network.span,
            help="use fewer cells, nodes or operations to choose from",
        )


def _supernet(
    program: CheckedProgram, example: Example, classes: int, found: Diagnostics
) -> Network:
    network, search = program.network, program.search
    supernet = _network(program, network.channels, network.repeat, example, classes, found)
    if search is None:
        return supernet
    partial = None if search.channel_parts is None else _partial(program, search.channel_parts)
    return replace(
        supernet,
        partial=partial,
        has_skips=search.has_skips,
        shares_slices=search.sharing is not None,
    )


def _final(program: CheckedProgram, example: Example, classes: int, found: Diagnostics) -> Network:
    evaluate = program.evaluate
    channels = max(program.network.widths, default=evaluate.channels)
    final = _network(program, channels, evaluate.repeat, example, classes, found)
    if evaluate.auxiliary == 0:
        return final
    place = program.spans.get("evaluate.auxiliary")
    return replace(final, auxiliary=program.network.auxiliary, auxiliary_span=place)


def _check_inputs(
    program: CheckedProgram, network: Network, cells: Mapping[str, Cell], found: Diagnostics
) -> None:
    """Check that every input is read by a cell, through its stem."""
    import networkx as nx

    if not all(name in cells for name in network.layout):
        return
    read = nx.ancestors(network_graph(network, cells), "head")
    for given, made in zip(program.network.inputs, network.inputs, strict=True):
        if made.part not in read:
            found.add(
                "NAS302",
                f"input `{made.name}` is read by no cell",
                given.span,
                help=f"let the first cell have {len(network.inputs)} inputs",
            )


def _check_searched(
    search: Network, final: Network, cells: Mapping[str, Cell], found: Diagnostics
) -> None:
    """Check that no choice of the final network is left open by the search."""
    for name in dict.fromkeys(final.layout):
        if name not in search.layout and name in cells and cells[name].is_searched:
            found.add(
                "NAS303",
                f"cell `{name}` of the final network is not in the supernet, "
                "so nothing chooses its operations",
                search.span,
                help="`repeat` of `network` must be large enough to have every cell once",
            )


def _partial(program: CheckedProgram, parts: int) -> Partial:
    places = (program.spans.get(path) for path in ("search.partial", "network.channels"))
    return Partial(parts, next(filter(None, places), program.network.span))


def _network(
    program: CheckedProgram,
    channels: int,
    repeat: int,
    example: Example,
    classes: int,
    found: Diagnostics,
) -> Network:
    network: CheckedNetwork = program.network
    shapes = by_name(example)
    scope = {**program.constants, "N": repeat}
    places = []
    for checked in network.places:
        counts = tuple(_number(count, scope, repeat, found) for count in checked.counts) or (1,)
        names = tuple(name.text for name in checked.names)
        if len({*counts}) < len(counts):
            message = f"a number of cells is in the choice twice: {', '.join(map(str, counts))}"
            repeated = next(n for n, count in enumerate(counts) if count in counts[:n])
            edits = (removal(checked.counts[repeated].span),)
            help = Advice("remove one of them", edits=edits)
            found.add("NAS308", message, checked.span, help=help)
        places.append(Place(names, counts, checked.span))
    cells = sum(place.most * len(place.cells) for place in places)
    fewest = sum(min(place.counts) for place in places)
    if not fewest or cells > MAX_CELLS:
        may_be_empty = cells > 0 and not fewest
        found.add(
            "NAS303",
            "network may be left without any cell"
            if may_be_empty
            else f"network has {cells} cells, must be 1 to {MAX_CELLS}",
            network.span,
            help="let one place have a cell in any case" if may_be_empty else f"N is {repeat} here",
        )
    return Network(
        tuple(_input(given, shapes.get(given.name, given.shape or ())) for given in network.inputs),
        classes,
        channels,
        tuple(places),
        network.head,
        None,
        widths=network.widths,
        span=network.span,
    )


def _number(count: ast.Expression, scope: Scope, repeat: int, found: Diagnostics) -> int:
    """Return how many cells an expression says; NAS303 is recorded if that is no such number."""
    times: int | float = 1
    try:
        times = number_of(count, scope)
    except UserError as error:
        found.extend(error)
    if isinstance(times, int) and 0 <= times <= MAX_CELLS:
        return times
    found.add(
        "NAS303",
        f"number of cells must be a whole number from 0 to {MAX_CELLS}, not {times}",
        count.span,
        help=f"N is {repeat} here",
    )
    return 1


def _input(given: CheckedInput, shape: InputShape) -> Input:
    if isinstance(shape, Token):
        return Input(given.name, (), given.stem, shape.words)
    return Input(given.name, shape, given.stem)
