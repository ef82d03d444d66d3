"""A window that moves over images, as data."""

from __future__ import annotations

from dataclasses import dataclass

Pair = tuple[int, int]
"""(height, width)."""


@dataclass(frozen=True)
class Window:
    """Kernel size, stride, padding on each side, and dilation; each (height, width)."""

    kernel: Pair
    stride: Pair
    padding: Pair
    dilation: Pair

    def output(self, height: int, width: int) -> Pair:
        """Return the size of what a window gives on an image of this size."""
        high, wide = (
            (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1
            for size, kernel, stride, padding, dilation in zip(
                (height, width), self.kernel, self.stride, self.padding, self.dilation, strict=True
            )
        )
        return high, wide
