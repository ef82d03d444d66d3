"""Loops of `separable_conv`: a depthwise convolution, and one of single pixels behind it.

All members of a bundle run in one go, image by image. What is read of an input, normalised and
without what is negative, is laid into a space with zeros around it. Pixels are worked off in
strips, which stay in a core's first cache between the two convolutions; neither what is read nor
what lies between them is written anywhere else.
"""

from __future__ import annotations

from dslnas.backends.torch.kernels.images import image_of, share
from dslnas.backends.torch.kernels.jit import (
    DONE,
    DtypeOf,
    Pointer,
    Values,
    args_at,
    serial,
)
from dslnas.backends.torch.kernels.products import fetch, fetch_target, multiply, turns_of
from dslnas.backends.torch.kernels.reading import last_of, lay_rows, rows_behind, whole_pixels
from dslnas.backends.torch.kernels.scratch import (
    Maps,
    Scratch,
    maps_of,
    row_of,
    scratch_of,
    window_of,
)
from dslnas.backends.torch.kernels.separable_conv_args import SeparableArgs
from dslnas.backends.torch.kernels.separable_conv_grad import backward, gather
from dslnas.backends.torch.kernels.strips import convolve


def forward(task: int, args: Pointer[SeparableArgs], dtype_of: DtypeOf) -> int:
    """Write the results of all members for a share of the images."""
    a = args_at(args)
    maps, scratch = maps_of(a, dtype_of), scratch_of(task, a, dtype_of)
    pixels, values = a.out_height * a.out_width, a.height * a.width * a.channels
    for image in share(a.batch, task, a.shares):
        first = 0
        while first < a.members:
            source, last, laid = row_of(first, a)[6], last_of(first, a), 0
            x = image_of(a.inputs, source, image, values, dtype_of)
            for low in range(0, a.out_height, a.strip):
                high = min(a.out_height, low + a.strip)
                laid = lay_rows(x, source, laid, high, a, maps, scratch)
                for k in range(first, last):
                    out = image_of(a.outputs, k, image, pixels * a.outs, dtype_of)
                    bounds = low * a.out_width, high * a.out_width
                    after = laid if k == first else a.height
                    _result(out, k, bounds, x, after, a, maps, scratch)
            first = last
    return DONE


@serial
def _result(
    out: Values, k: int, bounds: tuple[int, int], x: Values, after: int, a: SeparableArgs,
    maps: Maps, scratch: Scratch,
) -> None:  # fmt: skip
    """Write some pixels of the result of one member for one image.

    Meanwhile the input's rows from `after` on come nearer, and those that are written next.
    """
    low, high = bounds
    convolve(low, high, k, a, maps, scratch, window_of(k, a))
    whole = min(high, max(low, whole_pixels(a.out_height * a.out_width, a.outs, a.broad)))
    panels = scratch.matrices[k * a.wide * a.broad :]
    turns = turns_of(whole - low, a.broad, maps.lanes)
    for turn in range(turns):
        fetch(turn, turns, x, after * a.width * a.channels, rows_behind(after, a))
        fetch_target(turn, turns, out, high * a.outs, (high - low) * a.outs)
        multiply(
            turn, out, 0, maps.outs[low:], a.broad, scratch.strip, a.wide, whole - low, a.channels,
            panels, maps.lanes,
        )  # fmt: skip
    for pixel in range(whole, high):  # a whole block would reach beyond the image
        row = scratch.strip[(pixel - low) * a.wide :]
        for turn in range(turns_of(1, a.broad, maps.lanes)):
            multiply(
                turn, scratch.last, 0, maps.outs, a.broad, row, a.wide, 1, a.channels, panels,
                maps.lanes,
            )  # fmt: skip
        for o in range(a.outs):
            out[pixel * a.outs + o] = scratch.last[o]


TASKS = {"forward": forward, "backward": backward, "gather": gather}
