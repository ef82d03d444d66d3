"""What a network reads: the shape of an example, from the spec and from the data."""

from __future__ import annotations

from dslnas.data.describe import describe
from dslnas.diagnostics import user_error
from dslnas.language.checked import CheckedProgram
from dslnas.primitives.rules import show_shape
from dslnas.primitives.spec import Shape


def example_of(program: CheckedProgram) -> tuple[Shape, int]:
    """Return the shape of an example and the number of classes, from the spec and the data.

    Raises:
        UserError: NAS405 if they disagree, NAS406 if neither tells, NAS6xx if the data are wrong.
    """
    network, known = program.network, describe(program.data)
    if known is None:
        if network.input is None or network.classes is None:
            raise user_error(
                "NAS406",
                f"shape of the data is not known: `data {program.data.source}` has no path",
                span=network.span,
                help="pass `--set data.path=...`, or give `input` and `classes` in `network`",
            )
        return network.input, network.classes
    example = (known.channels, known.height, known.width)
    for key, given, found in (
        ("input", network.input, example),
        ("classes", network.classes, known.classes),
    ):
        if given is not None and given != found:
            shown = show_shape(found) if isinstance(found, tuple) else found
            raise user_error(
                "NAS405",
                f"`{key}` of the network is not that of the data, {shown}",
                span=program.spans[f"network.{key}"],
                help=f"remove `{key}`: it is taken from the data",
            )
    return example, known.classes
