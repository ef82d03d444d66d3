from __future__ import annotations

from collections import Counter

import pytest
import torch

from dslnas.engines.mutation import IDENTITY, mutated
from dslnas.engines.resource_constraints import any_choice
from dslnas.graph.analysis.plan import DROPPED
from tests.engines.small import TEXTS, space, supernet_of


@pytest.mark.parametrize("name", TEXTS)
def test_a_child_differs_in_one_edge_or_in_none(name: str) -> None:
    tables = supernet_of(space(TEXTS[name])).tables
    generator = torch.Generator().manual_seed(0)
    parent = any_choice(tables, generator)
    for _ in range(50):
        child = mutated(tables, parent, generator)
        for cell, table in tables.items():
            pairs = list(zip(table.candidates, child[cell], strict=True))
            assert all(column in (DROPPED, *columns) for columns, column in pairs)
            for rows in table.choosing:
                assert sum(child[cell][row] != DROPPED for row in rows) == table.kept(rows)
        changed = [
            (cell, row)
            for cell, columns in parent.items()
            for row, column in enumerate(columns)
            if child[cell][row] != column
        ]
        assert len({cell for cell, _ in changed}) <= 1
        assert len(changed) <= 2, "an edge that moves leaves a row and takes another"
        parent = child


def test_edges_move_and_take_operations_about_alike_often() -> None:
    """In `darts` the first node has no other place; an operation drawn may be the one there is."""
    tables = supernet_of(space(TEXTS["darts"])).tables
    generator = torch.Generator().manual_seed(0)
    parent = any_choice(tables, generator)
    kinds: Counter[str] = Counter()
    count = 2000
    for _ in range(count):
        child = mutated(tables, parent, generator)
        changed = sum(
            a != b
            for cell, columns in parent.items()
            for a, b in zip(columns, child[cell], strict=True)
        )
        kinds[("same", "operation", "moved")[changed]] += 1
    operations = 7  # `none` is no candidate
    active = 1 - IDENTITY
    moved = active / 2 / 2  # the second node alone has a place that is free
    assert kinds["moved"] / count == pytest.approx(moved, abs=0.03)
    taken = (active - moved) * (1 - 1 / operations)
    assert kinds["operation"] / count == pytest.approx(taken, abs=0.03)
