"""What a derived cell is made of."""

from __future__ import annotations

import pytest

from dslnas.space.cell_stats import convolution_count, operation_counts, skip_share
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


def test_tallies_of_a_published_cell() -> None:
    cells = space_of(DARTS_V2).cells
    normal, reduction = cells["normal"], cells["reduction"]
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
    assert skip_share(cell) == pytest.approx(1 / 3)
    assert convolution_count(cell) == 1
