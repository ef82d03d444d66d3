"""Properties of operations: zeros, identities, convolutions, whatever their names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import TypeAlias, TypeVar

from dslnas.diagnostics import user_error
from dslnas.edits import Advice, Edit
from dslnas.language.check.calls import called, is_operand, repeated
from dslnas.language.check.cell import Operation
from dslnas.language.check.conditions import holds
from dslnas.language.link.definitions import Definitions
from dslnas.language.syntax import ast
from dslnas.ops.catalogue import LANGUAGE, has_trait
from dslnas.ops.traits import Trait

_Value = TypeVar("_Value")
Passed: TypeAlias = tuple[tuple[str, _Value], ...]
"""Facts about the operations that are passed to another one, by parameter."""


class OpProperties:
    """Tells from the definitions of operations what they are; numbers play no part.

    Identities and convolutions are judged at stride 1 of a derived cell: `skip_connect` is an
    identity, though it must be something else where the size is reduced. Where sizes decide what an
    operation is, it is what holds for all it may be.
    """

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions
        self._primitives = cache(self._made_of)
        self._constant = cache(self._is_constant)
        self._facts = cache(self._facts_of)

    def told(self, operation: Operation) -> Operation:
        """Return an operation that says what it is; of one with variants the first of them says.

        Raises:
            UserError: NAS317 if some variants give the same whatever they read, and some do not.
        """
        if operation.variants:
            variants = tuple(map(self.told, operation.variants))
            first = variants[0]
            if any(variant.is_constant != first.is_constant for variant in variants):
                raise user_error(
                    "NAS317",
                    f"`{operation.text}` may give zeros or not, by a choice inside of it",
                    span=operation.span,
                    help=Advice(
                        "let the one that gives zeros be a candidate of its own",
                        edits=_apart(operation),
                    ),
                )
            return replace(
                operation,
                variants=variants,
                is_zero=first.is_zero,
                is_constant=first.is_constant,
                is_identity=all(variant.is_identity for variant in variants),
                is_convolution=any(variant.is_convolution for variant in variants),
            )
        is_constant, primitives = self._facts(operation.name)
        return replace(
            operation,
            is_zero=self._is_zero(operation.name),
            is_constant=is_constant,
            is_identity=primitives == {"identity"},
            is_convolution="conv" in primitives,
        )

    def _facts_of(self, name: str) -> tuple[bool, frozenset[str]]:
        """Return whether an operation is constant, and its primitives, where nothing is passed."""
        is_constant = self._constant(name, self._passed(name, (), {}, self._is_constant_body))
        return is_constant, self._primitives(name, self._passed(name, (), {}, self._of_body))

    def _is_zero(self, name: str) -> bool:
        """Whether an operation is nothing but the primitive `zero`, at every stride."""
        while name in self._definitions:
            call = called(self._definitions[name].body)
            if self._definitions[name].variants or call is None:
                return False
            name = call[0].text
        return has_trait(name, Trait.ZERO)

    def _is_constant(self, name: str, passed: Passed[bool] = ()) -> bool:
        """Whether an operation gives the same whatever it reads, at stride 1 of a derived cell."""
        if name not in self._definitions:
            return has_trait(name, Trait.ZERO)
        bodies = _bodies(self._definitions[name])
        return all([self._is_constant_body(body, dict(passed)) for body in bodies])

    def _is_constant_body(self, body: ast.Expression, known: Mapping[str, bool]) -> bool:
        if isinstance(body, ast.Chain):
            return any([self._is_constant_body(stage, known) for stage in body.stages])
        repetition = repeated(body)
        if repetition is not None:
            return self._is_constant_body(repetition[1], known)
        name, arguments = _called(body)
        if name in known:
            return known[name]
        if is_operand(name, self._definitions):
            return False
        if name in self._definitions or not LANGUAGE[name].joins:
            passed = self._passed(name, arguments, known, self._is_constant_body)
            return self._constant(name, passed)
        branches = [self._is_constant_body(argument.value, known) for argument in arguments]
        if not branches:  # what it joins is read
            return False
        return any(branches) if has_trait(name, Trait.MULTILINEAR) else all(branches)

    def _made_of(self, name: str, passed: Passed[frozenset[str]] = ()) -> frozenset[str]:
        """Return the primitives that an operation is made of, at stride 1 of a derived cell."""
        if name not in self._definitions:
            return frozenset({name})
        return self._of_bodies([*_bodies(self._definitions[name])], dict(passed))

    def _of_bodies(
        self, bodies: Sequence[ast.Expression], known: Mapping[str, frozenset[str]]
    ) -> frozenset[str]:
        return frozenset[str]().union(*(self._of_body(body, known) for body in bodies))

    def _of_body(self, body: ast.Expression, known: Mapping[str, frozenset[str]]) -> frozenset[str]:
        if isinstance(body, ast.Chain):
            return self._of_bodies(body.stages, known)
        repetition = repeated(body)
        if repetition is not None:
            return self._of_body(repetition[1], known)
        name, arguments = _called(body)
        if name in known or is_operand(name, self._definitions):
            found = known.get(name, frozenset({name}))
            return found | self._of_bodies(
                [argument.value for argument in arguments if name in known], known
            )
        found = self._primitives(name, self._passed(name, arguments, known, self._of_body))
        if name not in self._definitions and LANGUAGE[name].joins:
            found |= self._of_bodies([argument.value for argument in arguments], known)
        return found

    def _passed(
        self,
        name: str,
        arguments: Sequence[ast.Argument],
        known: Mapping[str, _Value],
        read: Callable[[ast.Expression, Mapping[str, _Value]], _Value],
    ) -> Passed[_Value]:
        """Return what is known of the operations that a call passes, or that are the defaults."""
        passed = self._definitions.passed(name, arguments)
        return tuple((key, read(value, known)) for key, value in passed.items())


def _called(body: ast.Expression) -> tuple[str, tuple[ast.Argument, ...]]:
    call = called(body)
    assert call is not None, "checked by check_body"
    return call[0].text, call[1]


def _bodies(definition: ast.OpDef) -> Iterator[ast.Expression]:
    """Yield what an operation may be at stride 1 of a derived cell.

    It is one body, but where sizes decide: see `dslnas.graph.lower.expand`.
    """
    for variant in definition.variants:
        known = [c for c in variant.conditions if isinstance(c, ast.Condition)]
        if all(holds(condition, {}, 1, derived=True) for condition in known):
            yield variant.body
            if len(known) == len(variant.conditions):
                return
    yield definition.body


def _apart(operation: Operation) -> tuple[Edit, ...]:
    """Return the edit that writes each of two forms of an operation as a candidate of its own.

    It is for an operation that stands among candidates; more forms would lose their choice inside.
    """
    span = operation.span
    if span is None or len(operation.variants) != 2:
        return ()
    before, behind = span.source.text[: span.start].rstrip(), span.source.text[span.end :].lstrip()
    if before[-1:] not in ("{", ",") or behind[:1] not in ("}", ","):
        return ()
    return (Edit(span, ", ".join(variant.text for variant in operation.variants)),)
