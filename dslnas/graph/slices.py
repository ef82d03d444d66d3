"""Slices of tensors: how operations of several sizes share one.

A borrowed tensor may be larger than the weight that it is used for: then the first part of it is
taken along the axes of channels, and the middle along those of a window.
"""

from __future__ import annotations

from dslnas.ops.primitive import Attributes, Shape

WINDOW = 2
"""Axes before those of a window: outputs and inputs."""


def is_slice(part: Shape, whole: Shape) -> bool:
    """Whether a tensor of one shape can be a slice of one of another shape."""
    return len(part) == len(whole) and all(
        n <= m and (axis < WINDOW or (m - n) % 2 == 0)
        for axis, (n, m) in enumerate(zip(part, whole, strict=True))
    )


def groups_of(attributes: Attributes) -> int:
    """Return the groups of a layer's channels, which no weight leads across."""
    groups = attributes.get("groups", 1)
    assert isinstance(groups, int)
    return groups


def can_share(part: Shape, whole: Shape, groups: tuple[int, int]) -> bool:
    """Whether a layer can compute with a slice of another one's tensor.

    `groups` are those of the channels of both. Where no weight leads across groups, the first
    channels are not those of the same groups, unless each group is one channel.
    """
    if part == whole:
        return groups[0] == groups[1]
    one_each = len(part) > 1 and groups == (part[0], whole[0]) and part[1] == whole[1] == 1
    return is_slice(part, whole) and (len(part) == 1 or groups == (1, 1) or one_each)


def slice_of(part: Shape, whole: Shape) -> tuple[slice, ...]:
    """Return where a slice of a shape lies in a tensor.

    The first n of m channels; of a window of m the n in its middle.
    """
    pairs = enumerate(zip(part, whole, strict=True))
    starts = ((m - n) // 2 if axis >= WINDOW else 0 for axis, (n, m) in pairs)
    return tuple(slice(start, start + n) for start, n in zip(starts, part, strict=True))
