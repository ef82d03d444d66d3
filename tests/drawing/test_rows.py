"""Heights of boxes and bends: in order and apart, however often they may move."""

from __future__ import annotations

from itertools import pairwise

import pytest

from dslnas.app.compile import compile_source
from dslnas.app.compiled import CompiledSpace
from dslnas.drawing import rows
from dslnas.drawing.cells import cell_figure
from dslnas.drawing.layers import layers_of
from dslnas.source import SourceFile

CELL = "use papers.darts\ncell normal { nodes 5 }\ndata digits\n"


@pytest.mark.parametrize("moves", [0, 1_000, rows._MOVES])
def test_boxes_stand_apart_even_if_a_large_drawing_moves_less(
    moves: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "_MOVES", moves)
    compiled = compile_source(SourceFile("large.nas", CELL))
    assert isinstance(compiled, CompiledSpace)
    figure = cell_figure(compiled.space.cells["normal"])
    layers = layers_of(figure)
    heights = rows.rows_of(figure, layers)
    for column in layers.columns:
        for upper, lower in pairwise(column):
            both = rows.height_of(figure, upper) + rows.height_of(figure, lower)
            assert heights[lower] - heights[upper] > both / 2
