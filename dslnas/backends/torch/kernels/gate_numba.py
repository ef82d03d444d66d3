"""Loops of `gate`, in float32.

The formula stands in `dslnas.passes.fuse_gates`, its gradient in `gated`. A row is the features
of one example. The weights of an edge are those of tanh, relu, sigmoid and identity, and the sum of
all, A.
"""

from __future__ import annotations

import numpy as np

from dslnas.backends.torch.kernels.gate_args import KINDS, GateBackward, GateForward
from dslnas.backends.torch.kernels.jit import (
    DONE,
    DtypeOf,
    Pointer,
    args_at,
    doubles,
    flat,
    is_given,
)
from dslnas.backends.torch.kernels.simd_gates import (
    LANES,
    add_gated,
    to_gated,
    to_gated_and_weights,
)


def forward(number: int, args: Pointer[GateForward], dtype_of: DtypeOf) -> int:
    """Write the sum over all edges for one part of the examples."""
    a = args_at(args)
    size, total = a.features, a.edges * a.batch
    y, s = flat(a.product, 2 * total * size, dtype_of), flat(a.state, total * size, dtype_of)
    weights = flat(a.weights, a.edges * KINDS, dtype_of)
    result = flat(a.result, a.batch * size, dtype_of)
    for example in range(number * a.batch // a.parts, (number + 1) * a.batch // a.parts):
        at = example * size
        result[at : at + size] = 0.0
        for edge in range(a.edges):
            row = (edge * a.batch + example) * size
            add_gated((result, at, y, 2 * row, s, row, weights, edge * KINDS), size)
    return DONE


def backward(number: int, args: Pointer[GateBackward], dtype_of: DtypeOf) -> int:
    """Write the gradients of one part of the examples of one edge; sums (edges * parts, KINDS)."""
    a = args_at(args)
    edge, part = divmod(number, a.parts)
    size, total = a.features, a.edges * a.batch
    y, s = flat(a.product, 2 * total * size, dtype_of), flat(a.state, total * size, dtype_of)
    dy, ds = (
        flat(a.to_product, 2 * total * size, dtype_of),
        flat(a.to_state, total * size, dtype_of),
    )
    weights = flat(a.weights, a.edges * KINDS, dtype_of)
    gradient = flat(a.gradient, a.batch * size, dtype_of)
    sums = np.zeros(KINDS * LANES, np.float32)
    for example in range(part * a.batch // a.parts, (part + 1) * a.batch // a.parts):
        at, row = example * size, (edge * a.batch + example) * size
        given = (
            dy, 2 * row, ds, row, y, 2 * row, s, row, gradient, at, weights, edge * KINDS, sums, 0,
        )  # fmt: skip
        if is_given(a.sums):
            to_gated_and_weights(given, size)
        else:
            to_gated(given, size)
    if is_given(a.sums):
        dots = doubles(a.sums, a.edges * a.parts, KINDS)[number]
        for k in range(KINDS):
            dots[k] = 0.0
            for lane in range(LANES):
                dots[k] += sums[k * LANES + lane]
    return DONE


TASKS = {"forward": forward, "backward": backward}
