"""What a network reads: the shape of an example, from the spec and from the data."""

from __future__ import annotations

from dslnas.data.data_shape import DataShape, describe
from dslnas.diagnostics import user_error
from dslnas.language.check.checked import CheckedProgram
from dslnas.ops.primitive import Shape
from dslnas.ops.shapes import show_shape
from dslnas.settings.data import TextSettings


def example_of(program: CheckedProgram) -> tuple[Shape, int]:
    """Return the shape of an example and the number of classes, from the spec and the data.

    Raises:
        UserError: NAS405 if they disagree, NAS406 if neither tells, NAS6xx if the data are wrong.
    """
    network, data = program.network, program.data
    is_text = isinstance(data, TextSettings)
    known = describe(data)
    # A program that was written out does not say where its text is: the embedded one, or another.
    if known is None or (is_text and not data.path and network.classes is not None):
        shape = () if is_text else network.input
        if shape is None or network.classes is None:
            needed = "`classes`" if is_text else "`input` and `classes`"
            raise user_error(
                "NAS406",
                f"shape of the data is not known: `data {data.source}` has no path",
                span=network.span,
                help=f"pass `--set data.path=...`, or give {needed} in `network`",
            )
        known = DataShape(shape, network.classes, has_test=False)
    for key, given, found in (
        ("input", network.input, known.shape),
        ("classes", network.classes, known.classes),
    ):
        if given is not None and given != found:
            raise user_error(
                "NAS405",
                f"`{key}` of the network is not that of the data, {_shown(found)}",
                span=program.spans[f"network.{key}"],
                help=f"remove `{key}`: it is taken from the data",
            )
    return known.shape, known.classes


def _shown(found: Shape | int) -> str:
    if isinstance(found, int):
        return str(found)
    return show_shape(found) if found else "one token"
