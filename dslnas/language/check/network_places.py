"""The cells of the network in order, and choices among them: which, how many, how wide."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from dslnas.diagnostics import user_error
from dslnas.edits import Advice, Edit, idle_removal, removal
from dslnas.language.check.bind import only_value
from dslnas.language.check.cell import Cell
from dslnas.language.check.checked import CheckedPlace
from dslnas.language.check.constants import number_of
from dslnas.language.check.context import Context
from dslnas.language.check.inner_cells import inner_cells
from dslnas.language.link.link import library_with
from dslnas.language.syntax import ast
from dslnas.settings.sections import MAX_SIDE
from dslnas.spelling import suggestion

_Items: TypeAlias = tuple[ast.Expression, ...]


def named_cells(value: ast.Expression) -> tuple[ast.Name, ...]:
    """Return the names of the cells in a value of `cells`, such as `{wide, narrow} * 2`."""
    return tuple(item for item in _parts(value)[0] if isinstance(item, ast.Name))


def _parts(value: ast.Expression) -> tuple[_Items, _Items]:
    """Return what stands for cells in a value of `cells`, and what for their numbers, if any."""
    match value:
        case ast.Binary(sign="*", left=cells, right=counts):
            return _items(cells), _items(counts)
    return _items(value), ()


def _items(expression: ast.Expression) -> _Items:
    return expression.items if isinstance(expression, ast.Choice) else (expression,)


def read_places(
    values: Sequence[ast.Expression], context: Context, cells: Mapping[str, Cell]
) -> tuple[CheckedPlace, ...]:
    """Return where cells stand; how many there are is known only with N.

    Records NAS303 for what is no cell, NAS308 for a cell that is listed twice, NAS201 for an
    unknown one, NAS302 for one that is not used.
    """
    places, defined = tuple(_places(values, context)), context.linked.cells
    names = [name for place in places for name in place.names]
    unknown = {name.text: name for name in reversed(names) if name.text not in defined}
    _record_unknown(unknown, context)
    if len(places) < len(values) or unknown:
        return places  # what is not understood may stand for any cell
    used = {name.text for name in names}
    used |= {cell.like.text for cell in defined.values() if cell.like is not None}
    doubtful = [c for c in cells.values() if c.name not in used and not c.span.source.library]
    if doubtful:
        used |= {n for cell in defined.values() for n in inner_cells(cell, context.linked)}
    for cell in doubtful:
        if cell.name not in used:
            message = f"cell `{cell.name}` is never used"
            edits = (removal(defined[cell.name].span, safe=False),)
            help = Advice("add it to `cells` of the network, or remove it", edits=edits)
            context.diagnostics.add("NAS302", message, cell.span, help=help)
    return places


def _record_unknown(names: Mapping[str, ast.Name], context: Context) -> None:
    """Record NAS201 for unknown cells where they stand first; the library tells whose they are."""
    user = next((n.span.source for n in names.values() if n.span.source.library), None)
    owner = library_with(names) if user else ""
    help = ""
    if user and owner:
        beside = f"`use {owner}` beside `use {user.name.strip('<>')}`"
        help = f"the network takes cells from elsewhere: write {beside}"
    for name in names.values():
        known = context.linked.cells
        context.diagnostics.add(
            "NAS201",
            f"unknown cell `{name.text}`",
            name.span,
            help=help or suggestion(name.text, known),
        )


def _places(values: Sequence[ast.Expression], context: Context) -> Iterator[CheckedPlace]:
    for value in values:
        (cells, counts), names = _parts(value), named_cells(value)
        if len(names) < len(cells):
            message = f"expected a cell, found `{value.span.brief}`"
            help = "write the name of a cell, `normal * N`, or `{wide, narrow} * {1, 2}`"
            context.diagnostics.add("NAS303", message, value.span, help=help)
            continue
        with context.diagnostics.collecting():
            _check_distinct([name.text for name in names], value, "cell")
            yield CheckedPlace(names, counts, value.span)


def read_widths(given: Mapping[str, ast.Setting], context: Context) -> tuple[int, ...] | None:
    """Return the numbers that C is chosen from; None where it is no choice.

    Records NAS502 for what is no number of channels and for more than one choice, NAS308 for a
    number that is listed twice, NAS504 for channels of `evaluate` beside them.
    """
    setting = given.get("channels")
    if setting is None or not isinstance(setting.values[0], ast.Choice):
        return None
    choice = only_value(setting, context.diagnostics, _one_choice(setting))
    assert isinstance(choice, ast.Choice), "the first value is one"
    widths: list[int] = []
    with context.diagnostics.collecting():
        widths += (_width(item, context) for item in choice.items)
        _check_distinct(widths, choice, "number")
    other = context.linked.given("evaluate").get("channels")
    if len(widths) > 1 and other is not None and not other.span.source.library:
        message = "`channels` of `evaluate` changes nothing: the search chooses them"
        words = "leave it out, or give `network` one number of `channels`"
        help = Advice(words, edits=(idle_removal(other.span),))
        context.diagnostics.add("NAS504", message, other.key.span, help=help)
    return tuple(widths)


def _one_choice(setting: ast.Setting) -> Advice:
    """Say that several choices are written as one."""
    items = [item.span.text for value in setting.values for item in _items(value)]
    return Advice("write one choice", edits=(Edit(setting.values_span, f"{{{', '.join(items)}}}"),))


def _width(item: ast.Expression, context: Context) -> int:
    width = number_of(item, context.constants)
    if not isinstance(width, int) or not 1 <= width <= MAX_SIDE:
        raise user_error(
            "NAS502",
            f"`channels` must be whole numbers from 1 to {MAX_SIDE:,}, found {item.span.brief}",
            span=item.span,
            help="write something like `channels {16, 24, 32}`",
        )
    return width


def _check_distinct(items: Sequence[object], choice: ast.Expression, what: str) -> None:
    for item in items:
        if items.count(item) > 1:
            message = f"{what} `{item}` is in the choice twice"
            help = Advice("remove one of them", edits=_repeats(items, choice))
            raise user_error("NAS308", message, span=choice.span, help=help)


def _repeats(items: Sequence[object], choice: ast.Expression) -> tuple[Edit, ...]:
    """Return the edit that removes the first item of a choice which stands before it, too."""
    if isinstance(choice, ast.Binary):
        choice = choice.left
    if not isinstance(choice, ast.Choice):
        return ()
    place = next(n for n, item in enumerate(items) if item in items[:n])
    return (removal(choice.items[place].span),)
