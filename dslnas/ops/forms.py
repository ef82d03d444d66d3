"""Parts of primitives that several of them share."""

from __future__ import annotations

from dslnas.ops import rules, weights
from dslnas.ops.primitive import Argument, Default, Kept, Kind, Primitive
from dslnas.ops.traits import Trait

MANY = 64
"""Values that a primitive reads at most."""

KERNEL = Argument("kernel", Kind.PAIR)
OUT = Argument("out", Kind.COUNT, Default.CHANNELS)
STRIDE = Argument("stride", Kind.PAIR, Default.STRIDE)
PADDING = Argument("padding", Kind.PADDING, Default.SAME)
WINDOW = (KERNEL, OUT, STRIDE, PADDING, Argument("dilation", Kind.PAIR, (1, 1)))
NORM = (
    Argument("affine", Kind.FLAG, Default.DERIVED),
    Argument("eps", Kind.POSITIVE, 1e-5),
    Argument("momentum", Kind.RATE, 0.1),
)

# What gradients need of a run, as torch's do.
NOTHING, INPUTS, VIEW = Kept(), Kept(inputs=True), Kept(is_view=True)
OUTPUT = Kept(output=True)


def batch_norm(
    name: str,
    summary: str,
    traits: Trait,
    keeps: Kept = INPUTS,
    aliases: tuple[str, ...] = (),
) -> Primitive:
    """Return a batch norm: alone, or with a share of its work done elsewhere."""
    return Primitive(
        name,
        summary,
        rules.same_shape,
        NORM,
        weights=weights.batch_norm_weights,
        keeps=keeps,
        traits=traits,
        aliases=aliases,
    )
