from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from random import Random

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dslnas.engines.discretise import nearest, one_hot, uniform
from dslnas.engines.relaxations.softmax import rows_of
from dslnas.graph.analysis.plan import DROPPED
from dslnas.space.choice_table import ChoiceTable, choice_table, tie_breaks
from dslnas.space.derive.derive import derive
from tests.engines.by_hand import columns, proximal
from tests.engines.small import OF_EDGES, SPACES, padded_scores, space
from tests.spaces import chosen, space_of


@dataclass(frozen=True)
class Case:
    table: ChoiceTable
    weights: list[list[float]]


@st.composite
def tables(draw: st.DrawFn) -> ChoiceTable:
    """Draw a table: nodes of no, one or more edges, of two to four operations, some never kept."""
    sizes = draw(st.lists(st.integers(0, 4), min_size=1, max_size=4).filter(any))
    rows = tuple(draw(st.integers(2, 4)) for _ in range(sum(sizes)))
    candidates = tuple(
        tuple(sorted(draw(st.sets(st.integers(0, n - 1), min_size=1)))) for n in rows
    )
    ends = [sum(sizes[: n + 1]) for n in range(len(sizes))]
    nodes = tuple(tuple(range(e - n, e)) for e, n in zip(ends, sizes, strict=True))
    return ChoiceTable("c", rows, candidates, nodes, draw(st.none() | st.integers(1, 5)))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Draw a table with weights among which ties are common."""
    table = draw(tables())
    number = st.sampled_from((0.0, 0.25, 0.5, 1.0)) | st.floats(-2, 2)
    row = st.lists(number, min_size=table.width, max_size=table.width)
    return Case(table, draw(st.lists(row, min_size=len(table.rows), max_size=len(table.rows))))


# ---- the nearest choice -------------------------------------------------------------------------


@given(cases())
def test_nearest_keeps_as_many_rows_per_node_as_it_should(case: Case) -> None:
    choice = nearest(case.table, case.weights)
    assert len(choice) == len(case.table.rows)
    for rows in case.table.nodes:
        kept = [row for row in rows if choice[row] != DROPPED]
        keep = len(rows) if case.table.keep is None else case.table.keep
        assert len(kept) == min(keep, len(rows))


@given(cases())
def test_nearest_keeps_the_largest_and_on_ties_the_luckiest(case: Case) -> None:
    choice, weights = nearest(case.table, case.weights, 5), case.weights
    luck = tie_breaks(5, "c", case.table.rows)
    best = [
        max((weights[r][c], luck[r][c], c) for c in case.table.candidates[r])
        for r in range(len(choice))
    ]
    for row, column in enumerate(choice):
        assert column in (DROPPED, best[row][2])
    for rows in case.table.nodes:
        for kept in (r for r in rows if choice[r] != DROPPED):
            for dropped in (r for r in rows if choice[r] == DROPPED):
                assert best[kept] > best[dropped]


@given(cases())
def test_nearest_is_the_proximal_step_written_down_again(case: Case) -> None:
    table = case.table
    alpha = torch.tensor(case.weights, dtype=torch.float64)
    luck = tie_breaks(0, table.cell, table.rows)
    expected = proximal(alpha, table.candidates, table.nodes, table.keep, luck)
    assert nearest(table, case.weights) == columns({"c": expected})["c"]


@given(cases())
def test_a_discrete_choice_is_nearest_to_itself(case: Case) -> None:
    choice = nearest(case.table, case.weights)
    assert nearest(case.table, rows_of(one_hot(case.table, choice))) == choice


@pytest.mark.parametrize("name", OF_EDGES)
def test_nearest_and_derive_keep_the_same(name: str) -> None:
    searched = space(SPACES[name])
    for seed in range(20):
        scores = padded_scores(searched, seed)
        if seed % 2:  # many ties
            scores = {k: [[round(x * 2) for x in row] for row in m] for k, m in scores.items()}
        architecture = derive(searched, scores)
        for cell in (searched.cells[name] for name in searched.searched):
            choice = nearest(choice_table(cell), scores[cell.name])
            kept = {
                (edge.target, edge.source, edge.operations[0 if edge.row is None else column].text)
                for edge in cell.edges
                if (column := 0 if edge.row is None else choice[edge.row]) != DROPPED
            }
            found = chosen(architecture.cells[cell.name])
            assert {(n, source, op) for n, edges in found.items() for op, source in edges} == {
                edge
                for edge in kept
                if edge[0] in found  # dead nodes are left out
            }


def test_one_hot_has_a_one_in_every_row_that_stays() -> None:
    table = ChoiceTable("c", (2, 3, 2), ((0, 1), (0, 1, 2), (0, 1)), ((0, 1, 2),), 2)
    weights = one_hot(table, (1, DROPPED, 0))
    assert weights.tolist() == [[0, 1, 0], [0, 0, 0], [1, 0, 0]]


# ---- uniform choices ----------------------------------------------------------------------------


@given(tables(), st.integers(0, 1000))
def test_uniform_keeps_as_many_rows_as_it_should_and_candidates_only(
    table: ChoiceTable, seed: int
) -> None:
    choice = uniform(table, torch.Generator().manual_seed(seed))
    assert choice == uniform(table, torch.Generator().manual_seed(seed))
    for rows in table.nodes:
        assert sum(choice[row] != DROPPED for row in rows) == table.kept(rows)
    for row, column in enumerate(choice):
        assert column == DROPPED or column in table.candidates[row]


def test_uniform_is_uniform() -> None:
    """Chi-square below its 99.9 % quantile, over edges and over operations; the seed is fixed."""
    candidates = ((0, 1), (1, 2, 3), (0, 2), (0, 1, 2, 3))
    table = ChoiceTable("c", (2, 4, 3, 4), candidates, ((0, 1, 2), (3,)), 2)
    generator = torch.Generator().manual_seed(0)
    draws = [uniform(table, generator) for _ in range(3000)]
    pairs = Counter(tuple(r for r in range(3) if d[r] != DROPPED) for d in draws)
    assert set(pairs) == {(0, 1), (0, 2), (1, 2)}
    quantiles = {2: 10.83, 3: 13.82, 4: 16.27}  # of 1, 2 and 3 degrees of freedom
    assert chi_square(list(pairs.values())) < quantiles[3]
    for row, columns_ in enumerate(candidates):
        counts = Counter(d[row] for d in draws if d[row] != DROPPED)
        assert set(counts) == set(columns_)
        assert chi_square(list(counts.values())) < quantiles[len(columns_)]
    together = Counter((d[0], d[1]) for d in draws if DROPPED not in d[:2])
    assert len(together) == 6
    assert chi_square(list(together.values())) < 20.52  # 5 degrees: rows are independent


def test_uniform_is_uniform_over_connected_choices_and_takes_no_other() -> None:
    """Two edges in a row of three operations, of which one gives zeros: 4 of 9 are connected."""
    cell = space_of(
        "use papers.darts\ncell one {\ninputs 1\nnode n1 = {none, skip_connect, conv(3)}(in1)\n"
        "node n2 = {conv(3), none, skip_connect}(n1)\noutput last\nnone allowed\n}\n"
        "network { cells one }"
    ).cells["one"]
    table = choice_table(cell)
    generator = torch.Generator().manual_seed(0)
    draws = Counter(uniform(table, generator) for _ in range(2000))
    assert set(draws) == {(1, 0), (1, 2), (2, 0), (2, 2)}
    assert chi_square(list(draws.values())) < 16.27  # 3 degrees of freedom


@pytest.mark.sample(0)
def test_where_hardly_any_choice_is_connected_one_is_still_found() -> None:
    nodes = "\n".join(f"node n{n} = {{none, zero, tanh}}(n{n - 1})" for n in range(2, 13))
    cell = space_of(
        "use std.cnn\ncell one {\ninputs 1\nnode n1 = {none, zero, tanh}(in1)\n"
        f"{nodes}\noutput last\nnone allowed\n}}\nnetwork {{ cells one }}"
    ).cells["one"]
    assert uniform(choice_table(cell), torch.Generator().manual_seed(0)) == (2,) * 12


def chi_square(counts: list[int]) -> float:
    expected = sum(counts) / len(counts)
    return sum((n - expected) ** 2 / expected for n in counts)


def test_chi_square_notices_what_is_not_uniform() -> None:
    random = Random(0)
    counts = Counter(min(random.randrange(3), random.randrange(3)) for _ in range(3000))
    assert chi_square(list(counts.values())) > 100
