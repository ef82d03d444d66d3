"""The layers around the operations of an edge where only a part of the channels is searched.

Of K equal parts the first goes through the operations, the others go past them, pooled where the
operations reduce the size; behind that the channels are shuffled, so that the next edge sends
others through (PC-DARTS: Xu et al., ICLR 2020, arXiv:1907.05737, section 3.2).
"""

from __future__ import annotations

from dslnas.diagnostics import user_error
from dslnas.graph.lower.op_body import SOURCE, Layer, OpBody
from dslnas.language.check.cell import Cell, Edge
from dslnas.ops.catalogue import PRIMITIVES
from dslnas.ops.primitive import AttributeValue, Shape
from dslnas.ops.shapes import show_shape
from dslnas.space.network import Partial


def checked_parts(partial: Partial, cell: Cell, edge: Edge, reads: Shape, channels: int) -> int:
    """Return K for an edge that reads a shape in a cell of C channels.

    Raises:
        UserError: NAS409 if K does not divide C, or the edge does not read C channels of images.
    """
    where = f"edge {edge.source} -> {edge.target} of cell `{cell.name}`"
    if len(reads) != 3 or reads[0] != channels:
        raise user_error(
            "NAS409",
            f"{where} reads {show_shape(reads)}, so what goes past its operations "
            f"does not have C = {channels} channels",
            span=edge.span,
            help="give the cell a `preprocess`, or use a method that searches all channels",
        )
    if channels % partial.parts:
        divisors = [n for n in range(1, channels + 1) if channels % n == 0]
        raise user_error(
            "NAS409",
            f"{channels} channels of {where} cannot be split into {partial.parts} equal parts",
            span=partial.span,
            help=f"choose `partial` among the divisors of {channels} "
            f"({', '.join(map(str, divisors))}), or other `channels` of the network",
        )
    return partial.parts


def part(shape: Shape, parts: int, index: int) -> OpBody:
    """Return the operation that takes one of several equal parts of the channels."""
    return _single("split", shape, parts=parts, index=index)


def pool(shape: Shape, stride: int) -> OpBody:
    """Return the pool of stride-sized windows that gives ceil(n / stride) pixels.

    A size that the stride does not divide is padded, where the paper has none.
    """
    # ceil((-n mod s) / 2) on both sides is enough for the last window and too little for another
    padding = tuple((-n % stride + 1) // 2 for n in shape[1:])
    window = (stride, stride)
    return _single(
        "max_pool2d", shape, kernel=window, stride=window, padding=(padding[0], padding[1])
    )


def shuffle(shape: Shape, parts: int) -> OpBody:
    """Return the operation that deals out the channels of each part in turn."""
    return _single("shuffle", shape, groups=parts)


def _single(name: str, shape: Shape, **attributes: AttributeValue) -> OpBody:
    """Return an operation of one layer; `attributes` are all of its arguments, in order."""
    primitive = PRIMITIVES[name]
    given = primitive.shape(attributes, (shape,))
    layer = Layer(primitive, (SOURCE,), tuple(attributes.items()), given, ())
    return OpBody((layer,), 0, given)
