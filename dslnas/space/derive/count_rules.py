"""Whether cells can be derived from a space that are connected and obey the counts of a rule."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from dslnas.diagnostics import Diagnostics, UserError, user_error
from dslnas.language.check.cell import Cell
from dslnas.settings.rule import Count, Rule
from dslnas.source import Span
from dslnas.space.connectivity import Connectivity, connectivity
from dslnas.space.derive.constrained_derivation import count_steps, possible_numbers
from dslnas.space.search_space import SearchSpace

MAX_STEPS = 1_000_000
"""Then a cell is derived in seconds."""


def check_rule(space: SearchSpace, rule: Rule, spans: Mapping[str, Span]) -> None:
    """Check that an architecture exists that is connected and obeys a rule.

    Raises:
        UserError: NAS315 for a cell of which none is connected; NAS509 at a count that a cell
            cannot obey, alone or together with the others; NAS510 if there is too much to obey to
            find a cell in a sensible time.
    """
    found = Diagnostics()
    for name in space.searched:
        _check_cell(space.cells[name], rule, spans, found)
    found.raise_if_any()


def counts_in(cell: Cell, rule: Rule) -> tuple[Count, ...]:
    """Return the counts of operations that an edge of the cell may have."""
    offered = {operation.text for edge in cell.edges for operation in edge.operations}
    return tuple(count for count in rule.counts if count.operation in offered)


def unobeyable(cell: Cell) -> UserError:
    """Return the error for a cell that cannot obey its counts."""
    return user_error("NAS509", _together(cell), help=_HELP)


_HELP = "counts hold for every cell that offers the operation; loosen one, or change the cell"
_NO_ZEROS = "an edge of a derived cell can be a zero only where the cell says `none allowed`"


def _check_cell(cell: Cell, rule: Rule, spans: Mapping[str, Span], found: Diagnostics) -> None:
    counts, connected = counts_in(cell, rule), connectivity(cell, thins=rule.thins)
    if connected is not None and not _can_be_connected(connected, rule, found):
        return
    if not counts:
        return
    first = spans.get(f"derive.count.{counts[0].operation}")
    steps = count_steps(cell, counts, thins=rule.thins)
    if steps > MAX_STEPS:
        found.add(
            "NAS510",
            f"too many counts: to derive cell `{cell.name}` may take {steps:,} steps, "
            f"more than the {MAX_STEPS:,} allowed",
            first,
            help="count fewer operations, or only up to a smaller number",
        )
    elif not _can_obey(cell, counts, rule):
        zeros = {op.text for edge in cell.edges for op in edge.operations if op.is_zero}
        alone = [count for count in counts if not _can_obey(cell, (count,), rule)]
        for count in alone:
            span = spans.get(f"derive.count.{count.operation}")
            is_excluded = count.operation in zeros and not cell.none_allowed
            help = _NO_ZEROS if is_excluded else _HELP
            found.add("NAS509", _too_strict(cell, count, rule), span, help=help)
        if not alone:
            found.add("NAS509", _together(cell), first, help=_HELP)


def _can_be_connected(connected: Connectivity, rule: Rule, found: Diagnostics) -> bool:
    """Whether a connected cell can be derived; NAS315 or NAS510 is recorded where none is found."""
    cell = connected.cell
    steps = count_steps(cell, (), thins=rule.thins)
    if steps > MAX_STEPS:
        found.add(
            "NAS510",
            f"too many inputs: to derive cell `{cell.name}`, which depends on all of them, may "
            f"take {steps:,} steps, more than the {MAX_STEPS:,} allowed",
            cell.span,
            help="join inputs in a cell or a value without choices",
        )
    elif not possible_numbers(cell, (), thins=rule.thins):
        wanted = " and on ".join(_one_of(one.sources) for one in connected.requirements)
        found.add(
            "NAS315",
            f"no cell that can be derived from `{cell.name}` is connected: its output must depend "
            f"on {wanted}",
            cell.span,
            help="let operations that give more than zeros lead from there to the output",
        )
    else:
        return True
    return False


def _one_of(names: Collection[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in sorted(names))
    return shown if len(names) == 1 else f"one of {shown}"


def _can_obey(cell: Cell, counts: Sequence[Count], rule: Rule) -> bool:
    return any(
        all(count.allows(number) for count, number in zip(counts, numbers, strict=True))
        for numbers in possible_numbers(cell, counts, thins=rule.thins)
    )


def _together(cell: Cell) -> str:
    return f"no cell derived from `{cell.name}` obeys all counts"


def _too_strict(cell: Cell, count: Count, rule: Rule) -> str:
    """Say what is the most, or the least, that the cell can have."""
    any_number = Count(count.operation, most=len(cell.edges))
    possible = {n for (n,) in possible_numbers(cell, (any_number,), thins=rule.thins)}
    few = max(possible) < count.least
    number = max(possible) if few else min(possible)
    return (
        f"a cell derived from `{cell.name}` has at {'most' if few else 'least'} {number} "
        f"edge{'' if number == 1 else 's'} with `{count.operation}`"
    )
