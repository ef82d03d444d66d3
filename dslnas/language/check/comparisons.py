"""Settings of `derive` that are comparisons: counts of operations, and limits of the network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import ceil
from typing import TypeAlias, get_args

from dslnas.diagnostics import Note, user_error
from dslnas.edits import Advice, Edit, removal
from dslnas.language.check.bind_calls import shown
from dslnas.language.check.cell import Cell
from dslnas.language.check.constants import number_of
from dslnas.language.check.context import Context
from dslnas.language.check.operations import resolve
from dslnas.language.print.format import format_operation
from dslnas.language.syntax import ast
from dslnas.language.syntax.numbers import behind_comma_help
from dslnas.language.syntax.tokens import MIRRORED
from dslnas.settings.rule import Count, Limit, Quantity
from dslnas.settings.sections import DeriveSettings
from dslnas.source import Span
from dslnas.spelling import suggestion

QUANTITIES: tuple[Quantity, ...] = get_args(Quantity)

_Bound: TypeAlias = tuple[int, Span]
"""One end of a range, and where it is written."""


def check_counts(context: Context, cells: Mapping[str, Cell]) -> dict[Count, Span]:
    """Return the counts of operations, each with the place of its first bound.

    Records NAS201, NAS208 and NAS304 for what is no operation, NAS502 for what is no number of
    edges, NAS504 for a bound that is given twice, NAS509 for what no cell offers or no number is.
    """
    bounds: dict[str, dict[str, _Bound]] = {}
    for comparison in _comparisons("count", "skip_connect <= 2", context):
        with context.diagnostics.collecting():
            operation = _counted(comparison.left, context, cells)
            value = _edges(comparison, context)
            ends = bounds.setdefault(operation, {})
            which = "upper" if comparison.operator in ("<", "<=") else "lower"
            if which in ends:
                message = f"`{operation}` has two {which} bounds"
                looser = _looser(which, (value, comparison.span), ends[which])
                edits = (removal(looser),)
                context.diagnostics.add_twice(message, comparison.span, ends[which][1], edits)
            ends.setdefault(which, (value, comparison.span))
    return dict(_ranges(bounds, context))


def _looser(which: str, one: _Bound, other: _Bound) -> Span:
    """Return where the bound is written that follows from the other one."""
    first, second = sorted((one, other), key=lambda bound: bound[0])
    return second[1] if which == "upper" else first[1]


def check_limits(context: Context) -> tuple[Limit, ...]:
    """Return the limits of the network.

    Records NAS201 for an unknown quantity, NAS502 for a bound that is none, NAS504 for a quantity
    that is limited twice.
    """
    limits: dict[Quantity, Limit] = {}
    places: dict[Quantity, Span] = {}
    for comparison in _comparisons("require", "params < 4M", context):
        with context.diagnostics.collecting():
            quantity = _quantity(comparison)
            limit = Limit(quantity, _most(quantity, comparison, context))
            if quantity in limits:
                message = f"`{quantity}` is limited twice"
                is_looser = limit.most >= limits[quantity].most
                looser = comparison.span if is_looser else places[quantity]
                edits = (removal(looser),)
                context.diagnostics.add_twice(message, comparison.span, places[quantity], edits)
            limits.setdefault(quantity, limit)
            places.setdefault(quantity, comparison.span)
    return tuple(limits.values())


def _comparisons(key: str, example: str, context: Context) -> Iterator[ast.Comparison]:
    """Yield the comparisons of a setting; `none`, alone, stands for no comparison.

    Records NAS502 for values that are something else, or that start with the number.
    """
    setting = context.linked.given("derive").get(key)
    values = () if setting is None else setting.values
    if len(values) == 1 and isinstance(values[0], ast.Name) and values[0].text == "none":
        return
    for value in values:
        match value:
            case ast.Comparison(left=ast.Number() as left, operator=operator, right=right):
                message = f"a comparison starts with what is compared, found `{left.text}`"
                turned = f"{right.span.text} {MIRRORED[operator]} {left.text}"
                mirrored = Advice(f"write `{turned}`", edits=(Edit(value.span, turned),))
                context.diagnostics.add("NAS502", message, left.span, help=mirrored)
            case ast.Comparison():
                yield value
            case _:
                message = f"`{key}` takes comparisons, found `{value.span.brief}`"
                help = behind_comma_help(value.span) or f"write them as in `{example}`"
                context.diagnostics.add("NAS502", message, value.span, help=help)


# ---- counts -------------------------------------------------------------------------------------


def _counted(left: ast.Expression, context: Context, cells: Mapping[str, Cell]) -> str:
    """Return the text of the operation that is counted."""
    if isinstance(left, ast.Name) and left.text in context.linked.sets:
        message = f"`{left.text}` is a set of operations, and each is counted alone"
        raise user_error("NAS304", message, span=left.span, help="name one operation")
    edges = [edge for cell in cells.values() for edge in cell.edges]
    operations = [operation for edge in edges for operation in edge.operations]
    offered = {operation.text for operation in operations}
    written = format_operation(left)
    if any(one.inner and one.text == written for one in operations):
        return written
    operation = resolve(left, context).text
    whole = next((o.text for o in operations if operation in [v.text for v in o.variants]), None)
    if operation not in offered and whole is not None:
        message = f"`{operation}` is chosen inside of `{whole}`, which is counted as one operation"
        counted = Advice(f"write `{whole}`", whole, safe=False)
        raise user_error("NAS509", message, span=left.span, help=counted)
    is_searched = any(len(edge.operations) > 1 for edge in edges)
    if is_searched and operation not in offered:
        message = f"no cell offers `{operation}`, so there is nothing to count"
        help = suggestion(operation, offered)
        raise user_error("NAS509", message, span=left.span, help=help)
    return operation


def _edges(comparison: ast.Comparison, context: Context) -> int:
    """Return the smallest or largest number of edges that a comparison allows."""
    right = comparison.right
    number = number_of(right, context.constants)
    help = f"`count`: {DeriveSettings.expressions['count']}"
    if not isinstance(number, int) or number < 0:
        message = f"`count` takes whole numbers of at least 0, not {shown(right, number)}"
        raise user_error("NAS502", message, span=right.span, help=help)
    if comparison.operator == "<" and number == 0:
        raise user_error("NAS502", "no count is less than 0", span=comparison.span, help=help)
    return number + {"<": -1, ">": 1}.get(comparison.operator, 0)


def _ranges(
    bounds: Mapping[str, Mapping[str, _Bound]], context: Context
) -> Iterator[tuple[Count, Span]]:
    """Yield a count for every operation that has a bound."""
    for operation, ends in bounds.items():
        least = ends["lower"][0] if "lower" in ends else 0
        most = ends["upper"][0] if "upper" in ends else None
        first, *others = (span for _, span in ends.values())
        if most is None or least <= most:
            yield Count(operation, least, most), first
            continue
        context.diagnostics.add(
            "NAS509",
            f"no number of edges with `{operation}` is at least {least} and at most {most}",
            others[0],
            notes=[Note("the other bound is here", first)],
            help="change one of them",
        )


# ---- limits -------------------------------------------------------------------------------------


def _quantity(comparison: ast.Comparison) -> Quantity:
    """Return what is limited."""
    left, written = comparison.left, comparison.left.span.brief
    quantity = next((q for q in QUANTITIES if left == ast.Name(q, span=left.span)), None)
    if quantity is None:
        message, help = f"unknown quantity `{written}`", suggestion(written, QUANTITIES)
        raise user_error("NAS201", message, span=left.span, help=help)
    if comparison.operator in (">", ">="):
        raise user_error(
            "NAS502",
            f"`{quantity}` can only be limited from above",
            span=comparison.span,
            help="`require` keeps the network cheap, and a lower limit would make it costly: "
            f"write `{quantity} < {comparison.right.span.brief}`",
        )
    return quantity


def _most(quantity: Quantity, comparison: ast.Comparison, context: Context) -> float:
    """Return the largest value that a limit allows."""
    right = comparison.right
    most = number_of(right, context.constants)
    if isinstance(right, ast.Number):
        _check_unit(quantity, right)
    # Weights and multiply-adds are counted; a time is measured and never quite the limit.
    if comparison.operator == "<" and quantity != "latency":
        most = ceil(most) - 1
    if most <= 0:
        message = f"no network has `{comparison.span.brief}`"
        help = f"`require`: {DeriveSettings.expressions['require']}"
        raise user_error("NAS502", message, span=comparison.span, help=help)
    return float(most)


def _check_unit(quantity: Quantity, number: ast.Number) -> None:
    """Check that a number is a time where the latency is limited, and none elsewhere."""
    is_time = number.text.endswith("s")  # `s`, `ms` and `us`; no other unit does
    if is_time == (quantity == "latency"):
        return
    message = f"`{quantity}` is no time such as {number.text}"
    help = f"write it as in `{quantity} < 4M`"
    if quantity == "latency":
        message = f"`latency` is a time, not {number.text}"
        help = "write it in `ms`, `us` or `s`, as in `latency < 5ms`"
    raise user_error("NAS502", message, span=number.span, help=help)
