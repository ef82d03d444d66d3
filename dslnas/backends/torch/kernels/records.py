"""What compiled loops are told: one record per call. Imports no numba.

Tensors are given by the address of their values, which lie in the order (batch, height, width,
channel), and so are tables of addresses or of numbers per channel; 0 stands for none.
"""

from __future__ import annotations

import numpy as np

LANES, PART, MOST_PARTS = 256, 16384, 64

ROWS, PLACES = 8, 9
"""How many vectors are summed up together: rows of pixels or channels; places of a kernel. What a
record tells of is filled up to whole blocks of them."""

TEAM = np.dtype(
    [(name, np.int64) for name in ("task", "tasks", "number_of_thread", "number_of_threads")]
)
"""Work for all threads: address of the task, how many of them, and the addresses of two functions
that tell a thread its number and that of all (0: there is one). What tasks are told lies behind."""

BLEND = np.dtype(
    {
        "names": [
            *("inputs", "channels", "total", "parts", "lanes", "training", "tracking"),
            *("sources", "running_means", "running_variances", "factors", "target"),
            *("mean", "inverse", "slope", "offset", "bend", "shift", "sums"),
            *("gradient", "targets", "products", "level"),
            *("momentum", "eps"),
        ],
        "formats": [np.int64] * 23 + [np.float64] * 2,
    }
)
"""A weighted sum of `inputs` tensors of `total` values each, batch-normalised or as they are."""

SEPARABLE = np.dtype(
    [
        (name, np.int64)
        for name in (
            *("tasks", "members", "sources", "batch", "parts", "channels", "outs", "area"),
            *("height", "width", "out_height", "out_width", "stride_height", "stride_width"),
            *("edge_height", "edge_width", "padded_height", "padded_width"),
            *("given_height", "given_width", "windows"),
            *("inputs", "kernels", "matrices", "outputs", "packed", "sums"),
            *("to_inputs", "to_kernels", "to_matrices"),
        )
    ]
)
"""Separable convolutions between images of the same sizes; `area` is the largest kernel's.

`windows` is a table with a row per member: kernel, padding, dilation, (height, width) each, and the
number of its source. Inputs are surrounded by zeros, to the padded size; so is the gradient of the
depthwise convolution, to the given size.
"""

GATE = np.dtype(
    [
        (name, np.int64)
        for name in (
            *("edges", "batch", "features", "parts", "product", "state", "weights", "result"),
            *("gradient", "to_product", "to_state", "sums"),
        )
    ]
)
"""A gate: y and s of all edges and their weights; all of it (rows, columns)."""


def lanes_and_parts(total: int, channels: int) -> tuple[int, int]:
    """Return how a tensor of `total` values is cut: the length of a tile, the number of parts."""
    return channels * max(1, LANES // channels), max(1, min(MOST_PARTS, total // PART))


def up(count: int, block: int) -> int:
    """Return a count filled up to whole blocks."""
    return -(-count // block) * block
