"""Checks of choices around the cells of a network: where they cannot be made."""

from __future__ import annotations

from collections.abc import Mapping

from dslnas.diagnostics import Diagnostics
from dslnas.edits import Advice, idle_removal
from dslnas.language.check.cell import Cell
from dslnas.language.check.checked import CheckedProgram
from dslnas.space.continuous import has_searched
from dslnas.space.network import Network


def check_network_choices(
    program: CheckedProgram,
    search: Network,
    final: Network,
    cells: Mapping[str, Cell],
    found: Diagnostics,
) -> None:
    """Check that the final network can have what the search chooses around its cells.

    Records NAS318 for recurrent cells, for cells that read more than the one before them where
    the number of those is chosen, for searched weights of cells whose width is, and for places that
    N makes others in the final network.
    """
    if not search.decisions:
        return
    used = [cells[name] for name in dict.fromkeys(search.layout) if name in cells]
    recurrent = next((cell for cell in used if cell.is_recurrent), None)
    if recurrent is not None:
        message = f"cell `{recurrent.name}` is recurrent, and nothing can be chosen around it"
        help = "give the network its cells and channels; choose inside of the cell"
        chosen = next((place.span for place in search.places if place.is_chosen), None)
        span = chosen or program.spans.get("network.channels", search.span)
        found.add("NAS318", message, span, help=help)
        return
    for cell in filter(has_searched, used if search.widths else ()):
        message = f"cell `{cell.name}` has weights that are searched, in as many sizes as C has"
        help = "give the network one number of `channels`"
        found.add("NAS318", message, search.span, help=help)
    counted = False
    for place in search.places:
        for cell in (cells[name] for name in place.cells if counted and name in cells):
            if len(cell.inputs) > 1:
                message = f"cell `{cell.name}` reads {len(cell.inputs)} cells, and which they are "
                message += "depends on how many are chosen before it"
                found.add("NAS318", message, place.span or search.span, help="give it `inputs 1`")
        counted = counted or len(place.counts) > 1
    if _rows(search) != _rows(final):
        found.add(
            "NAS318",
            "the final network has other choices than the supernet, as N is another",
            search.span,
            help="write the numbers of cells at these places without N, or give `repeat` of "
            "`network` and of `evaluate` the same value",
        )


def check_sharing(
    program: CheckedProgram, search: Network, cells: Mapping[str, Cell], found: Diagnostics
) -> None:
    """Check that there is something to share where slices are shared; else NAS504 is recorded."""
    used = (cells[name] for name in search.layout if name in cells)
    if search.shares_slices and not any(cell.inner_rows[-1] for cell in used):
        place, whole = (program.spans.get(f"{part}search.sharing") for part in ("", "all of "))
        edits = (idle_removal(whole),) if whole else ()
        words = "leave it out, or write a choice such as `conv({3, 5})`; widths of the network "
        found.add(
            "NAS504",
            "`sharing` changes nothing: no operation has a choice inside of it",
            place,
            help=Advice(f"{words}share slices in any case", edits=edits),
        )


def _rows(network: Network) -> list[tuple[str, int]]:
    return [(decision.name, len(decision.alternatives)) for decision in network.decisions]
