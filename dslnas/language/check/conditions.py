"""Conditions of the variants of operations: `when stride 2`, `when C_in = C and stride 1`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import eq, ge, gt, le, lt

from dslnas.language.check.constants import BodyScope, number_of
from dslnas.language.syntax import ast

_SIGNS: Mapping[str, Callable[[float, float], bool]] = {
    "=": eq,
    "<": lt,
    "<=": le,
    ">": gt,
    ">=": ge,
}


def holds(
    condition: ast.Condition | ast.Comparison, scope: BodyScope, stride: int, *, derived: bool
) -> bool:
    """Whether a condition holds at a place.

    Args:
        condition: The condition.
        scope: Names of the body.
        stride: Stride of the place.
        derived: Whether the network is the one that is derived.

    Raises:
        UserError: NAS203 or NAS503 for what is no number.
    """
    if isinstance(condition, ast.Comparison):
        left, right = number_of(condition.left, scope), number_of(condition.right, scope)
        return _SIGNS[condition.operator](left, right)
    if condition.name.text == "stride":
        return condition.number is not None and condition.number.value == stride
    return derived == (condition.name.text == "derived")
