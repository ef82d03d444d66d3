"""The floor counts the convolutions and products of a work, forward and backward."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from floor import Counter, Speed, floor_of, measured_speed

FAST = Speed(multiply_adds=1e9, bytes=1e30)


def count(work: nn.Module, x: torch.Tensor, *, backward: bool) -> int:
    counter = Counter(FAST)
    with counter:
        result = work(x)
        if backward:
            result.sum().backward()
    return counter.multiply_adds


@pytest.mark.parametrize(
    ("layer", "pixels"),
    [
        (nn.Conv2d(4, 6, 3, bias=False), 6 * 6 * 6 * 4 * 9),
        (nn.Conv2d(4, 4, 5, stride=2, padding=2, groups=4, bias=False), 4 * 4 * 4 * 25),
        (nn.Conv2d(4, 4, 3, padding=2, dilation=2, groups=4, bias=False), 4 * 8 * 8 * 9),
    ],
)
def test_convolutions_count_once_forward_and_twice_backward(layer: nn.Module, pixels: int) -> None:
    x = torch.randn(2, 4, 8, 8)
    assert count(layer, x, backward=False) == 2 * pixels
    assert count(layer, x, backward=True) == 2 * 2 * pixels  # nobody asks for the input's gradient
    assert count(layer, x.requires_grad_(), backward=True) == 2 * 3 * pixels


def test_products_count_and_other_functions_do_not() -> None:
    layers = nn.Sequential(nn.Linear(8, 5), nn.ReLU(), nn.Linear(5, 3, bias=False), nn.Sigmoid())
    assert count(layers, torch.randn(2, 8), backward=False) == 2 * (8 * 5 + 5 * 3)
    assert count(layers, torch.randn(2, 8), backward=True) == 2 * (2 * 8 * 5 + 3 * 5 * 3)


def test_the_floor_is_that_of_the_slower_of_arithmetic_and_bytes() -> None:
    left, right = torch.randn(2, 8), torch.randn(8, 3)
    moved = 4 * (2 * 8 + 8 * 3 + 2 * 3)
    assert floor_of(lambda: left @ right, FAST).seconds == pytest.approx(48e-9)
    found = floor_of(lambda: left @ right, Speed(2e9, 1e9))
    assert found.seconds == pytest.approx(moved * 1e-9)
    assert found.arithmetic == pytest.approx(24e-9)
    assert found.beside(4 * found.seconds).startswith("4.00 x the floor of 1.84e-07 s, 13% of it")


def test_a_machine_has_a_speed() -> None:
    speed = measured_speed(8, 8)
    assert speed.multiply_adds > 0
    assert speed.bytes > 0
