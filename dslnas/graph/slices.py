"""Slices of tensors: how operations of several sizes share one.

A borrowed tensor may be larger than the weight that it is used for: then the first part of it is
taken along the axes of channels, and the middle along those of a window.
"""

from __future__ import annotations

from dslnas.ops.primitive import Shape

WINDOW = 2
"""Axes before those of a window: outputs and inputs."""


def is_slice(part: Shape, whole: Shape) -> bool:
    """Whether a tensor of one shape can be a slice of one of another shape."""
    return len(part) == len(whole) and all(
        n <= m and (axis < WINDOW or (m - n) % 2 == 0)
        for axis, (n, m) in enumerate(zip(part, whole, strict=True))
    )


def slice_of(part: Shape, whole: Shape) -> tuple[slice, ...]:
    """Return where a slice of a shape lies in a tensor.

    The first n of m channels; of a window of m the n in its middle.
    """
    pairs = enumerate(zip(part, whole, strict=True))
    starts = ((m - n) // 2 if axis >= WINDOW else 0 for axis, (n, m) in pairs)
    return tuple(slice(start, start + n) for start, n in zip(starts, part, strict=True))
