"""An auxiliary head of the library that does not fit: from which size of images on it does."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import replace

from dslnas.diagnostics import UserError, user_error
from dslnas.ops.primitive import Shape
from dslnas.ops.shapes import show_shape
from dslnas.space.network import Network

_LARGEST = 512  # pixels of a side


def explained(error: UserError, network: Network, lower: Callable[[Network], object]) -> UserError:
    """Return NAS407 for an error inside of a library's auxiliary head, and others as they are.

    `lower` raises a `UserError` for a network that does not fit.
    """
    head, place = network.auxiliary, error.diagnostics[0].span
    is_inside = head is not None and place is not None and place in head.span
    if head is None or not is_inside or not head.span.source.library:
        return error
    size = _least_size(network, lower)
    if size is None:
        return error
    return user_error(
        "NAS407",
        f"auxiliary head needs images of {show_shape(size)} pixels or more, not "
        f"{show_shape(network.inputs[0].shape[1:])}",
        span=network.auxiliary_span or network.span,
        help="read larger images, or write `auxiliary 0` in `evaluate`",
    )


def _least_size(network: Network, lower: Callable[[Network], object]) -> Shape | None:
    """Return the smallest square, or length, that fits; None if none does."""
    first, *others = network.inputs
    sides = len(first.shape) - 1
    if others or sides < 1:
        return None

    def fits(side: int) -> bool:
        larger = replace(first, shape=(first.shape[0], *[side] * sides))
        try:
            lower(replace(network, inputs=(larger,)))
        except UserError:
            return False
        return True

    side = bisect_left(range(_LARGEST), True, lo=min(first.shape[1:]), key=fits)
    return None if side == _LARGEST else (side,) * sides
