"""Loops of `separable_conv`: a depthwise convolution, and one of single pixels behind it.

All members of a bundle run in one go, image by image. Output pixels are worked off in strips, which
stay in a core's first cache between the two convolutions; what lies between them is never written.
"""

from __future__ import annotations

from dslnas.backends.torch.kernels.images import copy, image_of, share, surround
from dslnas.backends.torch.kernels.jit import (
    DONE,
    DtypeOf,
    Pointer,
    Values,
    args_at,
    flat,
    serial,
    tensor_of,
)
from dslnas.backends.torch.kernels.scratch import (
    STRIP,
    Maps,
    MemberWindow,
    Scratch,
    Sizes,
    is_backward,
    maps_of,
    round_up,
    row_of,
    scratch_of,
    sizes_of,
    window_of,
)
from dslnas.backends.torch.kernels.separable_conv_args import ROWS, SeparableArgs
from dslnas.backends.torch.kernels.separable_conv_grad import backward, gather
from dslnas.backends.torch.kernels.strips import convolve, multiply


def pack(k: int, args: Pointer[SeparableArgs], dtype_of: DtypeOf) -> int:
    """Write one member's weights as loops read them: (places, channels), then the matrix.

    That is (channels, outs), or for gradients (outs, channels), in panels as in `strips.multiply`.
    """
    a = args_at(args)
    size = sizes_of(a, dtype_of)
    row = row_of(k, a)
    area = row[0] * row[1]
    packed = flat(a.packed, (k + 1) * size.packed, dtype_of)[k * size.packed :]
    packed[:] = 0
    kernel = flat(tensor_of(a.kernels, k), a.channels * area, dtype_of)
    matrix = flat(tensor_of(a.matrices, k), a.outs * a.channels, dtype_of)
    for c in range(a.channels):
        for place in range(area):
            packed[place * size.wide + c] = kernel[c * area + place]
    transposed = is_backward(a)
    inner = size.broad if transposed else size.wide
    for o in range(a.outs):
        for c in range(a.channels):
            along, column = (o, c) if transposed else (c, o)
            panel, lane = divmod(column, size.lanes)
            at = panel * inner * size.lanes + along * size.lanes + lane
            packed[size.matrix + at] = matrix[o * a.channels + c]
    return DONE


def forward(task: int, args: Pointer[SeparableArgs], dtype_of: DtypeOf) -> int:
    """Write the results of all members for a share of the images."""
    a = args_at(args)
    size = sizes_of(a, dtype_of)
    maps, scratch = maps_of(a, size), scratch_of(a, size, dtype_of)
    packed = flat(a.packed, a.members * size.packed, dtype_of)
    for image in share(a.batch, task, a.shares):
        held = -1
        for k in range(a.members):
            window = window_of(k, a, size)
            if window.source != held:
                held = window.source
                values = a.height * a.width * a.channels
                x = image_of(a.inputs, held, image, values, dtype_of)
                surround(scratch.space, x, a, size.wide)
            out = image_of(a.outputs, k, image, size.pixels * a.outs, dtype_of)
            _results(out, k * size.packed, a, size, maps, scratch, window, packed)
    return DONE


@serial
def _results(
    out: Values,
    at: int,
    a: SeparableArgs,
    size: Sizes,
    maps: Maps,
    scratch: Scratch,
    window: MemberWindow,
    packed: Values,
) -> None:
    """Write the result of one member for one image."""
    for low in range(0, size.pixels, STRIP):
        here = min(STRIP, size.pixels - low)
        count, to = round_up(here, ROWS), out[low * a.outs :]
        convolve(scratch.strip, low, count, scratch.space, window, maps, packed, at, size)
        fits = a.outs == size.broad and here == count
        made = to if fits else scratch.given
        multiply(
            made, 0, maps.broad_rows, size.broad, count, scratch.strip, maps.rows, a.channels,
            packed, at + size.matrix, size, maps,
        )  # fmt: skip
        if not fits:
            copy(to, a.outs, made, size.broad, here)


TASKS = {"pack": pack, "forward": forward, "backward": backward, "gather": gather}
