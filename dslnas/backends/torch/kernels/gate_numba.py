"""Loops of `gate`, in float32.

The formula stands in `dslnas.passes.fuse_gates`, its gradient in `gated`. A row is the features
of one example. The weights of an edge are those of tanh, relu, sigmoid and identity, and the sum of
all, A. Loops write one array each: with more they are not vectorised.
"""

from __future__ import annotations

import numpy as np

from dslnas.backends.torch.kernels.gate_args import KINDS, GateBackward, GateForward
from dslnas.backends.torch.kernels.jit import (
    DONE,
    DtypeOf,
    Pointer,
    Values,
    args_at,
    doubles,
    from_bits,
    is_given,
    serial,
    table,
)


@serial
def _exp(v: np.float32) -> np.float32:
    """Return exp(v); v counts as 87 or -87 where it is further from 0.

    exp(v) = 2^n * exp(r) with n the whole number nearest to v / ln 2; ln 2 is taken away in two
    parts, and exp(r) is a polynomial (Moshier, Cephes Mathematical Library, expf).
    """
    most = np.float32(87)
    v = most if v > most else v
    v = -most if v < -most else v
    n = np.floor(v * np.float32(1.44269504088896341) + np.float32(0.5))
    r = v - n * np.float32(0.693359375) + n * np.float32(2.12194440e-4)
    p = np.float32(1.9875691500e-4) * r + np.float32(1.3981999507e-3)
    p = p * r + np.float32(8.3334519073e-3)
    p = p * r + np.float32(4.1665795894e-2)
    p = p * r + np.float32(1.6666665459e-1)
    p = p * r + np.float32(5.0000001201e-1)
    power = from_bits(np.int32((np.int32(n) + np.int32(127)) << np.int32(23)))
    result: np.float32 = (p * r * r + r + np.float32(1)) * power
    return result


@serial
def _sigmoid(x: Values, result: Values) -> None:
    """Write 1 / (1 + exp(-x))."""
    one = np.float32(1)
    for m in range(result.size):
        result[m] = one / (one + _exp(-x[m]))


@serial
def _tanh(half: Values, result: Values) -> None:
    """Write tanh(h) from sigmoid(h): e = tanh(h / 2) = 2 sigmoid(h) - 1, 2 e / (1 + e^2)."""
    one, two = np.float32(1), np.float32(2)
    for m in range(result.size):
        e = two * half[m] - one
        result[m] = two * e / (one + e * e)


@serial
def _mixed(h: Values, sigmoid_h: Values, tanh_h: Values, weights: Values, result: Values) -> None:
    """Write the sum over k of a_k * f_k(h)."""
    zero = np.float32(0)
    a, b, c, d = weights[0], weights[1], weights[2], weights[3]
    for m in range(result.size):
        positive = h[m] if h[m] > zero else zero
        result[m] = a * tanh_h[m] + b * positive + c * sigmoid_h[m] + d * h[m]


@serial
def _add_gated(
    gate: Values, mixed: Values, state: Values, total: np.float32, result: Values
) -> None:
    for m in range(result.size):
        stays = total * state[m]
        result[m] += stays + gate[m] * (mixed[m] - stays)


def forward(number: int, args: Pointer[GateForward], dtype_of: DtypeOf) -> int:
    """Write the sum over all edges for one part of the examples."""
    a = args_at(args)
    size, total = a.features, a.edges * a.batch
    y, s = table(a.product, total, 2 * size, dtype_of), table(a.state, total, size, dtype_of)
    weights, out = (
        table(a.weights, a.edges, KINDS, dtype_of),
        table(a.result, a.batch, size, dtype_of),
    )
    parts = np.empty((4, size), np.float32)
    gate, sigmoid_h, tanh_h, mixed = parts[0], parts[1], parts[2], parts[3]
    for example in range(number * a.batch // a.parts, (number + 1) * a.batch // a.parts):
        summed = out[example]
        for m in range(size):
            summed[m] = 0.0
        for edge in range(a.edges):
            row = edge * a.batch + example
            h = y[row, size:]
            _sigmoid(y[row, :size], gate)
            _sigmoid(h, sigmoid_h)
            _tanh(sigmoid_h, tanh_h)
            _mixed(h, sigmoid_h, tanh_h, weights[edge], mixed)
            _add_gated(gate, mixed, s[row], weights[edge, 4], summed)
    return DONE


@serial
def _to_product(v: Values, gate: Values, change: Values, result: Values) -> None:
    one = np.float32(1)
    for m in range(result.size):
        result[m] = v[m] * change[m] * gate[m] * (one - gate[m])


@serial
def _to_inside(
    inner: Values, h: Values, sigmoid_h: Values, tanh_h: Values, weights: Values, result: Values
) -> None:
    one, zero = np.float32(1), np.float32(0)
    a, b, c, d = weights[0], weights[1], weights[2], weights[3]
    for m in range(result.size):
        slope = a * (one - tanh_h[m] * tanh_h[m]) + c * sigmoid_h[m] * (one - sigmoid_h[m]) + d
        result[m] = inner[m] * (slope + (b if h[m] > zero else zero))


@serial
def _add_products(x: Values, y: Values, total: Values) -> None:
    """Add x * y."""
    for m in range(total.size):
        total[m] += x[m] * y[m]


@serial
def _add_positive(x: Values, h: Values, result: Values) -> None:
    zero = np.float32(0)
    for m in range(result.size):
        positive = h[m] if h[m] > zero else zero
        result[m] += x[m] * positive


def backward(number: int, args: Pointer[GateBackward], dtype_of: DtypeOf) -> int:
    """Write the gradients of one part of the examples of one edge; sums (edges * parts, KINDS)."""
    a = args_at(args)
    edge, part = divmod(number, a.parts)
    size, total = a.features, a.edges * a.batch
    y, s = table(a.product, total, 2 * size, dtype_of), table(a.state, total, size, dtype_of)
    dy, ds = (
        table(a.to_product, total, 2 * size, dtype_of),
        table(a.to_state, total, size, dtype_of),
    )
    weights, gradient = (
        table(a.weights, a.edges, KINDS, dtype_of),
        table(a.gradient, a.batch, size, dtype_of),
    )
    own, share = weights[edge], weights[edge, 4]
    parts, sums = np.empty((6, size), np.float32), np.zeros((KINDS, size), np.float32)
    gate, sigmoid_h, tanh_h, change = parts[0], parts[1], parts[2], parts[3]
    inner, outer = parts[4], parts[5]
    for example in range(part * a.batch // a.parts, (part + 1) * a.batch // a.parts):
        row = edge * a.batch + example
        h, state, v, to_state = y[row, size:], s[row], gradient[example], ds[row]
        _sigmoid(y[row, :size], gate)
        _sigmoid(h, sigmoid_h)
        _tanh(sigmoid_h, tanh_h)
        _mixed(h, sigmoid_h, tanh_h, own, change)
        for m in range(size):
            change[m] -= share * state[m]
        for m in range(size):
            inner[m] = v[m] * gate[m]
        for m in range(size):
            outer[m] = v[m] - inner[m]
        for m in range(size):
            to_state[m] = share * outer[m]
        _to_product(v, gate, change, dy[row, :size])
        _to_inside(inner, h, sigmoid_h, tanh_h, own, dy[row, size:])
        if is_given(a.sums):
            _add_products(inner, tanh_h, sums[0])
            _add_positive(inner, h, sums[1])
            _add_products(inner, sigmoid_h, sums[2])
            _add_products(inner, h, sums[3])
            _add_products(outer, state, sums[4])
    if is_given(a.sums):
        dots = doubles(a.sums, a.edges * a.parts, KINDS)[number]
        for k in range(KINDS):
            dots[k] = 0.0
            for m in range(size):
                dots[k] += sums[k, m]
    return DONE


TASKS = {"forward": forward, "backward": backward}
