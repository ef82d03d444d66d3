"""Program to checked program: all names, arguments, values and settings, all mistakes at once."""

from __future__ import annotations

from collections.abc import Sequence

from dslnas.diagnostics import Diagnostics
from dslnas.language.check.cells import check_cells
from dslnas.language.check.checked import CheckedProgram
from dslnas.language.check.constants import RESERVED, evaluate_lets
from dslnas.language.check.context import Context
from dslnas.language.check.network import read_network
from dslnas.language.check.operation_definitions import check_definitions
from dslnas.language.check.search import (
    check_evaluation,
    check_export,
    check_parts,
    check_search,
    check_unsearched,
)
from dslnas.language.check.sections import (
    read_data,
    read_derivation,
    read_search,
    read_section,
)
from dslnas.language.check.sequence import check_sequence, task_for, used_cells
from dslnas.language.check.specials import check_specials
from dslnas.language.link.definitions import Definitions
from dslnas.language.link.link import LinkedProgram
from dslnas.settings.sections import EvaluateSettings, ExportSettings
from dslnas.settings.task import TaskSettings
from dslnas.spelling import another_name


def check(linked: LinkedProgram, tasks: Sequence[TaskSettings]) -> CheckedProgram:
    """Return the checked program; its data say for which of the tasks it is.

    Raises:
        UserError: NAS2xx to NAS5xx, every mistake of the program, sorted by position.
    """
    diagnostics = Diagnostics()
    for name in RESERVED:
        if name in linked.constants:
            message = f"`{name}` has a meaning of its own and cannot be a constant"
            span = linked.constants[name].name.span
            diagnostics.add("NAS204", message, span, help=another_name(span))
    constants = evaluate_lets(linked.constants, diagnostics)
    check_definitions(linked.operations, constants, diagnostics)
    used = used_cells(linked)
    task = task_for(linked, tasks, used)
    context = Context(linked, constants, diagnostics, task, tasks)
    cells = check_cells(context)
    network = read_network(context, cells)
    data, search = read_data(context), read_search(context)
    if network is not None and isinstance(network.input, tuple):
        data = data.fitted(network.input)
    derivation = read_derivation(context, cells)
    evaluate = read_section(EvaluateSettings, context)
    export = read_section(ExportSettings, context)
    if search is not None:
        check_search(search, derivation, cells, context)
    elif "search" not in linked.sections:
        check_unsearched(derivation, context)
    check_evaluation(data, evaluate, context)
    check_export(export, context)
    check_parts(data, search, evaluate, context)
    check_sequence(used, cells, data.source, context)
    check_specials(context)
    diagnostics.raise_if_any()
    assert network is not None
    return CheckedProgram(
        constants,
        Definitions({**linked.operations, **context.inline}),
        cells,
        network,
        data,
        search,
        evaluate,
        export,
        derivation,
        context.spans,
    )
