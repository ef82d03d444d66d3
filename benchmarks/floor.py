"""The least time of a step on a machine: its arithmetic and its bytes, counted.

Convolutions and matrix products are counted, forward and backward, as the functions of PyTorch are
called: each takes at least its multiply-adds at the speed of a large matrix product and the bytes
of its inputs and outputs at that of a large copy, whichever is more. All else counts as free, as if
it ran while these read and write. What is still in a cache may come below the floor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from measuring import spent_in_turns

ATTEMPTS = 5
SIDE, LENGTH = 2048, 2**26


@dataclass(frozen=True)
class Speed:
    """The speed of a machine: multiply-adds and bytes, per second."""

    multiply_adds: float
    bytes: float

    def floor(self, multiply_adds: float, moved: float) -> float:
        """Return the seconds below which work cannot be done that is not in a cache."""
        return max(multiply_adds / self.multiply_adds, moved / self.bytes)

    def __str__(self) -> str:
        """Return both."""
        return (
            f"{self.multiply_adds / 1e9:.0f} G multiply-adds/s in a large product, "
            f"{self.bytes / 1e9:.1f} GB/s in a large copy"
        )


def measured_speed(side: int = SIDE, length: int = LENGTH) -> Speed:
    """Return the best of some products of square matrices and of some copies, in float32.

    Args:
        side: Of the matrices.
        length: Numbers that are copied: each is read once and written once.
    """
    left, right, product = torch.randn(side, side), torch.randn(side, side), torch.empty(side, side)
    source, target = torch.ones(length), torch.zeros(length)
    spent = spent_in_turns(
        {
            "product": lambda turn: torch.mm(left, right, out=product),
            "copy": lambda turn: target.copy_(source),
        },
        ATTEMPTS,
    )
    products, copies = (min(each.seconds for each in times) for times in spent.values())
    return Speed(side**3 / products, 2 * source.nbytes / copies)


class Counter(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts while its body runs.

    Attributes:
        multiply_adds: Those of convolutions and products.
        seconds: The floor of all of them together.
    """

    def __init__(self, speed: Speed) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._speed = speed
        self.multiply_adds = 0
        self.seconds = 0.0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Any = None
    ) -> Any:
        """Run a function, and count it if it is a convolution or a product."""
        result = func(*args, **(kwargs or {}))
        work = WORK.get(func.overloadpacket)
        if work is not None:
            found = result if isinstance(result, (tuple, list)) else [result]
            tensors = [each for each in (*args, *found) if isinstance(each, Tensor)]
            multiply_adds = work(*args)
            self.multiply_adds += multiply_adds
            moved = sum(tensor.nbytes for tensor in tensors)
            self.seconds += self._speed.floor(multiply_adds, moved)
        return result


def _convolution(
    x: Tensor, weight: Tensor, bias: Any, stride: Any, padding: Any, *rest: Any
) -> int:
    size = len(x) * weight.numel()
    for axis, kernel in enumerate(weight.shape[2:]):
        reach = rest[0][axis] * (kernel - 1) + 1
        size *= (x.shape[2 + axis] + 2 * padding[axis] - reach) // stride[axis] + 1
    return size


def _gradients(gradient: Tensor, x: Tensor, weight: Tensor, *rest: Any) -> int:
    asked = rest[-1][:2]  # in the input, in the weight
    return int(sum(asked)) * gradient.numel() * weight[0].numel()


def _product(left: Tensor, right: Tensor) -> int:
    return left.numel() * right.shape[-1]


_aten = torch.ops.aten
WORK: Mapping[Any, Callable[..., int]] = {
    _aten.convolution: _convolution,
    _aten.convolution_backward: _gradients,
    _aten.mm: _product,
    _aten.bmm: _product,
    _aten.addmm: lambda added, left, right: _product(left, right),
}
"""Multiply-adds of what is counted, from its arguments."""


@dataclass(frozen=True)
class Floor:
    """The least time of a work.

    Attributes:
        seconds: All together.
        arithmetic: Seconds of the multiply-adds alone; where bytes take longer, they are the floor.
    """

    seconds: float
    arithmetic: float

    def beside(self, seconds: float) -> str:
        """Return it in words, beside what was reached."""
        share = self.arithmetic / self.seconds
        return f"{seconds / self.seconds:.2f} x the floor of {self.seconds:#.3g} s, " + (
            f"{share:.0%} of it arithmetic"
        )


def floor_of(work: Callable[[], object], speed: Speed) -> Floor:
    """Return the least seconds of a work."""
    counter = Counter(speed)
    with counter:
        work()
    return Floor(counter.seconds, counter.multiply_adds / speed.multiply_adds)
