"""Loops of `separable_conv`: a depthwise convolution, and one of single pixels behind it.

All members of a bundle run in one go, image by image. What is read of an input, normalised and
without what is negative, is laid into a space with zeros around it. Pixels are worked off in
strips, which stay in a core's first cache between the two convolutions; neither what is read nor
what lies between them is written anywhere else.
"""

from __future__ import annotations

from dslnas.backends.torch.kernels.images import image_of, share, whole_pixels
from dslnas.backends.torch.kernels.jit import (
    DONE,
    Doubles,
    DtypeOf,
    Pointer,
    Values,
    args_at,
    doubles,
    serial,
)
from dslnas.backends.torch.kernels.moments_numba import add_pixels, merge
from dslnas.backends.torch.kernels.products import fetch, fetch_target, multiply, turns_of
from dslnas.backends.torch.kernels.reading import last_of, lay_rows, rows_behind
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
                    if a.wants_moments != 0:
                        _add_moments(image, k, out, bounds, a, maps, scratch)
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


@serial
def _add_moments(
    image: int, k: int, out: Values, bounds: tuple[int, int], a: SeparableArgs, maps: Maps,
    scratch: Scratch,
) -> None:  # fmt: skip
    """Add some pixels of a result to the moments of an image."""
    low, high = bounds
    moments = _moments_of(image, k, a)
    if low == 0:
        moments[:] = 0
    whole = whole_pixels(a.out_height * a.out_width, a.outs, a.broad)
    add_pixels(moments, 0, out, low, high, whole, scratch.added, scratch.last, maps.lanes)


@serial
def _moments_of(image: int, k: int, a: SeparableArgs) -> Doubles:
    row = 4 * (image * a.members + k)
    moments: Doubles = doubles(a.moments, row + 4, a.outs)[row:]
    return moments


def merge_moments(k: int, args: Pointer[SeparableArgs], dtype_of: DtypeOf) -> int:
    """Write the moments of a member's result: those of all images."""
    a = args_at(args)
    moments, pixels = doubles(a.to_moments, 2 * k + 2, a.outs)[2 * k :], a.out_height * a.out_width
    moments[:] = 0
    for image in range(a.batch):
        merge(moments, image * pixels, _moments_of(image, k, a), pixels)
    return DONE


TASKS = {
    "forward": forward,
    "merge_moments": merge_moments,
    "backward": backward,
    "gather": gather,
}
