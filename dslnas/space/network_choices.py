"""Checks of choices around the cells of a network: where they cannot be made."""

from __future__ import annotations

from collections.abc import Mapping

from dslnas.diagnostics import Diagnostics
from dslnas.language.check.cell import Cell
from dslnas.language.check.checked import CheckedProgram
from dslnas.space.continuous import has_searched
from dslnas.space.network import Network


def check_network_choices(
    search: Network, final: Network, cells: Mapping[str, Cell], found: Diagnostics
) -> None:
    """Check that the final network can have what the search chooses around its cells.

    Records NAS318 for recurrent cells, for cells that read more than the one before them where
    that may be left out, and for places that N makes others in the final network.
    """
    if not search.decisions:
        return
    layout = [(place, cells[n]) for place in search.places for n in place.cells if n in cells]
    is_open = False
    for place, cell in layout:
        is_open = is_open or place.is_chosen
        if cell.is_recurrent:
            message = f"cell `{cell.name}` is recurrent, and the cells of its network are chosen"
            help = "give the network its cells and channels; choose inside of them"
        elif search.widths and has_searched(cell):
            message = f"cell `{cell.name}` has weights that are searched, in as many sizes as C has"
            help = "give the network one number of `channels`"
        elif is_open and len(cell.inputs) > 1:
            message = f"cell `{cell.name}` reads {len(cell.inputs)} cells, and"
            message += " which they are depends on what is chosen"
            help = "give it `inputs 1`"
        else:
            continue
        found.add("NAS318", message, place.span or search.span, help=help)
        return
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
        found.add(
            "NAS504",
            "`sharing` changes nothing: no operation has a choice inside of it",
            program.spans.get("search.sharing"),
            help="leave it out, or write a choice such as `conv({3, 5})`; widths of the network "
            "share slices in any case",
        )


def _rows(network: Network) -> list[tuple[str, int]]:
    return [(decision.name, len(decision.alternatives)) for decision in network.decisions]
