"""Inputs of a network: the shapes of an example, from the spec and from the data."""

from __future__ import annotations

from collections.abc import Iterable

from dslnas.data.examples import DataShape
from dslnas.diagnostics import user_error
from dslnas.language.check.checked import CheckedProgram
from dslnas.ops.primitive import by_name
from dslnas.ops.shapes import show_shape
from dslnas.tasks.catalogue import task_of


def example_of(program: CheckedProgram) -> DataShape:
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
    shapes = by_name(known.shape)
    if {given.name for given in network.inputs} != set(shapes):
        raise user_error(
            "NAS405",
            f"network reads {_shown(given.name for given in network.inputs)}, but "
            f"`data {data.source}` gives {_shown(shapes)}",
            span=network.inputs[0].span,
            help="name the inputs of `stem` and `input` as the data do, or not at all",
        )
    for given in network.inputs:
        found = shapes[given.name]
        if given.shape is not None and given.shape != found:
            of = f" of `{given.name}`" if given.name else " of the network"
            raise user_error(
                "NAS405",
                f"`input`{of} is not that of the data, {show_shape(found)}",
                span=program.spans["network.input"],
                help="remove `input`: it is taken from the data",
            )
    if network.classes is not None and network.classes != known.classes:
        raise user_error(
            "NAS405",
            f"`classes` of the network is not that of the data, {known.classes}",
            span=program.spans["network.classes"],
            help="remove `classes`: it is taken from the data",
        )
    return known


def _shown(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" if name else "one input without a name" for name in names)
