"""Runs of all that has loops on awkward tensors, compared with torch's functions on plain ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import cycle, product
from typing import NamedTuple

import torch
from torch import Tensor

from tests.backends.awkward_memory import LAYOUTS
from tests.backends.loop_operations import OPERATIONS, RUNNING, Given, Operation, Shape

USUAL = (3, 5, 6, 7)
SIZES: Sequence[Shape] = (
    *((0, 5, 6, 7), (3, 0, 6, 7), (3, 5, 0, 7), (3, 5, 6, 0), (0, 0, 0, 0)),
    *((1, 5, 6, 7), (3, 1, 6, 7), (3, 5, 1, 7), (3, 5, 6, 1), (1, 1, 1, 1), (1, 5, 1, 1)),
    *((2, 1, 1, 1), (2, 16, 8, 8), (2, 33, 3, 5), (1, 300, 3, 3)),
)
"""Nothing and one along every axis; whole vectors and more; more than a tile."""

LARGE = (2, 8, 70, 70)
"""More than a part."""

UNTRAINED = (*RUNNING, "counts")
DTYPES = (torch.float32, torch.float64)
_MOST_APART = {torch.float32: 5e-4, torch.float64: 1e-11}
"""Largest difference, as a share of the largest number or of 1: sums have other orders."""

GradientOf = Callable[[Given, Tensor], Tensor]
"""Returns a gradient of a result, from what was given and the result."""


class Case(NamedTuple):
    """One comparison.

    Attributes:
        name: Says what it is.
        operation: Its name.
        given: Tensors to run on.
        gradient_of: Makes gradients of results.
    """

    name: str
    operation: str
    given: Given
    gradient_of: GradientOf


def laid(layout: str) -> GradientOf:
    """Return what makes a gradient that lies somehow."""
    return lambda _, result: LAYOUTS[layout](_random_like(result))


def _random_like(result: Tensor) -> Tensor:
    generator = torch.Generator().manual_seed(result.numel())
    return torch.randn(result.shape, dtype=result.dtype, generator=generator)


def _layouts(name: str, dtype: torch.dtype) -> Iterator[Case]:
    """Yield cases of the usual size in which one tensor, or the gradient, lies awkwardly."""
    operation = OPERATIONS[name]
    for layout, lay in LAYOUTS.items():
        given = operation.tensors(USUAL, dtype)
        for key in given:
            changed = {**given, key: _laid(key, given[key], lay)}
            yield Case(f"{key} {layout}", name, changed, laid("in rows"))
        yield Case(f"gradient {layout}", name, given, laid(layout))


def _laid(key: str, tensor: Tensor, lay: Callable[[Tensor], Tensor]) -> Tensor:
    """Return a tensor in other memory; what is written needs a place for each of its values."""
    found = lay(tensor)
    is_read_only = torch._debug_has_internal_overlap(found) or found.is_neg()
    return tensor if is_read_only and key in RUNNING else found


def _sizes(name: str, dtype: torch.dtype) -> Iterator[Case]:
    """Yield cases of all sizes in which all tensors lie awkwardly."""
    for size in (USUAL, *SIZES):
        given = OPERATIONS[name].tensors(size, dtype)
        for layout, lay in LAYOUTS.items():
            changed = {key: _laid(key, tensor, lay) for key, tensor in given.items()}
            yield Case(f"{size} {layout}", name, changed, laid(layout))


def _in_one_place(given: Given) -> Given:
    return {**given, **({"y": given["x"]} if _alike(given) else {})}


def _overlapping(given: Given) -> Given:
    """Let two images share all their memory but for one value."""
    if not _alike(given):
        return given
    x = given["x"].contiguous(memory_format=torch.channels_last)
    room = torch.randn(x.numel() + 1, dtype=x.dtype)
    x, y = (room.as_strided(x.shape, x.stride(), offset) for offset in (0, 1))
    return {**given, "x": x, "y": y}


def _alike(given: Given) -> bool:
    return {"x", "y"} <= given.keys() and given["y"].shape == given["x"].shape


def _weights_of_one_buffer(given: Given) -> Given:
    """Let tensors that are only read begin at the same address, where they have one shape."""
    first: dict[Shape, Tensor] = {}
    return {
        key: tensor if key in RUNNING else first.setdefault(tuple(tensor.shape), tensor)
        for key, tensor in given.items()
    }


SHARED: Mapping[str, Callable[[Given], Given]] = {
    "nothing shared": dict,
    "inputs in one place": _in_one_place,
    "inputs that overlap": _overlapping,
    "weights in one place": _weights_of_one_buffer,
}

GRADIENTS: Mapping[str, GradientOf] = {
    "of a sum": lambda given, result: torch.ones((), dtype=result.dtype).expand_as(result),
    "in the result's memory": lambda given, result: result.detach(),
    "in an input's memory": lambda given, result: next(
        (t.detach() for t in given.values() if t.shape == result.shape), _random_like(result)
    ),
}


def _aliases(name: str, dtype: torch.dtype) -> Iterator[Case]:
    for size in (USUAL, (2, 16, 8, 8), (1, 5, 1, 1)):
        for shared, share in SHARED.items():
            for gradient, gradient_of in GRADIENTS.items():
                given = share(OPERATIONS[name].tensors(size, dtype))
                yield Case(f"{size} {shared}, gradient {gradient}", name, given, gradient_of)


def cases(name: str, dtype: torch.dtype) -> Iterator[Case]:
    """Yield all cases of an operation, from fixed seeds; float64 has its sizes in `plain_cases`."""
    yield from _layouts(name, dtype)
    if dtype == torch.float32:
        yield from _sizes(name, dtype)
    yield from _aliases(name, dtype)


def some_cases(name: str) -> Iterator[Case]:
    """Yield a few, in which every layout and every size but the large one comes once."""
    for size, (layout, lay) in zip(SIZES, cycle(LAYOUTS.items()), strict=False):
        given = OPERATIONS[name].tensors(size, torch.float32)
        changed = {key: _laid(key, tensor, lay) for key, tensor in given.items()}
        yield Case(f"{size} {layout}", name, changed, laid(layout))


def plain_cases(name: str) -> Iterator[Case]:
    """Yield one of every size and dtype that lies as usual."""
    for dtype, size in product(DTYPES, (USUAL, *SIZES, LARGE)):
        given = OPERATIONS[name].tensors(size, dtype)
        yield Case(f"{size} {dtype}", name, given, laid("in rows"))


def compare(case: Case) -> None:
    """Compare results, gradients, running statistics, and what surrounds all tensors.

    Raises:
        AssertionError: They differ, or one of both refuses what the other takes.
    """
    operation, given = OPERATIONS[case.operation], case.given
    copies = {id(t): t.clone(memory_format=torch.contiguous_format) for t in given.values()}
    plain = {key: copies[id(tensor)].resolve_neg() for key, tensor in given.items()}
    starts = {key: tensor.clone() for key, tensor in given.items() if key in RUNNING}
    rooms = {key: _room(tensor).clone() for key, tensor in given.items()}
    expected, reason = _run(operation, operation.plain, plain, case.gradient_of)
    found, refused = _run(operation, operation.ours, given, case.gradient_of)
    assert (reason is None) == (refused is None), f"{case}: torch {reason!r}, loops {refused!r}"
    assert isinstance(refused, type(reason)), f"{case}: torch {reason!r}, loops {refused!r}"
    for ours, theirs in zip(found, expected, strict=True):
        most = max(1.0, float(theirs.abs().max())) if theirs.numel() else 1.0
        apart = float((ours - theirs).abs().max()) if theirs.numel() else 0.0
        assert ours.shape == theirs.shape
        assert apart <= most * _MOST_APART[theirs.dtype], f"{case.operation}: {case.name}: {apart}"
    for key, tensor in given.items():
        if key in RUNNING:
            torch.testing.assert_close(tensor, plain[key], equal_nan=True)
            tensor.copy_(starts[key])
        assert torch.equal(_room(tensor), rooms[key]), f"{case.operation}: {case.name}: {key}"


def _room(tensor: Tensor) -> Tensor:
    """Return all bytes of the memory that a tensor lies in."""
    return torch.empty(0, dtype=torch.uint8).set_(tensor.untyped_storage())


def _run(
    operation: Operation,
    function: Callable[[Given], Sequence[Tensor]],
    given: Given,
    gradient_of: GradientOf,
) -> tuple[list[Tensor], Exception | None]:
    """Return results and gradients; none where it is refused, and why."""
    trained = {key: tensor.detach() for key, tensor in given.items() if key not in UNTRAINED}
    alike = {id(given[key]): tensor for key, tensor in trained.items()}
    trained = {key: alike[id(given[key])].requires_grad_() for key in trained}
    try:
        results = function({**given, **trained})
        of = list({id(tensor): tensor for tensor in trained.values()}.values())
        gradients = [gradient_of(given, result) for result in results]
        found = torch.autograd.grad(results, of, gradients)
    except (RuntimeError, ValueError, IndexError) as error:
        return [], error
    return [*(result.detach() for result in results), *found], None
