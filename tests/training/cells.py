"""Candidates with two cells of two edges, their operations given by name."""

from __future__ import annotations

from dslnas.space.derive.derive import Scores, derive
from dslnas.space.search_space import SearchSpace
from dslnas.tasks.task import Measurement
from dslnas.training.snapshots import Snapshot
from tests.spaces import space_of
from tests.training.tiny import SHAPE

SPACE = """use std.cnn
cell normal {
    inputs      1
    preprocess  preprocess
    nodes       2
    choose      {skip_connect, max_pool(3), relu_conv_bn(3)}
    keep        1
}
cell reduction like normal { stride 2 }
network { channels 4; cells normal, reduction }
evaluate { channels 4 }
"""
OPERATIONS = ("skip", "pool", "conv")
ROWS = (0, 1)
"""The first node's only edge, and the second one's from the input."""


def cells_space() -> SearchSpace:
    """Return the space that candidates are derived from."""
    return space_of(SPACE, SHAPE, classes=4)


def scores_of(names: str) -> list[list[float]]:
    """Return scores of the three edges of a cell, of which the first two are kept."""
    rows = [[float(name == o) for o in OPERATIONS] for name in names.split()]
    return [*rows, [0.0] * len(OPERATIONS)]


def candidate(
    epoch: int = 1,
    accuracy: float = 0.5,
    normal: str = "conv conv",
    reduction: str = "conv conv",
) -> Snapshot:
    """Return a candidate; cells are given as two of skip, pool and conv."""
    scores: Scores = {"normal": scores_of(normal), "reduction": scores_of(reduction)}
    measured = Measurement(1.0, {"accuracy": accuracy})
    return Snapshot(epoch, derive(cells_space(), scores), scores, 100, measured, accuracy)
