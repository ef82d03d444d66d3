"""The best cell that is connected and obeys counts, against a listing of all cells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dslnas.diagnostics import UserError
from dslnas.language.check.cell import Cell, Edge, Operation
from dslnas.language.check.dag import needed_for, reading_graph
from dslnas.language.check.value import (
    SOURCE,
    Activated,
    CellValue,
    Gate,
    Joined,
    Reference,
    names_in,
)
from dslnas.settings.rule import Count, Rule
from dslnas.source import SourceFile, Span
from dslnas.space.cell_stats import operation_counts
from dslnas.space.choice_table import best_choice, choice_table, tie_breaks
from dslnas.space.derive.constrained_derivation import (
    connected_choice,
    constrained_choice,
    possible_numbers,
)
from dslnas.space.derive.derive import derive, derive_cell
from tests.spaces import chosen, random_scores, space_of

OPERATIONS = ("none", "skip", "conv", "pool")
TIES = st.integers(-3, 3).map(lambda number: number / 4)
"""Scores whose sums are exact, and often equal."""
THRESHOLDS = st.none() | TIES
SPAN = Span(SourceFile("made", ""), 0, 0)
READ, APPLIED = Reference(SOURCE, SPAN), Activated(Reference(SOURCE, SPAN), SPAN)
HANDS_ON = Gate("highway", (), Joined("add", (READ, APPLIED), SPAN))
CUTS = Gate("gated", (), Joined("multiply", (READ, APPLIED), SPAN))


def operation(text: str) -> Operation:
    return Operation(
        text,
        (),
        text,
        is_zero=text == "none",
        is_constant=text == "none",
        is_identity=text == "skip",
        is_convolution=text == "conv",
    )


@st.composite
def cells(draw: st.DrawFn) -> Cell:
    """Draw a cell of at most three nodes: parallel and fixed edges, nodes outside of the output.

    It has one input or two, and maybe states, which must be read then; and maybe a gate, which may
    hand on what edges read. Between the nodes there may be values, through which later nodes read
    earlier ones.
    """
    inputs = ("in1", "in2")[: draw(st.integers(1, 2))]
    states = ("h",) * draw(st.sampled_from((0, 0, 1)))
    known: list[str] = [*inputs, *states]
    given, edges = len(known), []
    reads_all = bool(states) or draw(st.booleans())
    values: list[CellValue] = []
    nodes = [f"n{number}" for number in range(1, draw(st.integers(1, 3)) + 1)]
    texts = st.lists(st.sampled_from(OPERATIONS), min_size=1, max_size=3, unique=True)
    for node in nodes:
        for source in draw(st.lists(st.sampled_from(known), min_size=1, max_size=3)):
            offered = draw(texts.filter(lambda these: these != ["none"]))
            edges.append(Edge(source, node, tuple(map(operation, offered))))
        known.append(node)
        if draw(st.booleans()):
            reads = draw(st.lists(st.sampled_from(known), min_size=1, max_size=2))
            parts = tuple(Reference(name, SPAN) for name in reads)
            values.append(CellValue(f"v{len(values)}", Joined("add", parts, SPAN), SPAN))
            known.append(values[-1].name)
    read = {edge.source for edge in edges}
    read |= {name for value in values for name in names_in(value.expression)}
    must_read = [frozenset((name,)) for name in known[:given] if reads_all]
    return Cell(
        "one",
        inputs,
        tuple(nodes),
        (),
        draw(st.none() | st.integers(1, 3)),
        none_allowed=draw(st.booleans()),
        preprocess=None,
        output="sum",
        output_of=tuple(name for name in known[given:] if name not in read or draw(st.booleans())),
        stride=1,
        widen=1,
        span=SPAN,
        states=states,
        next_states=(draw(st.sampled_from(nodes)),) * draw(st.integers(0, len(states))),
        values=tuple(values),
        gate=draw(st.sampled_from((None, None, HANDS_ON, CUTS))),
        must_read=tuple(must_read),
    ).with_edges(tuple(edges))


def counts() -> st.SearchStrategy[tuple[Count, ...]]:
    """Draw counts of some operations, many of which cannot be obeyed."""

    def count(operation: str, least: int, more: int | None) -> Count:
        return Count(operation, least, None if more is None else least + more)

    one = st.builds(
        count, st.sampled_from(OPERATIONS), st.integers(0, 3), st.none() | st.integers(0, 3)
    )
    return st.lists(one, max_size=3, unique_by=lambda c: c.operation).map(tuple)


def rows_of(cell: Cell, draw: st.DataObject, score: st.SearchStrategy[float]) -> list[list[float]]:
    return [[draw.draw(score) for _ in edge.operations] for edge in cell.choices]


def all_choices(cell: Cell, *, thins: bool = False) -> Iterator[dict[int, int]]:
    """Yield everything that can be kept, by row its column; `thins`: also of fewer edges a node."""
    by_node = []
    for node in cell.nodes:
        choosing = [edge for edge in cell.incoming(node) if edge.row is not None]
        options = [[(edge.row, column) for column in cell.candidates(edge)] for edge in choosing]
        keep = cell.kept(len(choosing))
        numbers = range(min(1, keep) if thins else keep, keep + 1)
        by_node.append(
            [
                form
                for number in numbers
                for some in combinations(options, number)
                for form in product(*some)
            ]
        )
    for forms in product(*by_node):
        yield {row: column for form in forms for row, column in form if row is not None}


def kept_edges(cell: Cell, choice: dict[int, int]) -> list[tuple[Edge, str]]:
    """Return the edges of a derived cell, each with its operation."""
    return [
        (edge, edge.operations[choice.get(-1 if edge.row is None else edge.row, 0)].text)
        for edge in cell.edges
        if edge.row is None or edge.row in choice
    ]


def readings(cell: Cell, edges: Sequence[Edge]) -> dict[str, Sequence[str]]:
    """Return by value and node what it reads, by some edges."""
    reads: dict[str, Sequence[str]] = {v.name: names_in(v.expression) for v in cell.values}
    return reads | {n: [edge.source for edge in edges if edge.target == n] for n in cell.nodes}


def obeys(cell: Cell, choice: dict[int, int], counts: Sequence[Count]) -> bool:
    """Whether a cell is connected, and the edges that reach the output obey the counts."""
    left = kept_edges(cell, choice)
    needed = needed_for(reading_graph(readings(cell, [edge for edge, _ in left])), cell.ends)
    numbers = Counter(text for edge, text in left if edge.target in needed)
    return is_alive(cell, choice) and all(c.allows(numbers[c.operation]) for c in counts)


def is_alive(cell: Cell, choice: dict[int, int]) -> bool:
    """Whether paths without zeros lead from all that must be read to what a cell gives."""
    alive = [
        edge for edge, text in kept_edges(cell, choice) if text != "none" or cell.gate is HANDS_ON
    ]
    graph = reading_graph(readings(cell, alive))
    output, ends = needed_for(graph, cell.output_of), needed_for(graph, cell.ends)
    return not output.isdisjoint((*cell.inputs, *cell.states)) and all(
        not ends.isdisjoint(sources) for sources in cell.must_read
    )


def best_of_all(
    cell: Cell,
    scores: Sequence[Sequence[float]],
    counts: Sequence[Count],
    threshold: float | None = None,
) -> dict[int, int] | None:
    """Return the obeying choice of the largest sum; of equal ones that of the luckiest.

    What adds up is by how much edges exceed the threshold, if there is one.
    """
    luck = tie_breaks(0, cell.name, choice_table(cell).rows)

    def rank(choice: dict[int, int]) -> tuple[float, int]:
        places = choice.items()
        excess = sum(scores[r][c] - (threshold or 0) for r, c in places)
        return excess, sum(luck[r][c] for r, c in places)

    listed = all_choices(cell, thins=threshold is not None)
    return max((c for c in listed if obeys(cell, c, counts)), key=rank, default=None)


@given(cells(), counts(), THRESHOLDS, st.data())
def test_finds_what_a_listing_finds(
    cell: Cell, counts: tuple[Count, ...], threshold: float | None, data: st.DataObject
) -> None:
    scores = rows_of(cell, data, TIES)
    found = constrained_choice(cell, scores, counts, threshold=threshold)
    assert found == best_of_all(cell, scores, counts, threshold)


@given(cells(), THRESHOLDS.filter(lambda threshold: threshold is not None), st.data())
def test_a_threshold_is_the_rule_of_fair_darts_where_that_is_connected(
    cell: Cell, threshold: float, data: st.DataObject
) -> None:
    """Edges that DARTS would keep stay from the threshold on; a node keeps its best one."""
    scores = rows_of(cell, data, st.floats(-1, 1))
    darts = best_choice(choice_table(cell), scores)

    def stays(row: int, column: int) -> bool:
        node = cell.choices[row].target
        rivals = [r for r in darts if cell.choices[r].target == node]
        best = max(scores[r][darts[r]] for r in rivals)
        return scores[row][column] >= min(threshold, best)

    fair = {row: column for row, column in darts.items() if stays(row, column)}
    numbers = [scores[row][column] for row, column in darts.items()]
    if is_alive(cell, fair) and len({*numbers}) == len(numbers):  # no two are the best of a node
        assert constrained_choice(cell, scores, (), threshold=threshold) == fair


def test_a_threshold_may_leave_out_nodes_of_a_cell_that_keeps_all() -> None:
    cell = space_of(
        "use std.cnn\ncell one { inputs 1; nodes 2; choose none, skip_connect; keep all; "
        "output last }\nnetwork { cells one }"
    ).cells["one"]
    counts = [Count("skip_connect", most=3)]
    assert possible_numbers(cell, counts, thins=True) == {(1,), (2,), (3,)}  # n1, or in1 twice
    assert possible_numbers(cell, counts) == {(3,)}


@given(cells(), st.sampled_from(OPERATIONS), st.booleans())
@pytest.mark.sample(0)
def test_lists_the_possible_numbers_of_an_operation(
    cell: Cell, operation: str, thins: bool
) -> None:
    count = Count(operation, most=len(cell.edges))
    choices = list(all_choices(cell, thins=thins))
    listed = {
        number
        for number in range(len(cell.edges) + 1)
        if any(obeys(cell, c, [Count(operation, number, number)]) for c in choices)
    }
    assert possible_numbers(cell, [count], thins=thins) == {(number,) for number in listed}


@given(cells(), st.data())
def test_without_counts_it_is_the_rule_of_darts_where_that_is_connected(
    cell: Cell, data: st.DataObject
) -> None:
    scores = rows_of(cell, data, TIES | st.floats(allow_nan=False, allow_infinity=False))
    table = choice_table(cell)
    loose = [Count(operation, 0, len(cell.edges)) for operation in OPERATIONS]
    found = constrained_choice(cell, scores, ())
    assert constrained_choice(cell, scores, loose) == found
    darts = best_choice(table, scores)
    if is_alive(cell, darts):
        assert connected_choice(table, scores) == darts == found
    elif found is not None:
        assert connected_choice(table, scores) == found != darts


@given(cells(), st.data())
def test_choices_are_known_to_be_connected_or_not(cell: Cell, data: st.DataObject) -> None:
    table = choice_table(cell)
    choices = list(all_choices(cell))
    choice = data.draw(st.sampled_from(choices))
    assert table.is_connected(choice) == is_alive(cell, choice)
    if table.connectivity is None:
        assert all(is_alive(cell, other) for other in choices)


@given(cells())
def test_a_cell_without_a_connected_choice_is_known(cell: Cell) -> None:
    assert bool(possible_numbers(cell, ())) == any(is_alive(cell, c) for c in all_choices(cell))


@pytest.mark.parametrize(
    "counts",
    [
        (Count("skip_connect", most=0),),
        (Count("skip_connect", 2, 2), Count("sep_conv(3)", least=3)),
        (Count("max_pool(3)", 1, 3), Count("avg_pool(3)", 1, 1), Count("dil_conv(5)", most=1)),
        tuple(
            Count(operation, 1, 2)
            for operation in ("max_pool(3)", "skip_connect", "sep_conv(3)", "sep_conv(5)")
        ),
    ],
    ids=lambda counts: f"{len(counts)} counts",
)
@pytest.mark.parametrize("settings", ["", "nodes 9\nkeep all"], ids=["14 edges", "54 edges"])
def test_derived_cells_of_full_size_obey(settings: str, counts: tuple[Count, ...]) -> None:
    space = space_of(f"use papers.darts\ncell normal {{\n{settings}\n}}")
    architecture = derive(space, random_scores(space, 0), Rule(counts))
    for name in ("normal", "reduction"):
        numbers = operation_counts(architecture.cells[name])
        assert all(count.allows(numbers.get(count.operation, 0)) for count in counts)


def test_the_cheapest_way_to_obey_is_taken() -> None:
    cell = spelt(
        "node n1 = {sep_conv(3), skip_connect}(in1) + {sep_conv(3), skip_connect}(in2)\n"
        "node n2 = {sep_conv(3), skip_connect}(in1)"
    )
    scores = [[0.5, 0.9], [0.2, 0.8], [0.6, 0.7]]
    assert operation_counts(derive_cell(cell, scores)) == {"skip_connect": 3}
    derived = derive_cell(cell, scores, Rule((Count("skip_connect", most=2),)))
    assert chosen(derived) == {
        "n1": [("skip_connect", "in1"), ("skip_connect", "in2")],
        "n2": [("sep_conv(3)", "in1")],
    }


def test_another_edge_is_kept_where_that_costs_less() -> None:
    cell = spelt(
        "node n1 = {max_pool(3), skip_connect}(in1) + {sep_conv(3), max_pool(3)}(in2)\nkeep 1"
    )
    scores = [[0.1, 0.9], [0.3, 0.2]]
    derived = derive_cell(cell, scores, Rule((Count("skip_connect", most=0),)))
    assert chosen(derived) == {"n1": [("sep_conv(3)", "in2")]}


def test_edges_below_the_threshold_go() -> None:
    cell = spelt(
        "node n1 = {sep_conv(3), skip_connect}(in1) + {sep_conv(3), skip_connect}(in2)\n"
        "node n2 = {sep_conv(3), skip_connect}(in1) + {sep_conv(3), skip_connect}(n1)"
    )
    scores = [[0.9, 0.1], [0.84, 0.2], [0.6, 0.7], [0.5, 0.8]]
    derived = derive_cell(cell, scores, Rule(threshold=0.85))
    assert chosen(derived) == {
        "n1": [("sep_conv(3)", "in1")],
        "n2": [("skip_connect", "n1")],  # the best of its node, though it scores too little
    }
    assert chosen(derive_cell(cell, scores, Rule(threshold=0.84)))["n1"] == [
        ("sep_conv(3)", "in1"),
        ("sep_conv(3)", "in2"),
    ]


def test_fixed_edges_count() -> None:
    cell = spelt("node n1 = skip_connect(in1) + {skip_connect, sep_conv(3)}(in2)")
    derived = derive_cell(cell, [[0.9, 0.1]], Rule((Count("skip_connect", most=1),)))
    assert chosen(derived) == {"n1": [("skip_connect", "in1"), ("sep_conv(3)", "in2")]}


def test_edges_of_nodes_that_go_do_not_count() -> None:
    cell = spelt(
        "node n1 = {sep_conv(3), sep_conv(5)}(in1)\n"
        "node n2 = {skip_connect, max_pool(3)}(n1) + {skip_connect, max_pool(3)}(in1)\n"
        "output concat(n2)\n"
        "keep 1"
    )
    scores = [[0.9, 0.8], [0.1, 0.2], [0.5, 0.4]]
    assert derive_cell(cell, scores).nodes == ("n2",)
    derived = derive_cell(cell, scores, Rule((Count("sep_conv(3)", least=1),)))
    assert chosen(derived) == {"n1": [("sep_conv(3)", "in1")], "n2": [("max_pool(3)", "n1")]}


def test_counts_hold_where_the_operation_is_offered() -> None:
    space = space_of("use papers.nasp")
    rule = Rule((Count("sep_conv(3)", least=8), Count("max_pool(5)", least=8)))
    architecture = derive(space, random_scores(space, 0), rule)
    assert operation_counts(architecture.cells["normal"]) == {"sep_conv(3)": 8}
    assert operation_counts(architecture.cells["reduction"]) == {"max_pool(5)": 8}


def test_counts_that_no_cell_obeys_are_an_error() -> None:
    space = space_of("use papers.darts")
    with pytest.raises(UserError, match="NAS509"):
        derive(space, random_scores(space, 0), Rule((Count("skip_connect", least=9),)))


def spelt(body: str) -> Cell:
    text = f"use papers.darts\ncell normal {{\n{body}\n}}\nnetwork {{ cells normal }}"
    return space_of(text).cells["normal"]
