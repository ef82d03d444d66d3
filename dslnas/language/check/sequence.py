"""Recurrent cells: they go with one another, and with data that are sequences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dslnas.diagnostics import Diagnostics, Note
from dslnas.edits import Advice, Help, removal
from dslnas.language.check.calls import called
from dslnas.language.check.cell import Cell
from dslnas.language.check.context import Context
from dslnas.language.check.network_places import named_cells
from dslnas.language.link.link import LinkedProgram
from dslnas.language.syntax import ast
from dslnas.ops.catalogue import LANGUAGE
from dslnas.settings.data import DATA
from dslnas.settings.data_base import DataSettings
from dslnas.settings.task import TaskSettings


def used_cells(linked: LinkedProgram) -> dict[ast.Name, bool]:
    """Return the cells of the network where they are first used, each with whether it has states.

    It is asked of the text, so that a mistake elsewhere in a cell does not make it another kind.
    """
    layout = linked.given("network").get("cells")
    names: dict[str, ast.Name] = {}
    values = layout.values if layout else ()
    for name in (name for value in values for name in named_cells(value)):
        if name.text in linked.cells:
            names.setdefault(name.text, name)
    return {name: _is_recurrent(name.text, linked.cells) for name in names.values()}


def task_for(
    linked: LinkedProgram, tasks: Sequence[TaskSettings], used: Mapping[ast.Name, bool]
) -> TaskSettings:
    """Return the task whose data a program names, or the first that reads data with such cells.

    Cells are told apart by the names of their inputs, and by whether they have states. Of several
    tasks that read the same data it is the one that `task` names.

    Args:
        linked: The program.
        tasks: All tasks.
        used: The cells of its network, see `used_cells`.
    """
    name = linked.name_of("data")
    if name is not None and name.text in DATA:
        model = DATA[name.text]
        fitting = [task for task in tasks if issubclass(model, task.data)]
    else:
        is_recurrent, named = any(used.values()), _input_names(linked, used)
        of_names = [task for task in tasks if task.inputs and named.issuperset(task.inputs)]
        of_kind = [task for task in tasks if task.is_recurrent == is_recurrent and not task.inputs]
        first = (of_names or of_kind)[0]
        model = DATA[first.source]
        fitting = [task for task in tasks if task.data is first.data]
    word = _word(linked, model)
    return next((task for task in fitting if task.word == word), fitting[0])


def _word(linked: LinkedProgram, model: type[DataSettings]) -> str:
    """Return what a program says is predicted, or what its source usually is for."""
    setting = linked.given("data").get("task")
    value = setting.values[0] if setting else None
    return value.text if isinstance(value, ast.Name) else model().goal


def check_sequence(
    used: Mapping[ast.Name, bool], cells: Mapping[str, Cell], source: str, context: Context
) -> None:
    """Check that cells and data are both for sequences, or none is; NAS314 is recorded.

    `used` are those of the network, see `used_cells`, and `cells` all that could be understood.
    """
    linked, diagnostics = context.linked, context.diagnostics
    recurrent = [name for name, has_states in used.items() if has_states]
    others = [name for name, has_states in used.items() if not has_states]
    name = linked.name_of("data")
    if recurrent and others:
        diagnostics.add(
            "NAS314",
            f"cell `{others[0].text}` is not recurrent, and others of the network are",
            others[0].span,
            notes=[Note("a recurrent cell is here", recurrent[0].span)],
            help="give it `states`, or leave it out",
        )
    elif recurrent and not context.task.is_recurrent:
        fitting = [other for other in context.tasks if other.is_recurrent]
        bases = tuple(other.data for other in fitting)
        sources = [f"`data {name}`" for name, model in DATA.items() if issubclass(model, bases)]
        diagnostics.add(
            "NAS314",
            f"recurrent cells read {' or '.join(o.examples for o in fitting)}, not `data {source}`",
            name.span if name else recurrent[0].span,
            notes=[Note("a recurrent cell is here", recurrent[0].span)] if name else (),
            help=f"write {' or '.join(sources)}, or use cells without `states`",
        )
    elif others and context.task.is_recurrent:
        diagnostics.add(
            "NAS314",
            f"`data {source}` is read by recurrent cells, and `{others[0].text}` is none",
            name.span if name else others[0].span,
            notes=[Note("the cell is here", others[0].span)] if name else (),
            help="`use papers.darts_rnn`, or give the cell `states`",
        )
    elif others and _stem_reads_tokens(linked) and _lacks_states(others[0].text, cells):
        place = linked.cells[others[0].text].name
        message = f"cell `{place.text}` has no `states`, and the stem of its network reads tokens"
        help = "give it `states`, as in `states h`; networks of images `use std.cnn`"
        diagnostics.add("NAS314", message, place.span, help=help)
    for name in recurrent:
        if name.text in cells:
            _check_cell(cells[name.text], linked.cells[name.text], diagnostics)


def _stem_reads_tokens(linked: LinkedProgram) -> bool:
    """Whether the first layer of the network reads tokens."""
    stem = linked.given("network").get("stem")
    layer = stem.values[0] if stem else None
    seen: set[str] = set()
    while layer is not None:
        while isinstance(layer, ast.Chain):
            layer = layer.stages[0]
        call = called(layer)
        name = "" if call is None else call[0].text
        if name not in linked.operations or name in seen:
            return name in LANGUAGE and LANGUAGE[name].reads_tokens
        seen.add(name)
        layer = linked.operations[name].body
    return False


def _lacks_states(name: str, cells: Mapping[str, Cell]) -> bool:
    """Whether it has to be said that a cell has no states.

    It has not if the cell could not be understood, or says what its states become: something is
    reported already.
    """
    return name in cells and "next" not in cells[name].spans


def _is_stride(statement: ast.Statement) -> bool:
    return isinstance(statement, ast.Setting) and statement.key.text == "stride"


def _check_cell(cell: Cell, definition: ast.CellDef, diagnostics: Diagnostics) -> None:
    wrong: list[tuple[str, Help]] = []
    if cell.stride > 1:
        edits = tuple(removal(s.span) for s in definition.statements if _is_stride(s))
        words = "remove `stride`: there are no images to be made smaller"
        wrong.append(("stride", Advice(words, edits=edits)))
    if cell.preprocess is not None:
        wrong.append(("preprocess", "write what fits the input in `first` or a value"))
    for key, help in wrong:
        message = f"`{key}` does not go with the states of cell `{cell.name}`"
        diagnostics.add("NAS314", message, cell.spans[key], help=help)


def _is_recurrent(name: str, cells: Mapping[str, ast.CellDef]) -> bool:
    """Whether a cell, or one that it is like, has states."""
    for cell in _with_bases(name, cells):
        for statement in cell.statements:
            if isinstance(statement, ast.Setting) and statement.key.text == "states":
                value = statement.values[0]
                return not (isinstance(value, ast.Name) and value.text == "none")
    return False


def _input_names(linked: LinkedProgram, used: Mapping[ast.Name, bool]) -> set[str]:
    """Return the names that cells give their inputs."""
    return {
        value.text
        for name in used
        for cell in _with_bases(name.text, linked.cells)
        for statement in cell.statements
        if isinstance(statement, ast.Setting) and statement.key.text == "inputs"
        for value in statement.values
        if isinstance(value, ast.Name)
    }


def _with_bases(name: str, cells: Mapping[str, ast.CellDef]) -> Iterator[ast.CellDef]:
    seen: set[str] = set()
    like: str | None = name
    while like is not None and like in cells and like not in seen:
        seen.add(like)
        yield cells[like]
        base = cells[like].like
        like = None if base is None else base.text
