"""Tasks of gates between the steps of a recurrent cell, in float32. The record is `records.GATE`.

The formula stands in `dslnas.passes.fuse_gates`, its gradient in `gated`. A row is the features
of one example. The weights of an edge are those of tanh, relu, sigmoid and identity, and the sum of
all, A. Loops write one array each: with more they are not vectorised.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import carray

from dslnas.backends.torch.kernels.exponential import exponential
from dslnas.backends.torch.kernels.jit import add_products, doubles, serial, table


@serial
def _sigmoid(x: Any, result: Any) -> None:
    """Write 1 / (1 + exp(-x))."""
    one = np.float32(1)
    for m in range(result.size):
        result[m] = one / (one + exponential(-x[m]))


@serial
def _tanh(half: Any, result: Any) -> None:
    """Write tanh(h) from sigmoid(h): e = tanh(h / 2) = 2 sigmoid(h) - 1, 2 e / (1 + e^2)."""
    one, two = np.float32(1), np.float32(2)
    for m in range(result.size):
        e = two * half[m] - one
        result[m] = two * e / (one + e * e)


@serial
def _mixed(h: Any, bent: Any, turned: Any, weights: Any, result: Any) -> None:
    """Write the sum over k of a_k * f_k(h)."""
    zero = np.float32(0)
    a, b, c, d = weights[0], weights[1], weights[2], weights[3]
    for m in range(result.size):
        positive = h[m] if h[m] > zero else zero
        result[m] = a * turned[m] + b * positive + c * bent[m] + d * h[m]


@serial
def _add_gated(opened: Any, mixed: Any, state: Any, total: Any, result: Any) -> None:
    for m in range(result.size):
        stays = total * state[m]
        result[m] += stays + opened[m] * (mixed[m] - stays)


def forward(number: Any, told: Any, like: Any) -> None:
    """Write the sum over all edges for one part of the examples."""
    a = carray(told, (1,))[0]
    size, total = a.features, a.edges * a.batch
    y, s = table(a.product, total, 2 * size, like), table(a.state, total, size, like)
    weights, out = table(a.weights, a.edges, 5, like), table(a.result, a.batch, size, like)
    parts = np.empty((4, size), np.float32)
    opened, bent, turned, mixed = parts[0], parts[1], parts[2], parts[3]
    for example in range(number * a.batch // a.parts, (number + 1) * a.batch // a.parts):
        summed = out[example]
        for m in range(size):
            summed[m] = 0.0
        for edge in range(a.edges):
            row = edge * a.batch + example
            h = y[row, size:]
            _sigmoid(y[row, :size], opened)
            _sigmoid(h, bent)
            _tanh(bent, turned)
            _mixed(h, bent, turned, weights[edge], mixed)
            _add_gated(opened, mixed, s[row], weights[edge, 4], summed)


@serial
def _to_product(v: Any, opened: Any, change: Any, result: Any) -> None:
    one = np.float32(1)
    for m in range(result.size):
        result[m] = v[m] * change[m] * opened[m] * (one - opened[m])


@serial
def _to_inside(inner: Any, h: Any, bent: Any, turned: Any, weights: Any, result: Any) -> None:
    one, zero = np.float32(1), np.float32(0)
    a, b, c, d = weights[0], weights[1], weights[2], weights[3]
    for m in range(result.size):
        slope = a * (one - turned[m] * turned[m]) + c * bent[m] * (one - bent[m]) + d
        result[m] = inner[m] * (slope + (b if h[m] > zero else zero))


@serial
def _add_positive(x: Any, h: Any, result: Any) -> None:
    zero = np.float32(0)
    for m in range(result.size):
        positive = h[m] if h[m] > zero else zero
        result[m] += x[m] * positive


def backward(number: Any, told: Any, like: Any) -> None:
    """Write the gradients of one part of the examples of one edge; sums (edges * parts, 5)."""
    a = carray(told, (1,))[0]
    edge, part = divmod(number, a.parts)
    size, total = a.features, a.edges * a.batch
    y, s = table(a.product, total, 2 * size, like), table(a.state, total, size, like)
    dy, ds = table(a.to_product, total, 2 * size, like), table(a.to_state, total, size, like)
    weights, gradient = table(a.weights, a.edges, 5, like), table(a.gradient, a.batch, size, like)
    own, share = weights[edge], weights[edge, 4]
    parts, sums = np.empty((6, size), np.float32), np.zeros((5, size), np.float32)
    opened, bent, turned, change = parts[0], parts[1], parts[2], parts[3]
    inner, outer = parts[4], parts[5]
    for example in range(part * a.batch // a.parts, (part + 1) * a.batch // a.parts):
        row = edge * a.batch + example
        h, state, v, to_state = y[row, size:], s[row], gradient[example], ds[row]
        _sigmoid(y[row, :size], opened)
        _sigmoid(h, bent)
        _tanh(bent, turned)
        _mixed(h, bent, turned, own, change)
        for m in range(size):
            change[m] -= share * state[m]
        for m in range(size):
            inner[m] = v[m] * opened[m]
        for m in range(size):
            outer[m] = v[m] - inner[m]
        for m in range(size):
            to_state[m] = share * outer[m]
        _to_product(v, opened, change, dy[row, :size])
        _to_inside(inner, h, bent, turned, own, dy[row, size:])
        if a.sums != 0:
            add_products(sums[0], inner, turned)
            _add_positive(inner, h, sums[1])
            add_products(sums[2], inner, bent)
            add_products(sums[3], inner, h)
            add_products(sums[4], outer, state)
    if a.sums != 0:
        found = doubles(a.sums, a.edges * a.parts, 5)[number]
        for k in range(5):
            found[k] = 0.0
            for m in range(size):
                found[k] += sums[k, m]


TASKS = {"forward": forward, "backward": backward}
