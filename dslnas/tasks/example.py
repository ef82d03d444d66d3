"""Inputs of a network: the shape of an example, from the spec and from the data."""

from __future__ import annotations

from dslnas.diagnostics import user_error
from dslnas.language.check.checked import CheckedProgram
from dslnas.ops.primitive import Shape
from dslnas.ops.shapes import show_shape
from dslnas.tasks.catalogue import task_of


def example_of(program: CheckedProgram) -> tuple[Shape, int]:
    """Return the shape of an example and the number of classes, from the spec and the data.

    Raises:
        UserError: NAS405 if they disagree, NAS406 if neither tells, NAS6xx if the data are wrong.
    """
    network, data = program.network, program.data
    task = task_of(data)
    known = task.describe(data, network)
    if known is None:
        raise user_error(
            "NAS406",
            f"shape of the data is not known: `data {data.source}` has no path",
            span=network.span,
            help=f"pass `--set data.path=...`, or give {task.needed} in `network`",
        )
    for key, given, found in (
        ("input", network.input, known.shape),
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
    return known.shape, known.classes
