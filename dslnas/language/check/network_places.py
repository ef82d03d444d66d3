"""The cells of the network in order, and choices among them: which, how many, how wide."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dslnas.diagnostics import user_error
from dslnas.language.check.cell import Cell
from dslnas.language.check.checked import CheckedPlace
from dslnas.language.check.constants import number_of
from dslnas.language.check.context import Context
from dslnas.language.check.inner_cells import inner_cells
from dslnas.language.syntax import ast

MAX_CHANNELS = 65536


def named_cells(value: ast.Expression) -> tuple[ast.Name, ...]:
    """Return the names of the cells in a value of `cells`, such as `{wide, narrow} * 2`."""
    cells = value.left if isinstance(value, ast.Binary) and value.sign == "*" else value
    items = cells.items if isinstance(cells, ast.Choice) else (cells,)
    return tuple(item for item in items if isinstance(item, ast.Name))


def read_places(
    values: Sequence[ast.Expression], context: Context, cells: Mapping[str, Cell]
) -> tuple[CheckedPlace, ...]:
    """Return where cells stand; how many there are is known only with N.

    Records NAS303 for what is no cell, NAS308 for a cell that is listed twice, NAS201 for an
    unknown one, NAS302 for one that is not used.
    """
    places, defined = tuple(_places(values, context)), context.linked.cells
    names = [name for place in places for name in place.names]
    known = [context.diagnostics.is_known("cell", n.text, n.span, defined) for n in names]
    if len(places) < len(values) or not all(known):
        return places  # what is not understood may stand for any cell
    used = {name.text for name in names}
    used |= {cell.like.text for cell in defined.values() if cell.like is not None}
    used |= {n for cell in defined.values() for n in inner_cells(cell, context.linked)}
    for cell in cells.values():
        if cell.name not in used and not cell.span.source.library:
            message = f"cell `{cell.name}` is never used"
            help = "add it to `cells` of the network, or remove it"
            context.diagnostics.add("NAS302", message, cell.span, help=help)
    return places


def _places(values: Sequence[ast.Expression], context: Context) -> Iterator[CheckedPlace]:
    for value in values:
        counted = isinstance(value, ast.Binary) and value.sign == "*"
        cells = value.left if isinstance(value, ast.Binary) and counted else value
        items = cells.items if isinstance(cells, ast.Choice) else (cells,)
        names = named_cells(value)
        if len(names) < len(items):
            message = f"expected a cell, found `{value.span.brief}`"
            help = "write the name of a cell, `normal * N`, or `{wide, narrow}`"
            context.diagnostics.add("NAS303", message, value.span, help=help)
            continue
        with context.diagnostics.collecting():
            _check_distinct([name.text for name in names], cells, "cell")
            counts: tuple[ast.Expression, ...] = ()
            if isinstance(value, ast.Binary) and counted:
                right = value.right
                counts = right.items if isinstance(right, ast.Choice) else (right,)
            yield CheckedPlace(names, counts, value.span)


def read_widths(given: Mapping[str, ast.Setting], context: Context) -> tuple[int, ...]:
    """Return the numbers that C is chosen from; none where it is no choice.

    Records NAS502 for what is no number of channels, NAS308 for one that is listed twice, NAS504
    for channels of `evaluate` beside them.
    """
    setting = given.get("channels")
    if setting is None or not isinstance(setting.values[0], ast.Choice):
        return ()
    widths: list[int] = []
    with context.diagnostics.collecting():
        for item in setting.values[0].items:
            width = number_of(item, context.constants)
            if not isinstance(width, int) or not 1 <= width <= MAX_CHANNELS:
                message = f"`channels` must be whole numbers from 1 to {MAX_CHANNELS:,}"
                raise user_error("NAS502", f"{message}, found {item.span.brief}", span=item.span)
            widths.append(width)
        _check_distinct(widths, setting.values[0], "number")
    other = context.linked.given("evaluate").get("channels")
    if other is not None and not other.span.source.library:
        message = "`channels` of `evaluate` changes nothing: the search chooses them"
        help = "leave it out, or give `network` one number of `channels`"
        context.diagnostics.add("NAS504", message, other.key.span, help=help)
    return tuple(widths)


def _check_distinct(items: Sequence[object], choice: ast.Expression, what: str) -> None:
    for item in items:
        if items.count(item) > 1:
            message = f"{what} `{item}` is in the choice twice"
            raise user_error("NAS308", message, span=choice.span, help="remove one of them")
