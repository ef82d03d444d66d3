"""The skip connection beside the operations of an edge (DARTS-: Chu et al., ICLR 2021).

It takes over what a skip connection does for training, so that the candidate of that name competes
by what it does for the architecture (arXiv:2009.01027). At stride 1 it is the identity, else
`skip_connect` with weights of its own. It fills the column of alpha behind those of the operations,
which no architecture can choose; whoever runs the supernet gives the factor.
"""

from __future__ import annotations

from dslnas.diagnostics import user_error
from dslnas.language.check.cell import Cell, Edge, Operation
from dslnas.language.link.definitions import Definitions
from dslnas.ops.primitive import Shape
from dslnas.ops.shapes import show_shape

STRIDED = "skip_connect"


def skip_of(stride: int, definitions: Definitions, cell: Cell, edge: Edge) -> Operation:
    """Return the operation of a skip connection at a stride.

    Raises:
        UserError: NAS201 if there is no operation for it.
    """
    if stride == 1:
        return Operation("identity", (), "identity")
    if STRIDED not in definitions:
        raise user_error(
            "NAS201",
            f"`skip` needs an operation `{STRIDED}` where cell `{cell.name}` reduces the size",
            span=edge.span,
            help=f"write `use std.cnn`, define `op {STRIDED}`, or search without `skip`",
        )
    return Operation(STRIDED, (), STRIDED)


def check_skip(cell: Cell, edge: Edge, found: Shape, expected: Shape) -> None:
    """Check that a skip connection gives what the operations give.

    Raises:
        UserError: NAS404 if it does not.
    """
    if found != expected:
        raise user_error(
            "NAS404",
            f"what skips edge {edge.source} -> {edge.target} of cell `{cell.name}` is "
            f"{show_shape(found)}, and its operations give {show_shape(expected)}",
            span=edge.span,
            help="give the cell a `preprocess`, or search without `skip`",
        )
