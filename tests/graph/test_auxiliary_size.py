"""An auxiliary head that does not fit names the size of images from which it does."""

from __future__ import annotations

import re

import pytest

from dslnas.source import SourceFile
from tests.language.pipeline import compile_source, complaint_about

CELLS = """use std.cnn
cell one {{ inputs 2; preprocess preprocess
    node n1 = sep_conv(3)(in1) + max_pool(3)(in2)
    output n1 }}
cell down like one {{ stride 2; widen 2 }}
network {{ input 3 x {size} x {size}; classes 4; channels 4; cells {cells} }}
evaluate {{ channels 4; repeat 1; auxiliary 0.4 }}
"""


@pytest.mark.parametrize("cells", ["one, down", "down, one, down, one", "down, down, down"])
def test_the_size_that_is_named_is_the_least_that_fits(cells: str) -> None:
    shown = complaint_about(CELLS.format(cells=cells, size=8))
    found = re.search(r"7:\d+: error\[NAS407\]: auxiliary head needs images of (\d+) x \1 ", shown)
    assert found, shown
    least = int(found[1])
    assert "NAS407" in complaint_about(CELLS.format(cells=cells, size=least - 1))
    compile_source(SourceFile("spec.nas", CELLS.format(cells=cells, size=least)))


def test_a_head_of_the_spec_itself_shows_its_layer() -> None:
    own = "cells one, down; auxiliary avg_pool2d(5, stride = 3, padding = 0) -> linear(classes)"
    text = CELLS.format(cells="one, down", size=8).replace("cells one, down", own)
    assert "spec.nas:6:" in complaint_about(text)
    assert "the window of `pool` spans 5 pixels" in complaint_about(text)
