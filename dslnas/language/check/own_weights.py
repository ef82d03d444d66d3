"""Operations whose weights are a part of the architecture: `searched(f)`, and `fixed(f, (...))`.

Those of the first are trained by the optimiser of alpha while an architecture is searched. What is
derived has the second in its place, with the weights as they were found: they train no more.
"""

from __future__ import annotations

from dataclasses import dataclass

from dslnas.diagnostics import Diagnostics
from dslnas.language.check.bind import bind
from dslnas.language.check.constants import BodyScope, evaluate
from dslnas.language.syntax import ast

SEARCHED, FIXED = "searched", "fixed"


@dataclass(frozen=True)
class Owned:
    """An operation as it is written inside, and whose its weights are."""

    operation: ast.Expression
    is_searched: bool = False
    weights: tuple[float, ...] = ()

    @property
    def is_plain(self) -> bool:
        """Whether its weights are those of the network, as usual."""
        return not self.is_searched and not self.weights


def operation_in(function: ast.Expression) -> ast.Expression:
    """Return the operation that is written inside of `searched` or `fixed`, else itself."""
    match function:
        case ast.Call(
            function=ast.Name(text="searched" | "fixed"),
            arguments=(ast.Argument(name=None, value=operation), *_),
        ):
            return operation
    return function


def weights_of_its_own(
    function: ast.Expression, scope: BodyScope, diagnostics: Diagnostics
) -> Owned | None:
    """Return what is applied to a value, None if something is wrong with it.

    Records NAS208 for wrong arguments, NAS503 for weights that are no numbers.
    """
    match function:
        case ast.Call(function=ast.Name(text="searched") as name, arguments=arguments):
            with diagnostics.collecting():
                bound = bind(name, arguments, {"operation": True})
                return Owned(bound["operation"], is_searched=True)
            return None
        case ast.Call(function=ast.Name(text="fixed") as name, arguments=arguments):
            with diagnostics.collecting():
                bound = bind(name, arguments, {"operation": True, "weights": True})
                found = evaluate(bound["weights"], scope)
                numbers = found if isinstance(found, tuple) else (found,)
                weights = tuple(float(n) for n in numbers if not isinstance(n, tuple | bool))
                return Owned(bound["operation"], weights=weights)
            return None
    return Owned(function)


def with_weights(line: str, operation: str, weights: tuple[float, ...]) -> str:
    """Return the line of a value in which the weights of an operation are given."""
    numbers = ", ".join(map(repr, weights))
    return line.replace(f"{SEARCHED}({operation})", f"{FIXED}({operation}, ({numbers}))", 1)
