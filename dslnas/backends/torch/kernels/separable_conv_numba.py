"""Loops of `separable_conv`: every channel of an image by a kernel of its own.

All members of a bundle run in one go, image by image. What is read of an input, normalised and
without what is negative, is laid into a space with zeros around it and written nowhere else.
"""

from __future__ import annotations

from dslnas.backends.torch.kernels.images import image_of, share
from dslnas.backends.torch.kernels.jit import (
    DONE,
    DtypeOf,
    Pointer,
    Values,
    args_at,
    flat,
    serial,
)
from dslnas.backends.torch.kernels.scratch import (
    Maps,
    MemberWindow,
    Scratch,
    maps_of,
    scratch_of,
    window_of,
)
from dslnas.backends.torch.kernels.separable_conv_args import ROWS, SeparableArgs
from dslnas.backends.torch.kernels.separable_conv_grad import backward, gather, lay_input
from dslnas.backends.torch.kernels.simd import write_window, write_windows


def forward(task: int, args: Pointer[SeparableArgs], dtype_of: DtypeOf) -> int:
    """Write the results of all members for a share of the images."""
    a = args_at(args)
    maps, scratch = maps_of(a, dtype_of), scratch_of(task, a, dtype_of)
    pixels = a.out_height * a.out_width
    results = flat(a.results, a.members * a.batch * pixels * a.wide, dtype_of)
    for image in share(a.batch, task, a.shares):
        held = -1
        for k in range(a.members):
            window = window_of(k, a)
            if window.source != held:
                held = window.source
                x = image_of(a.inputs, held, image, a.height * a.width * a.channels, dtype_of)
                lay_input(x, held, a, maps, scratch)
            at = (k * a.batch + image) * pixels * a.wide
            _convolve(results, at, k, pixels, a, maps, scratch, window)
    return DONE


@serial
def _convolve(
    results: Values, at: int, k: int, pixels: int, a: SeparableArgs, maps: Maps, scratch: Scratch,
    window: MemberWindow,
) -> None:  # fmt: skip
    """Write the result of one member for one image."""
    kernel, blocks = k * a.area * a.wide, pixels // ROWS * ROWS
    for c in range(0, a.wide, maps.lanes):
        for pixel in range(0, blocks, ROWS):
            write_windows(
                results, at + c, maps.rows, pixel, scratch.space, c, maps.read, pixel,
                window.read, window.area, scratch.kernels, kernel + c, maps.rows,
            )  # fmt: skip
        for pixel in range(blocks, pixels):
            write_window(
                results, at + c, maps.rows, pixel, scratch.space, c, maps.read, pixel,
                window.read, window.area, scratch.kernels, kernel + c, maps.rows,
            )  # fmt: skip


TASKS = {"forward": forward, "backward": backward, "gather": gather}
