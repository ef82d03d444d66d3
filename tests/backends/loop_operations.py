"""All that has loops, beside the same by torch's own functions, on tensors of any size."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple, TypeAlias

import torch
from torch import Tensor
from torch.nn import functional

from dslnas.backends.torch.gated import _gate, gated
from dslnas.backends.torch.kernels.gate import by_kind
from dslnas.backends.torch.kernels.mix import mix
from dslnas.backends.torch.kernels.norm import Norm, Rule
from dslnas.backends.torch.kernels.pointwise_conv import pointwise_conv
from dslnas.backends.torch.kernels.separable_conv import Reading, separable_conv
from dslnas.backends.torch.kernels.separable_conv_call import Member
from dslnas.backends.torch.kernels.window import Window

Given: TypeAlias = dict[str, Tensor]
Shape: TypeAlias = tuple[int, ...]

RUNNING = ("mean", "variance")
"""Tensors that are written in place."""

ACTIVATIONS = ["tanh", "relu", "sigmoid", "identity", "tanh"]
EPS = 0.1


class Operation(NamedTuple):
    """A function with loops.

    Attributes:
        shapes: Returns the shapes of its tensors by name, from (batch, channels, height, width).
        ours: Computes by loops, where these take the tensors.
        plain: Computes the same by torch's functions.
    """

    shapes: Callable[[Shape], Mapping[str, Shape]]
    ours: Callable[[Given], Sequence[Tensor]]
    plain: Callable[[Given], Sequence[Tensor]]

    def tensors(self, size: Shape, dtype: torch.dtype) -> Given:
        """Return random tensors; those that stand for variances and counts are positive."""
        torch.manual_seed(0)
        return {
            name: torch.rand(shape, dtype=dtype) + 0.5
            if name in ("variance", "counts")
            else torch.randn(shape, dtype=dtype)
            for name, shape in self.shapes(size).items()
        }


def _norm(given: Given) -> Norm:
    return Norm(given["mean"], given["variance"], given.get("scale"), given.get("offset"))


def _normed(x: Tensor, given: Given, training: bool) -> Tensor:
    return functional.batch_norm(x, *_norm(given), training, 0.1, EPS)


def _of_mix(size: Shape) -> dict[str, Shape]:
    batch, channels = size[:2]
    by_channel = dict.fromkeys(("scale", "offset", *RUNNING), (channels,))
    return {"x": size, "y": size, "weights": (3,), "counts": (batch,), **by_channel}


def _mix(given: Given, training: bool) -> list[Tensor]:
    x, y = given["x"], given["y"]
    counts = [None, given["counts"], None]
    rule = Rule(0.1, EPS, training, tracking=True)
    return [mix([x, y, x], given["weights"], [_norm(given), None, None], rule, counts)]


def _plain_mix(given: Given, training: bool) -> list[Tensor]:
    x, y, (a, b, c) = given["x"], given["y"], given["weights"]
    return [a * _normed(x, given, training) + b * y * given["counts"][:, None, None, None] + c * x]


def _sum(given: Given) -> list[Tensor]:
    nothing = Rule(0.0, 0.0, training=True, tracking=False)
    return [mix([given["x"], given["y"]], None, [None, None], nothing)]


def _windows(step: int) -> tuple[Member, ...]:
    """Return members whose results have one size; two of them read the same input."""
    kinds = (((3, 3), 1, 0), ((5, 5), 1, 0), ((3, 3), 2, 1), ((1, 5), 1, 1))
    return tuple(
        Member(
            Window(
                kernel,
                (step, step),
                (apart * (kernel[0] // 2), apart * (kernel[1] // 2)),
                (apart, apart),
            ),
            source,
        )
        for kernel, apart, source in kinds
    )


def _of_separable(size: Shape, step: int, normed: bool) -> dict[str, Shape]:
    channels = size[1]
    kernels = {f"kernel {k}": (channels, 1, *m.window.kernel) for k, m in enumerate(_windows(step))}
    matrices = {f"matrix {k}": (channels + 2, channels, 1, 1) for k in range(len(kernels))}
    names = ("scale", "offset", *RUNNING) * normed
    return {"x": size, "y": size, **kernels, **matrices, **dict.fromkeys(names, (channels,))}


def _weights(given: Given, name: str) -> list[Tensor]:
    return [tensor for key, tensor in given.items() if key.startswith(name)]


def _separable(given: Given, step: int, normed: bool) -> Sequence[Tensor]:
    reading = Reading()
    if normed:
        other = Norm(torch.zeros_like(given["mean"]), torch.ones_like(given["mean"]))
        reading = Reading(True, (_norm(given), other), Rule(0.1, EPS, True, True))
    return separable_conv(
        _windows(step),
        [given["x"], given["y"]],
        _weights(given, "kernel"),
        _weights(given, "matrix"),
        reading,
        moments=True,
    )


def _plain_separable(given: Given, step: int, normed: bool) -> list[Tensor]:
    read = [given["x"], given["y"]]
    if normed:
        other = functional.batch_norm(read[1], None, None, training=True, eps=EPS)
        read = [functional.relu(x) for x in (_normed(read[0], given, True), other)]
    found = []
    for member, kernel, matrix in zip(
        _windows(step), _weights(given, "kernel"), _weights(given, "matrix"), strict=True
    ):
        w, x = member.window, read[member.source]
        between = functional.conv2d(x, kernel, None, w.stride, w.padding, w.dilation, len(kernel))
        found.append(_product(between, matrix))
    return found


def _of_pointwise(size: Shape) -> dict[str, Shape]:
    batch, channels, *area = size
    matrix = (channels + 3, 2 * channels + 1, 1, 1)
    return {"x": size, "y": (batch, channels + 1, *area), "matrix 0": matrix, "matrix 1": matrix}


def _pointwise(given: Given, relu: bool) -> Sequence[Tensor]:
    matrices = _weights(given, "matrix")
    return pointwise_conv([given["x"], given["y"]], matrices, relu=relu, moments=True)


def _plain_pointwise(given: Given, relu: bool) -> list[Tensor]:
    x = torch.cat([given["x"], given["y"]], 1)
    x = functional.relu(x) if relu else x
    return [_product(x, matrix) for matrix in _weights(given, "matrix")]


def _product(x: Tensor, matrix: Tensor) -> Tensor:
    """Return a convolution of single pixels; torch's own refuses images without any."""
    return functional.linear(x.permute(0, 2, 3, 1), matrix.flatten(1)).permute(0, 3, 1, 2)


def _of_norm_behind(size: Shape) -> dict[str, Shape]:
    channels = size[1]
    by_channel = dict.fromkeys(("scale", "offset", *RUNNING), (channels,))
    return {"x": size, "matrix": (channels, channels, 1, 1), **by_channel}


def _norm_behind(given: Given) -> list[Tensor]:
    (x,) = pointwise_conv([given["x"]], [given["matrix"]], moments=True)
    return [mix([x], None, [_norm(given)], Rule(0.1, EPS, True, True))]


def _plain_norm_behind(given: Given) -> list[Tensor]:
    return [_normed(_product(given["x"], given["matrix"]), given, True)]


def _of_gate(size: Shape) -> dict[str, Shape]:
    batch, features = size[:2]
    return {
        "y": (3 * batch, 2 * features),
        "s": (3 * batch, features),
        "weights": (3, len(ACTIVATIONS)),
    }


def _gates(given: Given) -> list[Tensor]:
    kinds = by_kind(given["weights"], ACTIVATIONS)
    return [_gate(given["y"], given["s"], ACTIVATIONS, given["weights"], kinds)]


def _plain_gates(given: Given) -> list[Tensor]:
    return [gated(given["y"], given["s"], given["weights"], ACTIVATIONS)]


def _separable_operation(step: int, *, normed: bool) -> Operation:
    return Operation(
        partial(_of_separable, step=step, normed=normed),
        partial(_separable, step=step, normed=normed),
        partial(_plain_separable, step=step, normed=normed),
    )


OPERATIONS: Mapping[str, Operation] = {
    "sum": Operation(
        lambda size: {"x": size, "y": size}, _sum, lambda given: [given["x"] + given["y"]]
    ),
    "mix, training": Operation(
        _of_mix, partial(_mix, training=True), partial(_plain_mix, training=True)
    ),
    "mix, evaluation": Operation(
        _of_mix, partial(_mix, training=False), partial(_plain_mix, training=False)
    ),
    "convolutions": _separable_operation(1, normed=False),
    "convolutions of norms": _separable_operation(1, normed=True),
    "convolutions of norms, strided": _separable_operation(2, normed=True),
    "pixels": Operation(
        _of_pointwise, partial(_pointwise, relu=False), partial(_plain_pointwise, relu=False)
    ),
    "pixels above zero": Operation(
        _of_pointwise, partial(_pointwise, relu=True), partial(_plain_pointwise, relu=True)
    ),
    "norm behind pixels": Operation(_of_norm_behind, _norm_behind, _plain_norm_behind),
    "gates": Operation(_of_gate, _gates, _plain_gates),
}
