"""`require` of `derive`: what the derived network may cost."""

from __future__ import annotations

from math import ceil
from typing import get_args

from dslnas.diagnostics import Diagnostics, UserError, suggestion, user_error
from dslnas.language.check.comparisons import comparisons, given_twice
from dslnas.language.check.constants import Scope, number_of
from dslnas.language.syntax import ast
from dslnas.settings.rule import Limit, Quantity
from dslnas.settings.sections import DERIVE_EXPRESSIONS
from dslnas.source import Span

QUANTITIES: tuple[Quantity, ...] = get_args(Quantity)


def check_limits(
    setting: ast.Setting | None, constants: Scope, diagnostics: Diagnostics
) -> tuple[Limit, ...]:
    """Return the limits of the network.

    Records NAS201 for an unknown quantity, NAS502 for a bound that is none, NAS504 for a quantity
    that is limited twice.
    """
    limits: dict[Quantity, Limit] = {}
    places: dict[Quantity, Span] = {}
    for comparison in comparisons(setting, "params < 4M", diagnostics):
        try:
            quantity = _quantity(comparison)
            limit = Limit(quantity, _most(quantity, comparison, constants))
        except UserError as error:
            diagnostics.extend(error)
            continue
        if quantity in limits:
            given_twice(f"`{quantity}` is limited twice", comparison, places[quantity], diagnostics)
        limits.setdefault(quantity, limit)
        places.setdefault(quantity, comparison.span)
    return tuple(limits.values())


def _quantity(comparison: ast.Comparison) -> Quantity:
    """Return what is limited."""
    left = comparison.left
    quantity = next((q for q in QUANTITIES if left == ast.Name(q, span=left.span)), None)
    if quantity is None:
        raise user_error(
            "NAS201",
            f"unknown quantity `{left.span.brief}`",
            span=left.span,
            help=suggestion(left.span.brief, QUANTITIES),
        )
    if comparison.operator in (">", ">="):
        raise user_error(
            "NAS502",
            f"`{quantity}` can only be limited from above",
            span=comparison.span,
            help="`require` keeps the network cheap, and a lower limit would make it costly: "
            f"write `{quantity} < {comparison.right.span.brief}`",
        )
    return quantity


def _most(quantity: Quantity, comparison: ast.Comparison, constants: Scope) -> float:
    """Return the largest value that a limit allows."""
    right = comparison.right
    most = number_of(right, constants)
    if isinstance(right, ast.Number):
        _check_unit(quantity, right)
    # Weights and multiply-adds are counted; a time is measured and never quite the limit.
    if comparison.operator == "<" and quantity != "latency":
        most = ceil(most) - 1
    if most <= 0:
        raise user_error(
            "NAS502",
            f"no network has `{comparison.span.brief}`",
            span=comparison.span,
            help=f"`require`: {DERIVE_EXPRESSIONS['require']}",
        )
    return float(most)


def _check_unit(quantity: Quantity, number: ast.Number) -> None:
    """Check that a number is a time where the latency is limited, and none elsewhere."""
    is_time = number.text.endswith("s")  # `s`, `ms` and `us`; no other unit does
    if quantity == "latency" and not is_time:
        raise user_error(
            "NAS502",
            f"`latency` is a time, not {number.text}",
            span=number.span,
            help="write it in `ms`, `us` or `s`, as in `latency < 5ms`",
        )
    if quantity != "latency" and is_time:
        raise user_error(
            "NAS502",
            f"`{quantity}` is no time such as {number.text}",
            span=number.span,
            help=f"write it as in `{quantity} < 4M`",
        )
