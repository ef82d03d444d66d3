"""`count` of `derive`: how many edges of a derived cell may have an operation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from dslnas.diagnostics import Diagnostics, Note, UserError, suggestion, user_error
from dslnas.language.check.bind_calls import shown
from dslnas.language.check.cell import Cell
from dslnas.language.check.comparisons import comparisons, given_twice
from dslnas.language.check.constants import Scope, number_of
from dslnas.language.check.operations import resolve
from dslnas.language.link.link import LinkedProgram
from dslnas.language.syntax import ast
from dslnas.settings.rule import Count
from dslnas.settings.sections import DERIVE_EXPRESSIONS
from dslnas.source import Span

_Bound: TypeAlias = tuple[int, Span]
"""One end of a range, and where it is written."""


def check_counts(
    setting: ast.Setting | None,
    linked: LinkedProgram,
    constants: Scope,
    cells: Mapping[str, Cell],
    diagnostics: Diagnostics,
) -> dict[Count, Span]:
    """Return the counts of operations, each with the place of its first bound.

    Records NAS201, NAS208 and NAS304 for what is no operation, NAS502 for what is no number of
    edges, NAS504 for a bound that is given twice, NAS509 for what no cell offers or no number is.
    """
    bounds: dict[str, dict[str, _Bound]] = {}
    for comparison in comparisons(setting, "skip_connect <= 2", diagnostics):
        try:
            operation = _operation(comparison.left, linked, constants, cells)
            value = _edges(comparison, constants)
        except UserError as error:
            diagnostics.extend(error)
            continue
        ends = bounds.setdefault(operation, {})
        which = "upper" if comparison.operator in ("<", "<=") else "lower"
        if which in ends:
            message = f"`{operation}` has two {which} bounds"
            given_twice(message, comparison, ends[which][1], diagnostics)
        ends.setdefault(which, (value, comparison.span))
    return dict(_ranges(bounds, diagnostics))


def _operation(
    left: ast.Expression,
    linked: LinkedProgram,
    constants: Scope,
    cells: Mapping[str, Cell],
) -> str:
    """Return the text of the operation that is counted."""
    if isinstance(left, ast.Name) and left.text in linked.sets:
        raise user_error(
            "NAS304",
            f"`{left.text}` is a set of operations, and each is counted alone",
            span=left.span,
            help="name one operation",
        )
    operation = resolve(left, linked.operations, constants).text
    edges = [edge for cell in cells.values() for edge in cell.edges]
    offered = {op.text for edge in edges for op in edge.operations}
    is_searched = any(len(edge.operations) > 1 for edge in edges)
    if is_searched and operation not in offered:
        raise user_error(
            "NAS509",
            f"no cell offers `{operation}`, so there is nothing to count",
            span=left.span,
            help=suggestion(operation, offered),
        )
    return operation


def _edges(comparison: ast.Comparison, constants: Scope) -> int:
    """Return the smallest or largest number of edges that a comparison allows."""
    right = comparison.right
    number = number_of(right, constants)
    help = f"`count`: {DERIVE_EXPRESSIONS['count']}"
    if not isinstance(number, int) or number < 0:
        message = f"`count` takes whole numbers of at least 0, not {shown(right, number)}"
        raise user_error("NAS502", message, span=right.span, help=help)
    if comparison.operator == "<" and number == 0:
        raise user_error("NAS502", "no count is less than 0", span=comparison.span, help=help)
    return number + {"<": -1, ">": 1}.get(comparison.operator, 0)


def _ranges(
    bounds: Mapping[str, Mapping[str, _Bound]], diagnostics: Diagnostics
) -> Iterator[tuple[Count, Span]]:
    """Yield a count for every operation that has a bound."""
    for operation, ends in bounds.items():
        least = ends["lower"][0] if "lower" in ends else 0
        most = ends["upper"][0] if "upper" in ends else None
        first, *others = (span for _, span in ends.values())
        if most is None or least <= most:
            yield Count(operation, least, most), first
            continue
        diagnostics.add(
            "NAS509",
            f"no number of edges with `{operation}` is at least {least} and at most {most}",
            others[0],
            notes=[Note("the other bound is here", first)],
            help="change one of them",
        )
