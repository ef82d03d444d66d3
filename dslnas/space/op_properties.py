"""Properties of operations: zeros, identities, convolutions, whatever their names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

from dslnas.language.check.cell import Operation
from dslnas.language.check.operations import called, repeated
from dslnas.language.syntax import ast
from dslnas.ops.catalogue import LANGUAGE, has_trait
from dslnas.ops.traits import Trait


class OpProperties:
    """Tells from the definitions of operations what they are; arguments play no part.

    Identities and convolutions are judged at stride 1 of a derived cell: `skip_connect` is an
    identity, though it must be something else where the size is reduced.
    """

    def __init__(self, definitions: Mapping[str, ast.OpDef]) -> None:
        self._definitions = definitions
        self._primitives = cache(self._made_of)
        self._constant = cache(self._is_constant)

    def told(self, operation: Operation) -> Operation:
        """Return an operation that says what it is."""
        primitives = self._primitives(operation.name)
        return replace(
            operation,
            is_zero=self._is_zero(operation.name),
            is_constant=self._constant(operation.name),
            is_identity=primitives == {"identity"},
            is_convolution="conv" in primitives,
        )

    def _is_zero(self, name: str) -> bool:
        """Whether an operation is nothing but the primitive `zero`, at every stride."""
        while name in self._definitions:
            call = called(self._definitions[name].body)
            if self._definitions[name].variants or call is None:
                return False
            name = call[0].text
        return has_trait(name, Trait.ZERO)

    def _is_constant(self, name: str) -> bool:
        """Whether an operation gives the same whatever it reads, at stride 1 of a derived cell."""
        if name in self._definitions:
            return self._is_constant_body(_body(self._definitions[name]))
        return has_trait(name, Trait.ZERO)

    def _is_constant_body(self, body: ast.Expression) -> bool:
        if isinstance(body, ast.Chain):
            return any(map(self._is_constant_body, body.stages))
        repetition = repeated(body)
        if repetition is not None:
            return self._is_constant_body(repetition[1])
        name, arguments = _called(body)
        if name in self._definitions or not LANGUAGE[name].joins:
            return self._constant(name)
        branches = [self._is_constant_body(argument.value) for argument in arguments]
        return any(branches) if has_trait(name, Trait.MULTILINEAR) else all(branches)

    def _made_of(self, name: str) -> frozenset[str]:
        """Return the primitives that an operation is made of, at stride 1 of a derived cell."""
        if name not in self._definitions:
            return frozenset({name})
        return self._of_body(_body(self._definitions[name]))

    def _of_body(self, body: ast.Expression) -> frozenset[str]:
        if isinstance(body, ast.Chain):
            return frozenset[str]().union(*(self._of_body(stage) for stage in body.stages))
        repetition = repeated(body)
        if repetition is not None:
            return self._of_body(repetition[1])
        name, arguments = _called(body)
        found = self._primitives(name)
        if name not in self._definitions and LANGUAGE[name].joins:
            found = found.union(*(self._of_body(argument.value) for argument in arguments))
        return found


def _called(body: ast.Expression) -> tuple[str, tuple[ast.Argument, ...]]:
    call = called(body)
    assert call is not None, "checked by check_body"
    return call[0].text, call[1]


def _body(definition: ast.OpDef) -> ast.Expression:
    """Return what an operation is at stride 1 of a derived cell: see dslnas.graph.lower.expand."""
    for variant in definition.variants:
        at_stride_1 = variant.number is not None and variant.number.value == 1
        if variant.condition.text == "derived" or at_stride_1:
            return variant.body
    return definition.body
