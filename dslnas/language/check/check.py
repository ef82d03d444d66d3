"""Program to checked program: all names, arguments, values and settings, all mistakes at once."""

from __future__ import annotations

from dslnas.diagnostics import Diagnostics
from dslnas.language.check.batch_parts import check_parts
from dslnas.language.check.cells import check_cells
from dslnas.language.check.checked import CheckedProgram
from dslnas.language.check.constants import evaluate_lets
from dslnas.language.check.operations import check_definitions
from dslnas.language.check.search import check_search
from dslnas.language.check.sections import Sections
from dslnas.language.check.sequence import check_fitting, check_sequence, used_cells
from dslnas.language.link.link import LinkedProgram
from dslnas.settings.sections import (
    EvaluateSettings,
    ExportSettings,
)

# Names with a meaning of their own in operations and networks.
RESERVED = ("C", "C_in", "N", "stride", "classes")


def check(linked: LinkedProgram) -> CheckedProgram:
    """Return the checked program.

    Raises:
        UserError: NAS2xx to NAS5xx, every mistake of the program, sorted by position.
    """
    found = Diagnostics()
    for name in RESERVED:
        if name in linked.constants:
            found.add(
                "NAS204",
                f"`{name}` has a meaning of its own and cannot be a constant",
                linked.constants[name].name.span,
                help="choose another name",
            )
    constants = evaluate_lets(linked.constants, found)
    check_definitions(linked.operations, constants, found)
    cells = check_cells(linked, constants, found)
    sections = Sections(linked, constants, found)
    network = sections.network(cells)
    used = used_cells(linked)
    data = sections.data(is_sequence=any(used.values()))
    engine, search = sections.search()
    derivation = sections.derivation(cells)
    if engine is not None and search is not None:
        usual = sections.usual(type(search))
        check_search(engine, search, usual, derivation, cells, sections.spans, found)
    evaluate = sections.plain(EvaluateSettings)
    check_parts(data, search, evaluate, sections.spans, found)
    check_sequence(used, cells, data, linked, found)
    check_fitting(data, (search, evaluate), derivation, linked, sections.spans, found)
    export = sections.plain(ExportSettings)
    found.raise_if_any()
    assert network is not None
    return CheckedProgram(
        constants,
        linked.operations,
        cells,
        network,
        data,
        engine,
        search,
        evaluate,
        export,
        derivation,
        sections.spans,
    )
