"""Statistics of derived cells."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dslnas.language.check.cell import Cell
from dslnas.space.cell_stats import (
    convolution_count,
    operation_counts,
    skip_count,
    skip_share,
)
from dslnas.space.derive.derive import derive
from tests.spaces import space_of

DARTS_V2 = """use std.cnn
cell normal {
    node a = sep_conv(3)(in1) + sep_conv(3)(in2)
    node b = sep_conv(3)(in1) + sep_conv(3)(in2)
    node c = sep_conv(3)(in2) + skip_connect(in1)
    node d = skip_connect(in1) + dil_conv(3)(a)
}
cell reduction {
    stride 2
    node a = max_pool(3)(in1) + max_pool(3)(in2)
    node b = skip_connect(a) + max_pool(3)(in2)
    node c = max_pool(3)(in1) + skip_connect(a)
    node d = skip_connect(a) + max_pool(3)(in2)
}
network { cells normal, reduction }
"""


def chosen(cell: Cell) -> Cell:
    """Return a cell as if every operation of it had been chosen."""
    return replace(cell, edges=tuple(replace(edge, is_chosen=True) for edge in cell.edges))


def test_tallies_of_a_published_cell() -> None:
    cells = space_of(DARTS_V2).cells
    normal, reduction = chosen(cells["normal"]), chosen(cells["reduction"])
    assert operation_counts(normal) == {"sep_conv(3)": 5, "skip_connect": 2, "dil_conv(3)": 1}
    assert (skip_share(normal), convolution_count(normal)) == (0.25, 6)
    assert operation_counts(reduction) == {"max_pool(3)": 5, "skip_connect": 3}
    assert (skip_share(reduction), convolution_count(reduction)) == (3 / 8, 0)


def test_operations_count_under_any_name() -> None:
    cell = space_of(
        "use std.cnn\nop onwards = skip_connect\nop block = relu -> sep_conv(3)\n"
        "cell one {\nnode n1 = onwards(in1) + block(in2) + none(in1)\n}\nnetwork { cells one }"
    ).cells["one"]
    assert operation_counts(cell) == {"onwards": 1, "block": 1, "none": 1}
    assert skip_share(chosen(cell)) == pytest.approx(1 / 3)
    assert convolution_count(cell) == 1


RESIDUAL = """use std.cnn
cell block {
    inputs  1
    node a = {skip_connect, sep_conv(3)}(in1) + identity(in1)
    node b = {skip_connect, sep_conv(3)}(a) + identity(a)
    output b
}
network { cells block }
"""


@pytest.mark.parametrize(("first", "skips"), [(1.0, 1), (0.0, 0)])
def test_a_skip_connection_that_nobody_chose_does_not_count(first: float, skips: int) -> None:
    space = space_of(RESIDUAL)
    block = derive(space, {"block": [[first, 0.5], [0.0, 1.0]]}).cells["block"]
    assert len(block.edges) == 4
    assert (skip_count(block), skip_share(block)) == (skips, skips / 2)


def test_a_cell_without_choices_has_no_share_of_skips() -> None:
    assert skip_share(space_of(DARTS_V2).cells["normal"]) == 0.0
