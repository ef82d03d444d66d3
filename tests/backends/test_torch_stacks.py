"""Stacks that grow, against those of torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from dslnas.backends.torch.stacks import Stacks

Stack = Callable[[Sequence[Tensor]], Tensor]


def drawn(count: int, generator: torch.Generator) -> list[Tensor]:
    shape = (2, 3)
    return [
        torch.randn(shape, generator=generator, dtype=torch.float64).requires_grad_()
        for _ in range(count)
    ]


def step(values: list[Tensor], stack: Stack) -> list[Tensor]:
    """Return stacks of a time step: some begin as others do, each is read twice."""
    a, b, c, d = values
    asked = [(a, b), (a, b, c), (b, c), (a, d), (a, b, c), (a, b, c, d, b), (a,)]
    stacks = [stack(each) for each in asked]
    return [*stacks, *(each.sin() for each in stacks)]


def test_values_and_gradients_are_those_of_torch_at_every_time_step() -> None:
    generator, stacks = torch.Generator().manual_seed(0), Stacks()
    for _ in range(3):
        stacks.begin()
        values = drawn(4, generator)
        ours, theirs = (step(values, stack) for stack in (stacks, lambda v: torch.cat(list(v))))
        torch.testing.assert_close(ours, theirs, rtol=0, atol=0)
        losses = [torch.cat(found).cos().mul(torch.cat(found)).sum() for found in (ours, theirs)]
        found, expected = (torch.autograd.grad(loss, values) for loss in losses)
        torch.testing.assert_close(found, expected, rtol=1e-13, atol=1e-13)


def test_what_begins_alike_lies_in_one_place_from_the_second_time_step_on() -> None:
    stacks = Stacks()
    for _ in range(2):
        stacks.begin()
        values = drawn(3, torch.Generator().manual_seed(0))
        places = {stacks(values[:count]).data_ptr() for count in (2, 3)}
    assert len(places) == 1


def test_gradients_have_gradients() -> None:
    def loss(*values: Tensor) -> Tensor:
        stacks = Stacks()
        stacks.begin()
        return torch.stack([x.pow(3).sum() for x in step(list(values), stacks)]).sum()

    values = tuple(drawn(4, torch.Generator().manual_seed(0)))
    assert torch.autograd.gradgradcheck(loss, values)


def test_values_of_different_kinds_are_stacked_as_torch_does() -> None:
    stacks = Stacks()
    stacks.begin()
    (value,) = drawn(1, torch.Generator().manual_seed(0))
    for other in (value.detach() + 1, value.float()):
        torch.testing.assert_close(stacks((value, other)), torch.cat([value, other]))
